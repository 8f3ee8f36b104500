/* story: in a seed, out a made-up recording with every kind of event in it; for tests of the trace format. */
#ifndef TESTS_TRACE_STORY_H
#define TESTS_TRACE_STORY_H

#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"
#include "host/base/error.h"
#include "host/base/vec.h"
#include "host/trace/writer.h"

struct story_block {
    ht_addr address;
    uint64_t size;
};

enum { STORY_FREED = 64, STORY_PROCESSES = 3, STORY_THREADS = 7, STORY_LIVE = 4000 };

struct story {
    VEC(struct event) events;
    struct arena arena;
    uint64_t random, now;
    uint32_t frames;
    struct story_block live[STORY_PROCESSES + 1][STORY_LIVE], freed[STORY_PROCESSES + 1][STORY_FREED];
    uint32_t freed_count[STORY_PROCESSES + 1];
    ht_addr bump[STORY_PROCESSES + 1];
    size_t live_count[STORY_PROCESSES + 1];
    ht_addr flight[STORY_THREADS + 1];
};

static inline uint32_t story_random(struct story *story, uint32_t below)
{
    story->random = story->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((story->random >> 33) % below);
}

static inline char *story_text(struct story *story, const char *text)
{
    return arena_copy_text(&story->arena, text, strlen(text));
}

static inline struct event *story_event(struct story *story, enum event_kind kind, uint32_t thread)
{
    story->now += story_random(story, 50) ? story_random(story, 300) : story_random(story, 1000000);
    struct event event = {.kind = (uint8_t)kind, .thread = thread, .process = thread ? 1 + thread % STORY_PROCESSES : 1, .time_ns = story->now};
    vec_push(&story->events, event);
    return story->events.at + story->events.count - 1;
}

static inline void *story_define(struct story *story, enum event_kind kind, size_t bytes)
{
    void *define = arena_new(&story->arena, bytes);
    story_event(story, kind, 0)->define = define;
    return define;
}

static inline uint32_t story_stack(struct story *story)
{
    uint32_t want = story_random(story, 20) ? story_random(story, story->frames + 1) : 0;
    if (story->frames > 10 && story_random(story, 30))
        return want;
    for (uint32_t depth = 1 + story_random(story, 4); depth; depth--) {
        struct frame_definition *frame = story_define(story, EVENT_FRAME, sizeof *frame);
        *frame = (struct frame_definition){.id = ++story->frames,
                                           .parent = depth % 2 ? story->frames - 1 : story_random(story, story->frames),
                                           .module = 1 + story_random(story, 2),
                                           .exact = story_random(story, 9) == 0,
                                           .offset = story_random(story, 1 << 20)};
        if (frame->id % 37 == 0) {
            frame->function = "named()";
            frame->file = frame->id % 2 ? "named.c" : NULL;
            frame->line = frame->id;
        }
    }
    return story->frames;
}

/* Where an allocator may put a block: where one like it was, behind the last one, or anywhere. */
static inline struct story_block story_place(struct story *story, uint32_t process, uint64_t size)
{
    uint32_t way = story_random(story, 10), count = story->freed_count[process] < STORY_FREED ? story->freed_count[process] : STORY_FREED;
    uint32_t back = story_random(story, 4) ? story_random(story, 2) : story_random(story, STORY_FREED);
    if (way < 6 && back < count)
        return story->freed[process][(story->freed_count[process] - 1 - back) % STORY_FREED];
    ht_addr start = 0x10000 + (uint64_t)process * 0x100000000;
    if (way == 9 || story->bump[process] < start)
        story->bump[process] = start + (uint64_t)story_random(story, 1 << 14) * 16;
    struct story_block place = {story->bump[process], size};
    story->bump[process] += size < 9 ? 32 : (size + 23) & ~(uint64_t)15;
    return place;
}

static inline void story_birth(struct story *story, uint32_t thread, enum event_kind kind)
{
    static const uint32_t sizes[] = {0, 1, 16, 24, 100, 120, 1000, 5000, 100000};
    uint32_t stack = story_stack(story), process = 1 + thread % STORY_PROCESSES;
    bool odd = !story_random(story, 40);
    struct event *event = story_event(story, kind, thread);
    event->stack = stack;
    event->api = (uint8_t)(kind == EVENT_RESIZE_END ? 3 : 1 + story_random(story, 2));
    struct story_block place = story_place(story, process, sizes[story_random(story, 9)]);
    event->size = place.size;
    event->address = place.address;
    event->old_address = kind == EVENT_RESIZE_END ? story->flight[thread] : 0;
    if (odd) {
        event->usable = event->size + story_random(story, 20);
        event->alignment_log2 = (uint8_t)story_random(story, 7);
        event->heap = story_random(story, 3);
        event->source = story_random(story, 3);
        event->flags = (uint8_t)story_random(story, 16);
        event->size = story_random(story, 9) ? event->size : 0x123456789Au;
        event->address = story_random(story, 9) ? event->address + story_random(story, 16) : event->address | 0xABull << 56;
    }
    story->flight[thread] = 0;
    if (story->live_count[process] < STORY_LIVE)
        story->live[process][story->live_count[process]++] = (struct story_block){event->address, event->size};
}

