/* events: in a seed, out a random but lawful stream of events of several processes and threads; for tests of model, analyses and pipeline. */
#ifndef TESTS_UNIT_MODEL_EVENTS_H
#define TESTS_UNIT_MODEL_EVENTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <heaptracer/trace.h>

#include "host/base/vec.h"

struct events {
    uint64_t random;
    uint64_t time_ns;
    VEC(struct event) list;
};

static inline uint64_t events_random(struct events *events, uint64_t below)
{
    events->random ^= events->random << 13;
    events->random ^= events->random >> 7;
    events->random ^= events->random << 17;
    return (events->random * 0x2545F4914F6CDD1Du >> 33) % below;
}

static inline struct event *events_put(struct events *events, enum event_kind kind)
{
    vec_push(&events->list, ((struct event){.kind = (uint8_t)kind, .process = 1, .thread = 1, .time_ns = events->time_ns, .index = events->list.count}));
    return events->list.at + events->list.count - 1;
}

static inline void *events_copy(const void *from, size_t bytes)
{
    return memcpy(memory_new(1, bytes), from, bytes);
}

static inline void events_process(struct events *events, uint32_t id, uint32_t parent, uint32_t how)
{
    struct process_definition process = {id, parent, 1000 + (how == 2 ? parent : id), how, "program"}; /* an exec keeps the process id */
    struct event *event = events_put(events, EVENT_PROCESS);
    event->process = id;
    event->define = events_copy(&process, sizeof process);
}

static inline void events_thread(struct events *events, uint32_t id, uint32_t process)
{
    struct thread_definition thread = {.id = id, .process = process, .tid = 2000 + id, .name = "thread"};
    struct event *event = events_put(events, EVENT_THREAD);
    event->process = process;
    event->thread = id;
    event->define = events_copy(&thread, sizeof thread);
}

static inline void events_frame(struct events *events, uint32_t id, uint32_t parent)
{
    struct frame_definition frame = {.id = id, .parent = parent, .module = 1, .offset = id * 16};
    events_put(events, EVENT_FRAME)->define = events_copy(&frame, sizeof frame);
}

static inline void events_heap(struct events *events, uint32_t id, uint32_t process)
{
    struct heap_definition heap = {.id = id, .process = process, .kind = 1, .base = 0x1000, .size = 0x1000, .name = "pool"};
    events_put(events, EVENT_HEAP)->define = events_copy(&heap, sizeof heap);
}

static inline struct event *events_alloc(struct events *events, uint32_t thread, ht_addr address, uint64_t size, uint32_t stack)
{
    struct event *event = events_put(events, EVENT_ALLOC);
    event->thread = thread;
    event->address = address;
    event->size = size;
    event->stack = stack;
    return event;
}

static inline struct event *events_free(struct events *events, uint32_t thread, ht_addr address)
{
    struct event *event = events_put(events, EVENT_FREE);
    event->thread = thread;
    event->address = address;
    return event;
}

static inline void events_done(struct events *events)
{
    for (size_t i = 0; i < events->list.count; i++)
        memory_free((void *)events->list.at[i].define);
    vec_done(&events->list);
}

/* ---- a random run: 3 processes (the second forked, the third execs from the first at half time), 2 threads each, 40 stacks ---- */

enum { EVENTS_STACKS = 40, EVENTS_PROCESSES = 3, EVENTS_THREADS = 6, EVENTS_PLACES = 48 };

struct events_place {
    bool live;
    uint64_t size;
};
struct events_run {
    struct events events;
    struct events_place places[EVENTS_PROCESSES + 1][2][EVENTS_PLACES]; /* process, heap, place */
    ht_addr flights[EVENTS_THREADS + 1];
    uint32_t first_process;
};

static inline ht_addr events_address(uint32_t heap, uint64_t place)
{
    return 0x7f0000001000 + place * 64 + heap * 32;
}

static inline void events_begin(struct events_run *run, uint64_t seed)
{
    *run = (struct events_run){.events = {.random = seed * 2 + 1}, .first_process = 1};
    for (int i = 0; i < 8; i++)
        events_random(&run->events, 2);
    events_process(&run->events, 1, 0, 0);
    events_process(&run->events, 2, 1, 1);
    events_thread(&run->events, 1, 1);
    events_thread(&run->events, 2, 1);
    events_thread(&run->events, 3, 2);
    events_thread(&run->events, 4, 2);
    for (uint32_t id = 1; id <= EVENTS_STACKS; id++)
        events_frame(&run->events, id, (uint32_t)events_random(&run->events, id));
    events_heap(&run->events, 1, 1);
}

static inline uint64_t events_size(struct events *events)
{
    uint64_t size = events_random(events, 8) ? events_random(events, 300) : events_random(events, 100000);
    return events_random(events, 200) ? size : size + ((uint64_t)5 << 30);
}

