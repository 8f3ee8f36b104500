/* esp_heap_caps: capabilities are bits; the failed callback has size, bits and a name; and the hooks are weak here. */
#ifndef STUB_ESP_IDF_ESP_HEAP_CAPS_H
#define STUB_ESP_IDF_ESP_HEAP_CAPS_H

#include <stddef.h>
#include <stdint.h>

#define MALLOC_CAP_8BIT (1 << 2)
#define MALLOC_CAP_SPIRAM (1 << 10)
#define MALLOC_CAP_INTERNAL (1 << 11)
#define MALLOC_CAP_DEFAULT (1 << 12)
typedef struct {
    size_t total_free_bytes, total_allocated_bytes, largest_free_block, minimum_free_bytes, allocated_blocks, free_blocks, total_blocks;
} multi_heap_info_t;
typedef void (*esp_alloc_failed_hook_t)(size_t bytes, uint32_t caps, const char *function);
__attribute__((weak)) void esp_heap_trace_alloc_hook(void *block, size_t bytes, uint32_t caps);
__attribute__((weak)) void esp_heap_trace_free_hook(void *block);
int heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback);
void *heap_caps_malloc(size_t bytes, uint32_t caps);
void *heap_caps_realloc(void *block, size_t bytes, uint32_t caps);
void heap_caps_free(void *block);
size_t heap_caps_get_total_size(uint32_t caps);
void heap_caps_get_info(multi_heap_info_t *info, uint32_t caps);

#endif
