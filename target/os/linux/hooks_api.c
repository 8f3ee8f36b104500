/* hooks_api: in the watched program's own calls of heaptracer.h, out records. */
#include "os.h"

#include "target/process/port_process.h"
#include "target/process/producer.h"
#include "target/process/tell.h"
#include "wire/api.h"

#include <errno.h>
#include <string.h>

#define HT_RUNTIME
#include <heaptracer/heaptracer.h>

#define EXPORT __attribute__((visibility("default")))
#define FRAME __builtin_frame_address(0)

enum { TEXT_BYTES = 255, HEAPS = UINT16_MAX };

static uint32_t heap_count;

static size_t text_bytes(const char *text)
{
    return strnlen(text, TEXT_BYTES);
}

static void set_recording(uint32_t on)
{
    uint64_t state = on;
    struct ht_thread *self = ht_thread_get();
    if (self && !on)
        ht__tell_more(self, HT_MORE_STATE, &state, sizeof state, NULL, 0);
    __atomic_store_n(&ht__session->recording, on, __ATOMIC_SEQ_CST);
    if (!self && on && (self = ht_thread_get()))
        ht__tell_more(self, HT_MORE_STATE, &state, sizeof state, NULL, 0);
}

EXPORT int ht_start(const struct ht_config *config)
{
    (void)config;
    if ((!ht__session && !ht__start_on_request()) || ht__state->generation == HT_OFF)
        return -1;
    set_recording(1);
    return 0;
}

EXPORT void ht_stop(void)
{
    if (ht__session && ht__state->generation != HT_OFF)
        set_recording(0);
}

EXPORT void ht_mark(const char *label)
{
    struct ht_thread *self = ht_thread_get();
    if (self && label)
        ht__tell_more(self, HT_MORE_MARK, label, text_bytes(label), NULL, 0);
}

EXPORT void ht_counters_read(struct ht_counters *counters)
{
    memset(counters, 0, sizeof *counters);
    if (!ht__session || ht__state->generation == HT_OFF)
        return;
    counters->recording = __atomic_load_n(&ht__session->recording, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < __atomic_load_n(&ht__session->lanes_used, __ATOMIC_ACQUIRE) && i < ht__session->lane_count; i++) {
        const struct ht_lane *lane = ht_session_lane(ht__session, i);
        if (__atomic_load_n(&lane->state, __ATOMIC_ACQUIRE) == HT_LANE_IDLE || __atomic_load_n(&lane->process, __ATOMIC_RELAXED) != ht__process_serial)
            continue;
        counters->lanes++;
        counters->recorded_bytes += __atomic_load_n(&lane->head, __ATOMIC_RELAXED) & ~(uint64_t)1;
        counters->lost_events += __atomic_load_n(&lane->lost_events, __ATOMIC_RELAXED);
        counters->truncated_stacks += __atomic_load_n(&lane->truncated, __ATOMIC_RELAXED);
        counters->waits += __atomic_load_n(&lane->waits, __ATOMIC_RELAXED);
    }
}

EXPORT ht_heap_id ht_heap_add(const char *name, const void *base, size_t bytes, enum ht_memory kind)
{
    struct {
        uint32_t heap, kind;
        uint64_t base, bytes;
    } more = {0, (uint32_t)kind, (uint64_t)(uintptr_t)base, bytes};
    struct ht_thread *self = ht_thread_get();
    if (!self || __atomic_load_n(&heap_count, __ATOMIC_RELAXED) >= HEAPS)
        return 0;
    more.heap = __atomic_add_fetch(&heap_count, 1, __ATOMIC_RELAXED);
    ht__tell_more(self, HT_MORE_HEAP, &more, sizeof more, name ? name : "", name ? text_bytes(name) : 0);
    return more.heap;
}

/* The heap's frees have a heap too: a pool's first block may lie where the pool does. */
static inline void tell_custom(const void *frame, unsigned op, ht_heap_id heap, const void *block, const void *old, size_t bytes)
{
    struct ht_thread *self = ht_thread_get();
    if (!self)
        return;
    struct telling telling = {.op = op, .api = HT_API_CUSTOM, .block = block, .old = old, .size = bytes, .heap = (uint16_t)heap, .foreign = true};
    ht__tell(self, frame, &telling);
}

EXPORT void ht_on_alloc(ht_heap_id heap, const void *block, size_t bytes)
{
    if (block)
        tell_custom(FRAME, HT_LANE_ALLOC_WIDE, heap, block, NULL, bytes);
}

EXPORT void ht_on_free(ht_heap_id heap, const void *block)
{
    if (block)
        tell_custom(FRAME, HT_LANE_FREE_STACK, heap, block, NULL, 0);
}

EXPORT void ht_on_resize(ht_heap_id heap, const void *from, const void *to, size_t bytes)
{
    if (from)
        tell_custom(FRAME, HT_LANE_FREE_STACK, heap, from, NULL, 0);
    if (to)
        tell_custom(FRAME, HT_LANE_ALLOC_WIDE, heap, to, from, bytes);
}

EXPORT void ht_on_refuse(ht_heap_id heap, size_t bytes)
{
    tell_custom(FRAME, HT_LANE_REFUSE, heap, NULL, NULL, bytes);
}

/* Its definition comes before its first use in this thread, and before any other thread can see that it was told. */
static void tell_source(struct ht_thread *self, struct ht_source *source, const char *function)
{
    static const char nothing[] = "";
    struct {
        uint64_t id;
        uint32_t line, zero;
        char text[3 * (TEXT_BYTES + 1)];
    } more;
    const char *texts[] = {source->file, function ? function : nothing, source->variable};
    size_t used = 0;
    more.id = (uint64_t)(uintptr_t)source;
    more.line = source->line;
    more.zero = 0;
    for (int i = 0; i < 3; i++) {
        size_t bytes = text_bytes(texts[i]);
        memcpy(more.text + used, texts[i], bytes);
        used += bytes;
        if (i < 2)
            more.text[used++] = 0;
    }
    ht__tell_more(self, HT_MORE_SOURCE, &more, offsetof(__typeof__(more), text) + used, NULL, 0);
    __atomic_store_n(&source->told, ht__process_serial, __ATOMIC_RELEASE);
}

EXPORT void ht_source_is(struct ht_source *source, const char *function)
{
    struct ht_thread *self = ht_thread_get();
    if (!self)
        return;
    if (source && __atomic_load_n(&source->told, __ATOMIC_ACQUIRE) != ht__process_serial)
        tell_source(self, source, function);
    ht__tell_source(self, (uint64_t)(uintptr_t)source);
}
