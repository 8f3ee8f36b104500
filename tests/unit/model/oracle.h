/* oracle: in the same events as the model, out the whole history of blocks by the plainest way there is: it keeps everything and searches in a row. */
#ifndef TESTS_UNIT_MODEL_ORACLE_H
#define TESTS_UNIT_MODEL_ORACLE_H

#include "events.h"

enum oracle_end { END_NONE, END_FREE, END_RESIZE, END_LEFT, END_VANISHED };

struct oracle_block {
    uint32_t process, heap, thread, stack, first_stack, resizes, moves;
    ht_addr address;
    uint64_t size, usable, old_size, birth_ns, end_ns;
    size_t birth_index, end_index; /* in the list of events; end_index is that of RESIZE_BEGIN for resized ones */
    uint32_t end_thread;
    bool inherited, old_known, in_place, flying;
    enum oracle_end end;
};

struct oracle {
    VEC(struct oracle_block) blocks; /* in order of birth */
    uint64_t live_bytes, live_count, peak_bytes, peak_count, peak_time_ns;
    uint64_t stack_live[EVENTS_STACKS + 1], stack_peak[EVENTS_STACKS + 1], stack_count[EVENTS_STACKS + 1], stack_peak_count[EVENTS_STACKS + 1];
    uint64_t unknown, foreign, refused, failed;
    uint64_t time_ns;
};

static inline struct oracle_block *oracle_find(struct oracle *oracle, uint32_t process, uint32_t heap, ht_addr address, bool flying)
{
    for (size_t i = 0; i < oracle->blocks.count; i++) {
        struct oracle_block *block = oracle->blocks.at + i;
        if (block->end == END_NONE && block->process == process && block->heap == heap && block->address == address && block->flying == flying)
            return block;
    }
    return NULL;
}

static inline void oracle_live(struct oracle *oracle, const struct oracle_block *block, bool comes)
{
    oracle->live_bytes += comes ? block->size : -block->size;
    oracle->live_count += comes ? 1 : -1ull;
    oracle->stack_live[block->stack] += comes ? block->size : -block->size;
    oracle->stack_count[block->stack] += comes ? 1 : -1ull;
    if (oracle->live_bytes <= oracle->peak_bytes)
        return;
    oracle->peak_bytes = oracle->live_bytes;
    oracle->peak_count = oracle->live_count;
    oracle->peak_time_ns = oracle->time_ns;
    memcpy(oracle->stack_peak, oracle->stack_live, sizeof oracle->stack_live);
    memcpy(oracle->stack_peak_count, oracle->stack_count, sizeof oracle->stack_count);
}

static inline void oracle_end(struct oracle *oracle, struct oracle_block *block, const struct event *event, size_t index, enum oracle_end end)
{
    if (!block->flying)
        oracle_live(oracle, block, false);
    if (!block->flying)
        block->end_index = index;
    block->end = end;
    block->end_ns = event->time_ns;
    block->end_thread = event->thread;
}

static inline void oracle_birth(struct oracle *oracle, const struct event *event, size_t index, const struct oracle_block *old)
{
    struct oracle_block *there = oracle_find(oracle, event->process, event->heap, event->address, false);
    if (there)
        oracle_end(oracle, there, event, index, END_VANISHED);
    struct oracle_block block = {.process = event->process,
                                 .heap = event->heap,
                                 .thread = event->thread,
                                 .stack = event->stack,
                                 .first_stack = event->stack,
                                 .address = event->address,
                                 .size = event->size,
                                 .usable = event->usable,
                                 .birth_ns = event->time_ns,
                                 .birth_index = index,
                                 .inherited = (event->flags & EVENT_INHERITED) != 0};
    if (old) {
        block.first_stack = old->first_stack;
        block.resizes = old->resizes + 1;
        block.moves = old->moves + (old->address != block.address);
        block.old_known = true;
        block.old_size = old->size;
        block.in_place = old->address == block.address;
    }
    vec_push(&oracle->blocks, block);
    oracle_live(oracle, &block, true);
}

static inline void oracle_unknown(struct oracle *oracle, const struct event *event)
{
    *(event->process == 2 ? &oracle->foreign : &oracle->unknown) += 1;
}

static inline void oracle_resize_end(struct oracle *oracle, const struct event *event, size_t index)
{
    struct oracle_block *old = oracle_find(oracle, event->process, event->heap, event->old_address, true);
    if (!event->address) {
        oracle->failed++;
        if (!old)
            return;
        old->flying = false;
        oracle_live(oracle, old, true);
        return;
    }
    struct oracle_block kept;
    if (old) {
        oracle_end(oracle, old, event, index, END_RESIZE);
        kept = *old;
    }
    oracle_birth(oracle, event, index, old ? &kept : NULL);
}

static inline void oracle_process_end(struct oracle *oracle, const struct event *event, size_t index, uint32_t process)
{
    for (size_t i = 0; i < oracle->blocks.count; i++) {
        struct oracle_block *block = oracle->blocks.at + i;
        if (block->end != END_NONE || block->process != process || !block->flying)
            continue;
        block->flying = false;
        oracle_live(oracle, block, true);
    }
    for (size_t i = 0; i < oracle->blocks.count; i++)
        if (oracle->blocks.at[i].end == END_NONE && oracle->blocks.at[i].process == process)
            oracle_end(oracle, oracle->blocks.at + i, event, index, END_LEFT);
}

static inline void oracle_put(struct oracle *oracle, const struct event *event, size_t index)
{
    struct oracle_block *block = oracle_find(oracle, event->process, event->heap, event->address, false);
    oracle->time_ns = event->time_ns;
    switch (event->kind) {
    case EVENT_ALLOC:
        oracle_birth(oracle, event, index, NULL);
        break;
    case EVENT_FREE:
        if (block)
            oracle_end(oracle, block, event, index, END_FREE);
        else
            oracle_unknown(oracle, event);
        break;
    case EVENT_RESIZE_BEGIN:
        if (!block) {
            oracle_unknown(oracle, event);
            break;
        }
        oracle_live(oracle, block, false);
        block->flying = true;
        block->end_index = index;
        break;
    case EVENT_RESIZE_END:
        oracle_resize_end(oracle, event, index);
        break;
    case EVENT_REFUSE:
        oracle->refused++;
        break;
    case EVENT_PROCESS_END:
        oracle_process_end(oracle, event, index, event->process);
        break;
    case EVENT_PROCESS:
        if (((const struct process_definition *)event->define)->how == 2)
            oracle_process_end(oracle, event, index, ((const struct process_definition *)event->define)->parent);
        break;
    default:
        break;
    }
}

/* What is in realloc when the trace ends is live. */
static inline void oracle_finish(struct oracle *oracle)
{
    for (size_t i = 0; i < oracle->blocks.count; i++) {
        struct oracle_block *block = oracle->blocks.at + i;
        if (block->end != END_NONE || !block->flying)
            continue;
        block->flying = false;
        oracle_live(oracle, block, true);
    }
}

static inline void oracle_run(struct oracle *oracle, const struct events *events)
{
    *oracle = (struct oracle){0};
    for (size_t i = 0; i < events->list.count; i++)
        oracle_put(oracle, events->list.at + i, i);
    oracle_finish(oracle);
}

static inline void oracle_done(struct oracle *oracle)
{
    vec_done(&oracle->blocks);
}

/* Whether the block was never freed. */
static inline bool oracle_leaked(const struct oracle_block *block)
{
    return block->end == END_NONE || block->end == END_LEFT;
}

#endif