static inline void story_ending(struct story *story, uint32_t thread)
{
    uint32_t process = 1 + thread % STORY_PROCESSES;
    size_t count = story->live_count[process];
    uint32_t back = story_random(story, 3) ? 3 : (uint32_t)count;
    uint32_t stack = story_random(story, 10) ? 0 : story_stack(story);
    ht_addr address = 0x4440;
    struct story_block ended = {0};
    if (count && story_random(story, 30)) {
        size_t at = count - 1 - story_random(story, back < count ? back : (uint32_t)count);
        ended = story->live[process][at];
        address = ended.address;
        story->freed[process][story->freed_count[process]++ % STORY_FREED] = ended;
        memmove(story->live[process] + at, story->live[process] + at + 1, (count - at - 1) * sizeof ended);
        story->live_count[process]--;
    }
    bool resizes = !story->flight[thread] && !story_random(story, 8);
    struct event *event = story_event(story, resizes ? EVENT_RESIZE_BEGIN : EVENT_FREE, thread);
    event->address = address;
    event->stack = stack;
    event->api = resizes ? 3 : 14;
    if (!resizes)
        return;
    story->flight[thread] = address;
    if (story_random(story, 6)) {
        story_birth(story, thread, EVENT_RESIZE_END);
    } else {
        event = story_event(story, EVENT_RESIZE_END, thread);
        event->old_address = address;
        event->size = story_random(story, 1000);
        story->flight[thread] = 0;
        story->live[process][story->live_count[process]++] = (struct story_block){address, ended.size};
    }
}

static inline void *story_copy(struct story *story, const void *define, size_t bytes)
{
    return memcpy(arena_new(&story->arena, bytes), define, bytes);
}

/* What firmware tells of itself; false: the kind is something else. */
static inline bool story_device(struct story *story, enum event_kind kind, uint32_t thread)
{
    if (kind < EVENT_FAULT || kind > EVENT_DUMP)
        return false;
    uint32_t n = story_random(story, 1 << 30), stack = kind == EVENT_FAULT ? story_stack(story) : 0;
    struct event *event = story_event(story, kind, thread);
    event->heap = story_random(story, 3);
    event->address = n;
    event->stack = stack;
    if (kind == EVENT_FAULT)
        event->define = story_copy(
            story,
            &(struct fault_definition){1 + n % 10, 1 + n % 5, n % 6, n, 64, (int64_t)(n % 200) - 100, 4, stack, stack / 2, story_text(story, "00ffcafebabe")},
            sizeof(struct fault_definition));
    else if (kind == EVENT_STACK_USE)
        event->define = story_copy(story, &(struct stack_use_definition){4096, n % 4096, n % 1000, n % 2}, sizeof(struct stack_use_definition));
    else if (kind == EVENT_HEAP_USE)
        event->define = story_copy(story, &(struct heap_use_definition){n, 1, 2, 3, n % 7}, sizeof(struct heap_use_definition));
    else if (kind == EVENT_POOL_USE)
        event->define = story_copy(story, &(struct pool_use_definition){32, 16, n % 17, 16, n % 3, n % 512}, sizeof(struct pool_use_definition));
    else if (kind == EVENT_ALERT)
        event->define =
            story_copy(story, &(struct alert_definition){n % 4, n % 8, n, 1000, story_text(story, "low \xC3\xA9")}, sizeof(struct alert_definition));
    else if (kind == EVENT_BANDWIDTH)
        event->define = story_copy(story, &(struct bandwidth_definition){65536, n, 40000, 5000, n % 3}, sizeof(struct bandwidth_definition));
    else
        event->define = story_text(story, "0badf00d");
    return true;
}

/* What a look at a process found, and kinds that are none. */
static inline bool story_scan(struct story *story, enum event_kind kind, uint32_t thread)
{
    if (kind <= EVENT_DUMP || kind >= EVENT_SCAN + 3)
        return false;
    if (kind < EVENT_SCAN)
        return true;
    uint32_t n = story_random(story, 1 << 30), stack = story_stack(story);
    struct event *event = story_event(story, kind, thread);
    event->address = n;
    event->stack = kind == EVENT_SCAN ? 0 : stack;
    if (kind == EVENT_SCAN)
        event->define = story_copy(story, &(struct scan_definition){1, 2, n, 4, 5, 6, {{0}, {7, 8}, {9, 10}, {n, 12}, {13, 14}}}, sizeof(struct scan_definition));
    else
        event->define = story_copy(story, &(struct scan_site_definition){1, 1 + n % 4, n, 3, 4, 5, n % 6, story_text(story, "lib.so 0x10 > 0x20")},
                                   sizeof(struct scan_site_definition));
    return true;
}

