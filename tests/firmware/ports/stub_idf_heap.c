/* stub_idf_heap: the facts: an allocation calls its hook behind success; a realloc within a heap calls only the hook of allocations; one between heaps both, new
 * before old; a free calls its hook behind the fact, with the data address of executable memory, which stands one word before the executable one. */
#include <stdio.h>
#include <string.h>

#include <esp_heap_caps.h>
#include <esp_memory_utils.h>
#include <esp_private/cache_utils.h>
#include <esp_rom_sys.h>
#include <esp_timer.h>
#include <freertos/task.h>

#include "stub_idf_heap.h"
#include "tests/firmware/told_log.h"

uintptr_t idf_internal[2][16], idf_external[16], idf_executable[16], idf_alias[16];
void *idf_next;
bool idf_cache_is_on = true;
BaseType_t stub_in_interrupt;
const uint8_t _flash_rodata_start[8192];
__asm__(".globl _rodata_end\n.set _rodata_end, _flash_rodata_start + 8192");
static struct stub_task first = {.name = "main"};
TaskHandle_t stub_running = &first;
static esp_alloc_failed_hook_t failed;

void *__wrap_heap_caps_malloc(size_t bytes, uint32_t caps);
void *__wrap_heap_caps_realloc(void *block, size_t bytes, uint32_t caps);
void *__wrap_heap_caps_realloc_base(void *block, size_t bytes, uint32_t caps);
void __wrap_heap_caps_free(void *block);
void __real_heap_caps_free(void *block);
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_memalign(size_t alignment, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **block, size_t alignment, size_t bytes);
void *__real_heap_caps_malloc(size_t bytes, uint32_t caps);
void *__real_heap_caps_calloc(size_t count, size_t bytes, uint32_t caps);
void *__real_heap_caps_realloc(void *block, size_t bytes, uint32_t caps);
void *__real_heap_caps_aligned_alloc(size_t alignment, size_t bytes, uint32_t caps);
void *__real_heap_caps_aligned_calloc(size_t alignment, size_t count, size_t bytes, uint32_t caps);
void *__real_pvPortMalloc(size_t bytes);
void *__real_heap_caps_realloc_base(void *block, size_t bytes, uint32_t caps);

static void *alloc_base(size_t bytes, uint32_t caps, const char *function)
{
    if (idf_next)
        esp_heap_trace_alloc_hook(idf_next, bytes, caps);
    else if (failed)
        failed(bytes, caps, function);
    return idf_next;
}

void *__real_malloc(size_t bytes) { return alloc_base(bytes, MALLOC_CAP_DEFAULT, "malloc"); }
void *__real_calloc(size_t count, size_t bytes) { return alloc_base(count * bytes, MALLOC_CAP_DEFAULT, "calloc"); }
void *__real_realloc(void *block, size_t bytes) { return __wrap_heap_caps_realloc_base(block, bytes, MALLOC_CAP_DEFAULT); }
void *__real_memalign(size_t alignment, size_t bytes) { return alloc_base(bytes + 0 * alignment, MALLOC_CAP_DEFAULT, "memalign"); }
void *__real_aligned_alloc(size_t alignment, size_t bytes) { return __real_memalign(alignment, bytes); }
int __real_posix_memalign(void **block, size_t alignment, size_t bytes) { return (*block = __real_memalign(alignment, bytes)) ? 0 : 12; }
void *__real_heap_caps_malloc(size_t bytes, uint32_t caps) { return alloc_base(bytes, caps, "heap_caps_malloc"); }
void *__real_heap_caps_calloc(size_t count, size_t bytes, uint32_t caps) { return alloc_base(count * bytes, caps, "heap_caps_calloc"); }
void *__real_heap_caps_realloc(void *block, size_t bytes, uint32_t caps) { return __wrap_heap_caps_realloc_base(block, bytes, caps); }
void *__real_heap_caps_aligned_alloc(size_t alignment, size_t bytes, uint32_t caps) { return alloc_base(bytes + 0 * alignment, caps, "aligned"); }
void *__real_heap_caps_aligned_calloc(size_t alignment, size_t count, size_t bytes, uint32_t caps) { return alloc_base(count * bytes + 0 * alignment, caps, "aligned"); }
void *__real_pvPortMalloc(size_t bytes) { return alloc_base(bytes, MALLOC_CAP_INTERNAL, "pvPortMalloc"); }

void *__real_heap_caps_realloc_base(void *block, size_t bytes, uint32_t caps)
{
    if (!block)
        return alloc_base(bytes, caps, "realloc");
    if (!idf_next)
        return NULL;
    esp_heap_trace_alloc_hook(idf_next, bytes, caps);
    if (esp_ptr_external_ram(idf_next) != esp_ptr_external_ram(block))
        esp_heap_trace_free_hook(block);
    return idf_next;
}

void __real_heap_caps_free(void *block)
{
    if (!block)
        return;
    log_say("really\n");
    esp_heap_trace_free_hook(esp_ptr_in_diram_iram(block) ? (void *)idf_alias : block);
}

/* The linker's work. */
void *heap_caps_malloc(size_t bytes, uint32_t caps) { return __wrap_heap_caps_malloc(bytes, caps); }
void *heap_caps_realloc(void *block, size_t bytes, uint32_t caps) { return __wrap_heap_caps_realloc(block, bytes, caps); }
void heap_caps_free(void *block) { __wrap_heap_caps_free(block); }

int heap_caps_register_failed_alloc_callback(esp_alloc_failed_hook_t callback)
{
    failed = callback;
    return 0;
}

size_t heap_caps_get_total_size(uint32_t caps) { return caps == MALLOC_CAP_SPIRAM ? 4096 : 1000; }

void heap_caps_get_info(multi_heap_info_t *info, uint32_t caps)
{
    *info = (multi_heap_info_t){.total_free_bytes = heap_caps_get_total_size(caps), .total_allocated_bytes = 1, .largest_free_block = 2};
}

static bool is_in(const void *p, const uintptr_t *block) { return (const uintptr_t *)p >= block && (const uintptr_t *)p < block + 16; }
bool esp_ptr_external_ram(const void *p) { return is_in(p, idf_external); }
bool esp_ptr_in_diram_iram(const void *p) { return is_in(p, idf_executable); }
bool esp_ptr_in_diram_dram(const void *p) { return is_in(p, idf_alias); }
bool spi_flash_cache_enabled(void) { return idf_cache_is_on; }
int esp_rom_printf(const char *format, ...) { return (int)strlen(format); }
int64_t esp_timer_get_time(void) { return 0; }