static inline void events_mark(struct event *event, uint32_t process, uint32_t heap)
{
    event->process = process;
    event->heap = heap;
}

static inline void events_step_block(struct events_run *run, uint32_t process, uint32_t thread)
{
    struct events *events = &run->events;
    uint32_t heap = events_random(events, 6) == 0, stack = (uint32_t)events_random(events, EVENTS_STACKS + 1);
    uint64_t number = events_random(events, EVENTS_PLACES);
    struct events_place *place = &run->places[process][heap][number];
    ht_addr address = events_address(heap, number);
    for (uint32_t i = 1; i <= EVENTS_THREADS; i++)
        if (run->flights[i] == address)
            return;
    if (!place->live) {
        struct event *event =
            events_random(events, 20) ? events_alloc(events, thread, address, place->size = events_size(events), stack) : events_free(events, thread, address);
        event->usable = events_random(events, 4) ? (event->size + 15) / 16 * 16 : 0;
        event->flags = events_random(events, 40) ? 0 : EVENT_INHERITED;
        place->live = event->kind == EVENT_ALLOC;
        events_mark(event, process, heap);
        return;
    }
    if (!events_random(events, 50)) { /* its free was lost */
        events_mark(events_alloc(events, thread, address, place->size = events_size(events), stack), process, heap);
    } else if (heap == 0 && !run->flights[thread] && !events_random(events, 4)) {
        struct event *event = events_put(events, EVENT_RESIZE_BEGIN);
        event->thread = thread;
        event->address = run->flights[thread] = address;
        place->live = false;
        events_mark(event, process, heap);
    } else {
        events_mark(events_free(events, thread, address), process, heap);
        place->live = false;
    }
}

static inline void events_step_land(struct events_run *run, uint32_t process, uint32_t thread)
{
    struct events *events = &run->events;
    ht_addr from = run->flights[thread], to = from;
    uint64_t number = events_random(events, EVENTS_PLACES);
    bool free_place = !run->places[process][0][number].live;
    for (uint32_t i = 1; i <= EVENTS_THREADS; i++)
        free_place &= run->flights[i] != events_address(0, number);
    if (free_place && events_random(events, 2))
        to = events_address(0, number);
    struct event *event = events_put(events, EVENT_RESIZE_END);
    event->thread = thread;
    event->old_address = from;
    event->address = events_random(events, 8) ? to : 0;
    event->size = events_size(events);
    event->usable = event->size + 8;
    event->stack = (uint32_t)events_random(events, EVENTS_STACKS + 1);
    run->places[process][0][((event->address ? event->address : from) - events_address(0, 0)) / 64].live = true;
    run->flights[thread] = 0;
    events_mark(event, process, 0);
}

static inline void events_step_other(struct events_run *run, uint32_t process, uint32_t thread)
{
    struct events *events = &run->events;
    uint64_t what = events_random(events, 3);
    struct event *event = events_put(events, what == 0 ? EVENT_REFUSE : what == 1 ? EVENT_MAP : EVENT_UNMAP);
    event->thread = thread;
    event->process = process;
    event->size = what ? 4096 * (1 + events_random(events, 8)) : 1u << 30;
    event->address = what ? 0x10000 + 4096 * events_random(events, 64) : 0;
    event->stack = what == 2 ? 0 : (uint32_t)events_random(events, EVENTS_STACKS + 1);
}

static inline void events_end_process(struct events_run *run, uint32_t process)
{
    struct event *event = events_put(&run->events, EVENT_PROCESS_END);
    event->process = process;
    memset(run->places[process], 0, sizeof run->places[process]);
}

static inline void events_step(struct events_run *run, bool second_half)
{
    uint32_t process = 1 + (uint32_t)events_random(&run->events, 2);
    if (process == 1)
        process = run->first_process;
    if (process == 2 && second_half)
        return;
    uint32_t thread = process * 2 - (uint32_t)events_random(&run->events, 2);
    run->events.time_ns += events_random(&run->events, 3) ? 0 : events_random(&run->events, 900000);
    if (run->flights[thread] && events_random(&run->events, 3))
        events_step_land(run, process, thread);
    else if (events_random(&run->events, 25))
        events_step_block(run, process, thread);
    else
        events_step_other(run, process, thread);
}

static inline void events_generate(struct events_run *run, uint64_t seed, size_t count)
{
    events_begin(run, seed);
    for (size_t i = 0; i < count; i++) {
        if (i == count / 2) {
            events_end_process(run, 2);
            run->flights[3] = run->flights[4] = run->flights[1] = run->flights[2] = 0;
            events_process(&run->events, 3, 1, 2);
            events_thread(&run->events, 5, 3);
            events_thread(&run->events, 6, 3);
            run->first_process = 3;
        }
        events_step(run, i >= count / 2);
    }
}

#endif
