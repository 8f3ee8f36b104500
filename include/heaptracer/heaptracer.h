/* heaptracer: for the watched program: start and stop, marks, heaps of its own, and allocations that carry file, line, function and variable.
 *
 * On Linux the program links nothing: each call looks for the runtime in the process once, and does nothing when the program runs without it. A firmware
 * (HT_FIRMWARE, 1 wherever there is no Linux) links the core and a port: firmware.h has what only it can do. With HT_ENABLED defined as 0 before this header,
 * all of it vanishes: HT_MALLOC is malloc, and nothing else leaves a byte.
 * Thread safety: any thread, any time; but for ht_counters, signal handlers too once the calling thread has made one call outside of one. */
#ifndef HEAPTRACER_HEAPTRACER_H
#define HEAPTRACER_HEAPTRACER_H

#include <stddef.h>
#include <stdint.h>

#ifndef HT_ENABLED
#define HT_ENABLED 1
#endif
#ifndef HT_FIRMWARE
#ifdef __linux__
#define HT_FIRMWARE 0
#else
#define HT_FIRMWARE 1
#endif
#endif
#if !HT_FIRMWARE || !HT_ENABLED
#include <stdlib.h>
#include <string.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if HT_FIRMWARE
typedef uint8_t ht_heap_id; /* 0: the heap of malloc */
#else
typedef uint32_t ht_heap_id;
#endif

enum ht_memory {
    HT_MEMORY_NONE,
    HT_MEMORY_RAM,
    HT_MEMORY_INTERNAL,
    HT_MEMORY_EXTERNAL, /* PSRAM and its like */
    HT_MEMORY_DMA,
    HT_MEMORY_ARENA,
    HT_MEMORY_POOL,
    HT_MEMORY_SHARED,
    HT_MEMORY_DEVICE,
    HT_MEMORY_RTC,
};

#if HT_FIRMWARE
struct ht_counters {
    uint32_t frames, bytes;     /* written to the sink */
    uint32_t lost_events;       /* the ring was full */
    uint32_t table_full;        /* blocks that the table has not */
    uint32_t cut_stacks;        /* events without their stack, for want of a slot */
    uint32_t refused;
    uint32_t unknown_frees;     /* of blocks that the table has not */
    uint32_t faults;
    uint32_t allocations;       /* since ht_start: the id of the last one */
    uint32_t live_bytes, live_blocks, peak_bytes; /* in the table */
    uint16_t reentered;         /* calls that came while the core was at work */
    uint16_t bad_controls;      /* control bytes that mean nothing */
    uint32_t recording;
};

/* A place in the source that allocates, in flash where constants are. `told` is the core's. */
struct ht_source {
    const char *file, *function, *variable;
    struct ht_source_told *told;
    uint16_t line;
};
struct ht_source_told {
    uint32_t caps; /* that it asked for */
    uint16_t id;
    uint16_t epoch;
};
#else
/* Of the calling process. */
struct ht_counters {
    uint64_t recorded_bytes;   /* put into lanes that are in use */
    uint64_t lost_events;
    uint64_t truncated_stacks;
    uint64_t waits;            /* for room in a lane */
    uint32_t lanes;            /* in use */
    uint32_t recording;        /* 1: events are recorded */
};

/* A place in the source that allocates. The runtime writes `told`. */
struct ht_source {
    const char *file, *variable;
    uint32_t line;
    uint32_t told;
};
#endif