static inline void story_rare(struct story *story, uint32_t thread)
{
    enum event_kind kind = EVENT_REFUSE + story_random(story, EVENT_KIND_COUNT - EVENT_REFUSE);
    if (kind == EVENT_FRAME || story_device(story, kind, thread) || story_scan(story, kind, thread))
        return;
    if (kind == EVENT_MODULE)
        *(struct module_definition *)story_define(story, kind, sizeof(struct module_definition)) = (struct module_definition){
            1 + story_random(story, 2), 1, 0x1000, 0x2000, 0x800, {1, 2, 0xFE}, story_random(story, 2) ? 20 : 0, story_text(story, "/usr/lib/libx.so")};
    else if (kind == EVENT_THREAD)
        *(struct thread_definition *)story_define(story, kind, sizeof(struct thread_definition)) =
            (struct thread_definition){thread, 1 + thread % STORY_PROCESSES, 4000 + thread, story_text(story, "worker \xC3\xA9"), 0x20000400, thread * 512, 3};
    else if (kind == EVENT_PROCESS)
        *(struct process_definition *)story_define(story, kind, sizeof(struct process_definition)) =
            (struct process_definition){1 + thread % STORY_PROCESSES, 0, 4711, 1, story_text(story, "/bin/x")};
    else if (kind == EVENT_HEAP)
        *(struct heap_definition *)story_define(story, kind, sizeof(struct heap_definition)) =
            (struct heap_definition){1 + story_random(story, 3), 1, 2, 0x20000000, 1 << 20, story_text(story, "PSRAM"), 8};
    else if (kind == EVENT_SOURCE)
        *(struct source_definition *)story_define(story, kind, sizeof(struct source_definition)) =
            (struct source_definition){1 + story_random(story, 3), 88, story_text(story, "a.c"), story_text(story, "f"), story_text(story, ""), 2, 1};
    else if (kind == EVENT_COST)
        *(struct cost_definition *)story_define(story, kind, sizeof(struct cost_definition)) =
            (struct cost_definition){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ~0ull, 2};
    else if (kind == EVENT_MARK || kind == EVENT_GAP) {
        struct event *event = story_event(story, kind, thread);
        event->define = story_text(story, "label");
        event->size = story_random(story, 100);
    } else {
        struct event *event = story_event(story, kind, thread);
        event->address = story_random(story, 1 << 30);
        event->size = story_random(story, 1 << 30);
        event->old_address = kind == EVENT_MAP ? 0x7000 : 0;
        event->flags = kind == EVENT_PROCESS_END;
    }
}

static inline void story_make(struct story *story, uint32_t seed, size_t count)
{
    *story = (struct story){.random = seed};
    uint32_t thread = 1;
    while (story->events.count < count) {
        if (!story_random(story, 5))
            thread = 1 + story_random(story, STORY_THREADS);
        if (!story_random(story, 60))
            story_rare(story, thread);
        else if (story_random(story, 2) || story->live_count[1 + thread % STORY_PROCESSES] > STORY_LIVE - 10)
            story_ending(story, thread);
        else
            story_birth(story, thread, EVENT_ALLOC);
    }
}

struct story_way {
    uint64_t tick_ns, checkpoint_events;
    size_t flush_every; /* 0: never */
};

static inline void story_write(const struct story *story, const char *path, struct story_way way, struct trace_totals *totals)
{
    struct error error = {0};
    struct trace_writer_config config = {.path = path,
                                         .replace = true,
                                         .checkpoint_events = way.checkpoint_events,
                                         .header = {.pointer_bytes = 8,
                                                    .page_bytes = 4096,
                                                    .tick_ns = way.tick_ns,
                                                    .sample_bytes = 5,
                                                    .start_unix_ns = 77,
                                                    .command = "story \"one\"",
                                                    .machine = "x86_64",
                                                    .system = "Linux",
                                                    .directory = "/",
                                                    .recorder = "heaptracer test",
                                                    .environment = "A=b\nC=d"}};
    struct trace_writer *writer = trace_writer_new(&config, &error);
    for (size_t i = 0; writer && i < story->events.count; i++) {
        trace_writer_put(writer, story->events.at + i, 1);
        if (way.flush_every && i % way.flush_every == way.flush_every - 1)
            trace_writer_flush(writer);
    }
    if (!writer || !trace_writer_close(writer, &(struct cost_definition){.events = 12, .clock = 1}, totals, &error))
        abort();
}

