/* memmap: in calls of heap_caps_malloc's kind with file, line and function, out the same memory, told, and listed on the device. */
#include <heaptracer/memmap.h>

#include "core.h"
#include "live_table.h"
#include "text.h"

#if HT_WITH_REPORT

#ifndef HT_PLACES
#define HT_PLACES 16
#endif

bool debug_track_allocation = true;

/* Places that are known at run time only. What is in one never changes: blocks point to it. */
static struct ht_source places[HT_PLACES];
static struct ht_source_told places_told[HT_PLACES];

static const struct ht_source *place_of(const char *file, int line, const char *function, const char *variable)
{
    ht_lock before = ht_port_lock();
    const struct ht_source *found = NULL;
    for (uint8_t i = 0; i < HT_PLACES && !found; i++) {
        struct ht_source *place = &places[i];
        if (!place->told)
            *place = (struct ht_source){file, function, variable, &places_told[i], (uint16_t)line};
        if (place->line == (uint16_t)line && place->file == file && place->variable == variable)
            found = place;
    }
    ht_port_unlock(before);
    return found;
}

static void log_failure(const struct ht_source *source, const char *method, size_t size, uint32_t caps)
{
    log_memory_allocation((MemoryTraceInfo){source ? source->file : "", source ? source->line : 0, source ? source->function : "", size, method, caps, 1, NULL,
                                            source ? source->variable : NULL});
}

static void *malloc_from(const struct ht_site *site, size_t size)
{
    void *block = debug_track_allocation ? ht_malloc_from(site, size) : ht_port_malloc(size, site->caps);
    if (!block)
        log_failure(site->source, "heap_caps_malloc", size, site->caps);
    return block;
}

static void *calloc_from(const struct ht_site *site, size_t n, size_t size)
{
    void *block = debug_track_allocation ? ht_calloc_from(site, n, size) : n && size > SIZE_MAX / n ? NULL : ht_port_malloc(n * size, site->caps);
    if (!block)
        log_failure(site->source, "heap_caps_calloc", n * size, site->caps);
    return block && !debug_track_allocation ? __builtin_memset(block, 0, n * size) : block;
}

/* A block that was allocated while tracking was on must be resized by the tracer, which knows its guard bands, and one that it does not know it lets pass. */
static void *realloc_from(const struct ht_site *site, void *ptr, size_t size)
{
    void *block = ht_realloc_from(site, ptr, size);
    if (!block && size)
        log_failure(site->source, "heap_caps_realloc", size, site->caps);
    return block;
}

HT_HOOK void *ht_traced_malloc(const struct ht_source *source, size_t size, uint32_t caps)
{
    const struct ht_site site = {HT_HERE, source, caps};
    return malloc_from(&site, size);
}

HT_HOOK void *ht_traced_calloc(const struct ht_source *source, size_t n, size_t size, uint32_t caps)
{
    const struct ht_site site = {HT_HERE, source, caps};
    return calloc_from(&site, n, size);
}

HT_HOOK void *ht_traced_realloc(const struct ht_source *source, void *ptr, size_t size, uint32_t caps)
{
    const struct ht_site site = {HT_HERE, source, caps};
    return realloc_from(&site, ptr, size);
}

HT_HOOK void *traceable_heap_caps_malloc(size_t size, uint32_t caps, const char *file, int line, const char *function)
{
    const struct ht_site site = {HT_HERE, place_of(file, line, function, NULL), caps};
    return malloc_from(&site, size);
}

HT_HOOK void *traceable_heap_caps_calloc(size_t n, size_t size, uint32_t caps, const char *file, int line, const char *function)
{
    const struct ht_site site = {HT_HERE, place_of(file, line, function, NULL), caps};
    return calloc_from(&site, n, size);
}

HT_HOOK void *traceable_heap_caps_realloc(void *ptr, size_t size, uint32_t caps, const char *file, int line, const char *function)
{
    const struct ht_site site = {HT_HERE, place_of(file, line, function, NULL), caps};
    return realloc_from(&site, ptr, size);
}

HT_HOOK void register_allocation(MemoryTraceInfo info)
{
    const struct ht_site site = {HT_HERE, place_of(info.file, info.line, info.function, info.var_name), info.caps};
    ht_on_alloc_from(&site, ht__heap_of(info.address), info.address, info.size, 0);
}

HT_HOOK void unregister_allocation(void *ptr)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_free_from(&site, ht__heap_of(ptr), ptr);
}

HT_HOOK void free_unregister_allocation(void **ptr)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    struct ht_live live = {0};
    const struct ht_live *found = NULL;
    ht_lock before = ht_port_lock();
    if (*ptr && ht__core.configured && core_keeps() && (found = ht__live_find((uintptr_t)*ptr)))
        live = *found;
    ht_port_unlock(before);
    if (live.address)
        __builtin_memset(*ptr, 0, live.size);
    ht_free_from(&site, *ptr);
    *ptr = NULL;
}

void log_memory_allocation(MemoryTraceInfo info)
{
    ht__text(ht_port_print, T_TRACER T_S " of " T_U T_BYTES T_S ", caps " T_X ", at " T_S ":" T_U " " T_S "\n", T_TEXT(info.method ? info.method : "allocation"), info.size,
             T_TEXT(info.failure ? " FAILED" : ""), info.caps, T_TEXT(info.file ? info.file : "?"), (uint32_t)info.line, T_TEXT(info.function ? info.function : "?"));
    if (info.failure)
        print_memory_info("after the failure");
}

void list_allocations(void)
{
    struct ht_live block = {0};
    uint32_t id = 0, count = 0;
    while (ht__core.configured && core_keeps() && ht__live_next(id, &block)) {
        const struct ht_source *source = block.source;
        ht__text(ht_port_print, "#" T_U " " T_X " caps " T_X " " T_U T_BYTES, ++count, block.address, source && source->told ? source->told->caps : 0,
                 block.size);
        if (source)
            ht__text(ht_port_print, " " T_PLACE, T_TEXT(source->file), source->line, T_TEXT(source->function),
                     T_TEXT(source->variable ? source->variable : ht__word(HT_WORD_NOT_GIVEN)));
        ht_port_print('\n');
        id = block.id;
    }
    ht__text(ht_port_print, T_U T_ALLOCATIONS " live\n", count);
}

void print_memory_info(const char *tag)
{
    struct ht_heap_use use;
    for (uint8_t heap = 0; heap < HT_HEAPS; heap++)
        if ((ht__core.kinds[heap] != HT_MEMORY_NONE || !heap) && ht__heap_use(heap, &use))
            ht__text(ht_port_print, T_S ": " T_S ": used " T_U "," T_FREE " " T_U ", largest" T_FREE " " T_U ", least" T_FREE " " T_U T_BYTES "\n", T_TEXT(tag),
                     T_TEXT(ht__core.heaps[heap].name ? ht__core.heaps[heap].name : "heap"), use.used, use.free, use.largest_free, use.least_free);
}

#endif