#ifdef __cplusplus
}
#endif
#include "firmware.h"
#ifdef __cplusplus
extern "C" {
#endif

#if !HT_ENABLED

#define ht_start(config) ht_nothing_(0)
#define ht_stop() ((void)0)
#define ht_mark(label) ((void)0)
#define ht_counters() ((struct ht_counters){0})
#define ht_heap_add(name, base, bytes, kind) ht_nothing_(0)
#define ht_on_alloc(heap, block, bytes) ((void)0)
#define ht_on_free(heap, block) ((void)0)
#define ht_on_resize(heap, from, to, bytes) ((void)0)
#define ht_on_refuse(heap, bytes) ((void)0)

#define HT_MALLOC(variable, bytes) malloc(bytes)
#define HT_CALLOC(variable, count, bytes) calloc(count, bytes)
#define HT_REALLOC(variable, block, bytes) realloc(block, bytes)
#define HT_STRDUP(variable, text) strdup(text)
#define HT_FREE(block) free(block)
#define ht_malloc(bytes) malloc(bytes)
#define ht_calloc(count, bytes) calloc(count, bytes)
#define ht_realloc(block, bytes) realloc(block, bytes)
#define ht_free(block) free(block)

#else

#if !HT_FIRMWARE && !defined(HT_RUNTIME)

#include <dlfcn.h>

/* Where the runtime's `name` is; NULL without it. Looked for once. */
#define HT_FIND_(name)                                                                                                                                        \
    static void *found_;                                                                                                                                      \
    void *known_ = __atomic_load_n(&found_, __ATOMIC_RELAXED);                                                                                                \
    if (!known_) {                                                                                                                                            \
        known_ = dlsym(NULL, #name);                                                                                                                          \
        if (!known_)                                                                                                                                          \
            known_ = &found_;                                                                                                                                 \
        __atomic_store_n(&found_, known_, __ATOMIC_RELAXED);                                                                                                  \
    }                                                                                                                                                         \
    memcpy(&call_, &known_, sizeof call_);                                                                                                                    \
    if (known_ == (void *)&found_)                                                                                                                            \
        call_ = NULL

/* Without a runtime the answer is `otherwise`. */
#define HT_CALL_(result, name, parameters, arguments, otherwise)                                                                                              \
    static inline __attribute__((unused)) result name parameters                                                                                              \
    {                                                                                                                                                         \
        result(*call_) parameters;                                                                                                                            \
        HT_FIND_(name);                                                                                                                                       \
        return call_ ? call_ arguments : (otherwise);                                                                                                         \
    }
#define HT_DO_(name, parameters, arguments)                                                                                                                   \
    static inline __attribute__((unused)) void name parameters                                                                                                \
    {                                                                                                                                                         \
        void(*call_) parameters;                                                                                                                              \
        HT_FIND_(name);                                                                                                                                       \
        if (call_)                                                                                                                                            \
            call_ arguments;                                                                                                                                  \
    }
#else
#define HT_CALL_(result, name, parameters, arguments, otherwise) result name parameters;
#define HT_DO_(name, parameters, arguments) void name parameters;
#endif

/* Recording of the whole session goes on, or pauses. 0: there is a session; -1: the program is not being watched. */
HT_CALL_(int, ht_start, (const struct ht_config *config), (config), -1)
HT_DO_(ht_stop, (void), ())
/* A named moment, at most 255 bytes. */
HT_DO_(ht_mark, (const char *label), (label))
HT_DO_(ht_counters_read, (struct ht_counters *counters), (counters))
/* An allocator of the program's own: what it gives out is told by ht_on_*. Returns 0 when there is no runtime. base NULL, bytes 0: not one region. */
HT_CALL_(ht_heap_id, ht_heap_add, (const char *name, const void *base, size_t bytes, enum ht_memory kind), (name, base, bytes, kind), 0)
/* After it was given out. */
HT_DO_(ht_on_alloc, (ht_heap_id heap, const void *block, size_t bytes), (heap, block, bytes))
/* Before it can be given out again. */
HT_DO_(ht_on_free, (ht_heap_id heap, const void *block), (heap, block))
/* Before `from` can be given out again; from NULL or to NULL are an allocation and a free. */
HT_DO_(ht_on_resize, (ht_heap_id heap, const void *from, const void *to, size_t bytes), (heap, from, to, bytes))
HT_DO_(ht_on_refuse, (ht_heap_id heap, size_t bytes), (heap, bytes))

static inline __attribute__((unused)) struct ht_counters ht_counters(void)
{
    struct ht_counters counters;
    __builtin_memset(&counters, 0, sizeof counters);
    ht_counters_read(&counters);
    return counters;
}

#if HT_FIRMWARE

/* `variable` names what the block is for, any text: HT_MALLOC(node->name, 32). */
#define HT_FROM_(variable, call, ...)                                                                                                                         \
    __extension__({                                                                                                                                           \
        static struct ht_source_told ht_told_;                                                                                                                \
        static const struct ht_source ht_source_ = {__FILE__, __func__, #variable, &ht_told_, __LINE__};                                                      \
        call(&ht_source_, __VA_ARGS__);                                                                                                                       \
    })
#define HT_MALLOC(variable, bytes) HT_FROM_(variable, ht_malloc_at, bytes, 0)
#define HT_CALLOC(variable, count, bytes) HT_FROM_(variable, ht_calloc_at, count, bytes, 0)
#define HT_REALLOC(variable, block, bytes) HT_FROM_(variable, ht_realloc_at, block, bytes, 0)
#define HT_STRDUP(variable, text) HT_FROM_(variable, ht_strdup_at, text)
#define HT_FREE(block) ht_free(block)

#else

/* Behind the HT_MALLOC family: the next allocation of this thread is made at `source`; NULL: no longer. */
HT_DO_(ht_source_is, (struct ht_source *source, const char *function), (source, function))

/* `variable` names what the block is for, any text: HT_MALLOC(node->name, 32). */
#define HT_AT_(variable, call)                                                                                                                                \
    __extension__({                                                                                                                                           \
        static struct ht_source ht_source_ = {__FILE__, #variable, __LINE__, 0};                                                                              \
        ht_source_is(&ht_source_, __func__);                                                                                                                  \
        __typeof__(call) ht_result_ = (call);                                                                                                                 \
        ht_source_is(NULL, NULL);                                                                                                                             \
        ht_result_;                                                                                                                                           \
    })
#define HT_MALLOC(variable, bytes) HT_AT_(variable, malloc(bytes))
#define HT_CALLOC(variable, count, bytes) HT_AT_(variable, calloc(count, bytes))
#define HT_REALLOC(variable, block, bytes) HT_AT_(variable, realloc(block, bytes))
#define HT_STRDUP(variable, text) HT_AT_(variable, strdup(text))
#define HT_FREE(block) free(block)

#endif
#endif

#ifdef __cplusplus
}
#endif
#endif