static inline bool story_text_same(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

static inline bool story_scan_same(const struct event *a, const struct event *b)
{
    const struct scan_site_definition *x = a->define, *y = b->define;
    if (a->kind == EVENT_SCAN)
        return !memcmp(a->define, b->define, sizeof(struct scan_definition));
    return x->scan == y->scan && x->class == y->class && x->count == y->count && x->owner == y->owner && x->retained_bytes == y->retained_bytes &&
           x->retained_count == y->retained_count && x->cycle == y->cycle && story_text_same(x->chain, y->chain);
}

static inline bool story_define_same(const struct event *a, const struct event *b)
{
    if (!a->define || !b->define)
        return a->define == b->define;
    if (a->kind >= EVENT_SCAN)
        return story_scan_same(a, b);
    switch (a->kind) {
    case EVENT_FRAME: {
        const struct frame_definition *x = a->define, *y = b->define;
        return x->id == y->id && x->parent == y->parent && x->module == y->module && x->exact == y->exact && x->offset == y->offset && x->line == y->line &&
               story_text_same(x->function, y->function) && story_text_same(x->file, y->file);
    }
    case EVENT_MODULE: {
        const struct module_definition *x = a->define, *y = b->define;
        return x->id == y->id && x->process == y->process && x->start == y->start && x->end == y->end && x->bias == y->bias &&
               x->build_id_bytes == y->build_id_bytes && !memcmp(x->build_id, y->build_id, x->build_id_bytes) && story_text_same(x->path, y->path);
    }
    case EVENT_THREAD: {
        const struct thread_definition *x = a->define, *y = b->define;
        return x->id == y->id && x->process == y->process && x->tid == y->tid && x->stack_base == y->stack_base && x->stack_bytes == y->stack_bytes &&
               x->priority == y->priority && story_text_same(x->name, y->name);
    }
    case EVENT_PROCESS: {
        const struct process_definition *x = a->define, *y = b->define;
        return x->id == y->id && x->parent == y->parent && x->pid == y->pid && x->how == y->how && story_text_same(x->command, y->command);
    }
    case EVENT_HEAP: {
        const struct heap_definition *x = a->define, *y = b->define;
        return x->id == y->id && x->process == y->process && x->kind == y->kind && x->base == y->base && x->size == y->size && x->caps == y->caps &&
               story_text_same(x->name, y->name);
    }
    case EVENT_SOURCE: {
        const struct source_definition *x = a->define, *y = b->define;
        return x->id == y->id && x->line == y->line && x->caps == y->caps && x->api == y->api && story_text_same(x->file, y->file) &&
               story_text_same(x->function, y->function) && story_text_same(x->variable, y->variable);
    }
    case EVENT_FAULT: {
        const struct fault_definition *x = a->define, *y = b->define;
        return x->kind == y->kind && x->found_by == y->found_by && x->guess == y->guess && x->block == y->block && x->block_bytes == y->block_bytes &&
               x->first_bad == y->first_bad && x->bad_bytes == y->bad_bytes && x->alloc_stack == y->alloc_stack && x->free_stack == y->free_stack &&
               story_text_same(x->around, y->around);
    }
    case EVENT_STACK_USE:
        return !memcmp(a->define, b->define, offsetof(struct stack_use_definition, flags) + 4);
    case EVENT_HEAP_USE:
        return !memcmp(a->define, b->define, sizeof(struct heap_use_definition));
    case EVENT_POOL_USE:
        return !memcmp(a->define, b->define, sizeof(struct pool_use_definition));
    case EVENT_ALERT: {
        const struct alert_definition *x = a->define, *y = b->define;
        return x->level == y->level && x->rule == y->rule && x->value == y->value && x->threshold == y->threshold && story_text_same(x->text, y->text);
    }
    case EVENT_BANDWIDTH:
        return !memcmp(a->define, b->define, sizeof(struct bandwidth_definition));
    case EVENT_COST:
        return !memcmp(a->define, b->define, offsetof(struct cost_definition, clock) + 4);
    default:
        return story_text_same(a->define, b->define);
    }
}

static inline bool story_event_same(const struct event *a, const struct event *b, uint64_t tick_ns)
{
    if (a->kind == EVENT_FRAME)
        return b->kind == EVENT_FRAME && story_define_same(a, b);
    return a->kind == b->kind && a->api == b->api && a->flags == b->flags && a->alignment_log2 == b->alignment_log2 && a->heap == b->heap &&
           a->process == b->process && a->thread == b->thread && a->time_ns == b->time_ns / tick_ns * tick_ns && a->address == b->address &&
           a->size == b->size && a->usable == b->usable && a->old_address == b->old_address && a->stack == b->stack && a->source == b->source &&
           story_define_same(a, b);
}

static inline void story_done(struct story *story)
{
    vec_done(&story->events);
    arena_done(&story->arena);
}

#endif
