/* memmap: in calls of heap_caps_malloc's kind with file, line and function, out the same memory, told, and listed on the device. The names are those of an older
 * tool, so that firmware that was written for that one need not change.
 *
 * TRACE_MALLOC(100, caps) may be told the name of the variable: TRACE_MALLOC(100, caps, buffer). Where a call has none, "not given" stands in the list.
 * Compiled out they are the plain calls: heap_caps_malloc and its like under ESP-IDF, else malloc and its like. */
#ifndef HEAPTRACER_MEMMAP_H
#define HEAPTRACER_MEMMAP_H

#include "heaptracer.h"

#if defined(ESP_PLATFORM)
#include <esp_heap_caps.h>
#define HT_CAPS_MALLOC_(bytes, caps) heap_caps_malloc(bytes, caps)
#define HT_CAPS_CALLOC_(count, bytes, caps) heap_caps_calloc(count, bytes, caps)
#define HT_CAPS_REALLOC_(block, bytes, caps) heap_caps_realloc(block, bytes, caps)
#define HT_CAPS_FREE_(block) heap_caps_free(block)
#else
#define HT_CAPS_MALLOC_(bytes, caps) malloc(bytes)
#define HT_CAPS_CALLOC_(count, bytes, caps) calloc(count, bytes)
#define HT_CAPS_REALLOC_(block, bytes, caps) realloc(block, bytes)
#define HT_CAPS_FREE_(block) free(block)
#endif

/* A word for what TRACE_MALLOC and its like were given behind their own words. */
#define HT_NAME_(none, name, ...) #name

#if HT_ENABLED && HT_FIRMWARE

#ifdef __cplusplus
extern "C" {
#endif

/* Off: the calls below are the plain ones. On from the start; ht_start decides the rest. */
extern bool debug_track_allocation;

typedef struct MemoryTraceInfo {
    const char *file;
    int line;
    const char *function;
    size_t size;
    const char *method; /* "heap_caps_malloc" and its like */
    uint32_t caps;
    int failure;
    void *address;
    const char *var_name;
} MemoryTraceInfo;

/* With places that are known at run time only; HT_PLACES different ones (16) keep theirs. */
void *traceable_heap_caps_malloc(size_t size, uint32_t caps, const char *file, int line, const char *function);
void *traceable_heap_caps_calloc(size_t n, size_t size, uint32_t caps, const char *file, int line, const char *function);
void *traceable_heap_caps_realloc(void *ptr, size_t size, uint32_t caps, const char *file, int line, const char *function);
/* What somebody else's allocator gave out. */
void register_allocation(MemoryTraceInfo info);
void unregister_allocation(void *ptr);
/* Its bytes become 0 (as many as are known), it is freed, and *ptr is NULL. */
void free_unregister_allocation(void **ptr);
/* A failed request, or a line about any block: printed, and told to the host if it failed. */
void log_memory_allocation(MemoryTraceInfo info);
void list_allocations(void);
void print_memory_info(const char *tag);

#ifdef __cplusplus
}
#endif

#define HT_TRACED_(name, call, ...)                                                                                                                           \
    __extension__({                                                                                                                                           \
        static struct ht_source_told ht_told_;                                                                                                                \
        static const struct ht_source ht_source_ = {__FILE__, __func__, sizeof(name) > 1 ? name : 0, &ht_told_, __LINE__};                                    \
        call(&ht_source_, __VA_ARGS__);                                                                                                                       \
    })
void *ht_traced_malloc(const struct ht_source *source, size_t size, uint32_t caps);
void *ht_traced_calloc(const struct ht_source *source, size_t n, size_t size, uint32_t caps);
void *ht_traced_realloc(const struct ht_source *source, void *ptr, size_t size, uint32_t caps);
#define TRACE_MALLOC(size, caps, ...) HT_TRACED_(HT_NAME_(none, ##__VA_ARGS__, ), ht_traced_malloc, size, caps)
#define TRACE_CALLOC(n, size, caps, ...) HT_TRACED_(HT_NAME_(none, ##__VA_ARGS__, ), ht_traced_calloc, n, size, caps)
#define TRACE_REALLOC(ptr, size, caps, ...) HT_TRACED_(HT_NAME_(none, ##__VA_ARGS__, ), ht_traced_realloc, ptr, size, caps)

#else

#include <stdlib.h>

#define TRACE_MALLOC(size, caps, ...) HT_CAPS_MALLOC_(size, caps)
#define TRACE_CALLOC(n, size, caps, ...) HT_CAPS_CALLOC_(n, size, caps)
#define TRACE_REALLOC(ptr, size, caps, ...) HT_CAPS_REALLOC_(ptr, size, caps)
#define traceable_heap_caps_malloc(size, caps, file, line, function) HT_CAPS_MALLOC_(size, caps)
#define traceable_heap_caps_calloc(n, size, caps, file, line, function) HT_CAPS_CALLOC_(n, size, caps)
#define traceable_heap_caps_realloc(ptr, size, caps, file, line, function) HT_CAPS_REALLOC_(ptr, size, caps)
#define free_unregister_allocation(ptr) (HT_CAPS_FREE_(*(ptr)), (void)(*(ptr) = NULL))
#define unregister_allocation(ptr) ((void)0)
#define list_allocations() ((void)0)
#define print_memory_info(tag) ((void)0)

#endif

#endif
