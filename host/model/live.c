/* live: in events of allocation and free, out blocks that come and go, and the changes that tell of it. */
#include "account.h"
#include "step.h"

/* Its own latest block: no allocation of the thread lies between birth and free. */
static void model_count_temporary(struct model *model, struct thread *thread, struct change *change)
{
    if (!thread->id || thread->last_address != change->block.address || thread->last_heap != change->block.heap)
        return;
    struct site *site = model->sites.at + change->block.site;
    change->is_temporary = true;
    thread->temporary.bytes += change->amount.bytes;
    thread->temporary.count += change->amount.count;
    site->temporary.bytes += change->amount.bytes;
    site->temporary.count += change->amount.count;
}

static void model_count_free_by(struct model *model, uint32_t number, struct change *change)
{
    struct thread *thread = model->threads.at + number;
    thread->frees.bytes += change->amount.bytes;
    thread->frees.count += change->amount.count;
    if (change->block.thread == number) {
        model_count_temporary(model, thread, change);
        return;
    }
    thread->foreign_frees.bytes += change->amount.bytes;
    thread->foreign_frees.count += change->amount.count;
}

/* Tells about the block in `slot` and takes it out of the live ones; the slot itself stays. */
struct change *model_take(struct model *model, enum change_kind kind, const struct event *event, struct heap_state *heap, const struct slot *slot)
{
    struct change *change = model_change(model, kind, event);
    model_block_of(model, heap, slot, &change->block);
    change->amount = model_weigh(model, &change->block);
    model_exit(model, heap, change, kind == CHANGE_FREE);
    return change;
}

void model_vanish(struct model *model, const struct event *event, struct heap_state *heap, const struct slot *slot)
{
    struct change *change = model_take(model, CHANGE_VANISH, event, heap, slot);
    model->totals.vanished.bytes += change->amount.bytes;
    model->totals.vanished.count += change->amount.count;
    model_slot_drop(model, slot);
}

/* Puts change->block among the live ones; a block that still stands at its address must have ended unseen. */
void model_settle(struct model *model, const struct event *event, struct heap_state *heap, enum change_kind kind, const struct block *block,
                  const struct block *old)
{
    bool is_new;
    struct slot *slot = blocks_put(&heap->blocks, block->address, &is_new);
    if (!is_new)
        model_vanish(model, event, heap, slot);
    model_slot_fill(model, slot, block);
    struct change *change = model_change(model, kind, event);
    change->block = *block;
    change->site = block->site;
    change->amount = model_weigh(model, block);
    if (old)
        change->old = *old;
    model_enter(model, heap, change, kind == CHANGE_BIRTH || kind == CHANGE_RESIZE);
}

/* Another thread's block, which is left out, came to be here: one that is known there must have ended unseen. */
void model_evict(struct model *model, const struct event *event, struct heap_state *heap)
{
    struct slot *slot = blocks_find(&heap->blocks, event->address);
    if (!slot)
        return;
    model_vanish(model, event, heap, slot);
    blocks_remove(&heap->blocks, slot);
}

void model_block_born(struct model *model, const struct event *event, struct heap_state *heap, struct block *block)
{
    uint32_t site = model_site(model, event->stack);
    if (event->source && event->source < model->sources.count)
        model->sites.at[site].source = event->source;
    *block = (struct block){.address = event->address,
                            .size = event->size,
                            .usable = event->usable,
                            .birth_ns = event->time_ns,
                            .site = site,
                            .thread = event->thread,
                            .process = heap->heap.process,
                            .heap = heap->heap.id,
                            .first_site = site,
                            .flags = (event->flags & EVENT_SAMPLED && model->config.sample_bytes ? BLOCK_SAMPLED : 0) |
                                     (event->flags & EVENT_INHERITED ? BLOCK_OLD : 0) | (event->flags & EVENT_INTERRUPT ? BLOCK_INTERRUPT : 0)};
    model->totals.truncated += (event->flags & EVENT_TRUNCATED) != 0;
}

/* Counts a birth that is no inheritance. */
void model_count_birth(struct model *model, const struct block *block)
{
    model->threads.at[block->thread].last_address = block->address;
    model->threads.at[block->thread].last_heap = block->heap;
    if (!(block->flags & BLOCK_SAMPLED))
        return;
    model->totals.samples++;
    weight_spread_add(&model->totals.allocated_spread, block->size, model->config.sample_bytes);
    weight_spread_add(&model->spreads.at[block->site].allocated, block->size, model->config.sample_bytes);
}

void apply_alloc(struct model *model, const struct event *event, struct heap_state *heap)
{
    if (!event->address)
        return;
    if (model_is_left_out(model, event)) {
        model_evict(model, event, heap);
        return;
    }
    struct block block;
    model_block_born(model, event, heap, &block);
    if (block.flags & BLOCK_OLD) {
        model_settle(model, event, heap, CHANGE_INHERIT, &block, NULL);
        return;
    }
    model->totals.births++;
    model_count_birth(model, &block);
    model_settle(model, event, heap, CHANGE_BIRTH, &block, NULL);
}

/* A block that nobody knows is no news where not all blocks are recorded. A forked child may free what its parent made. */
void apply_unknown(struct model *model, const struct event *event, struct process *process)
{
    if (model->config.only_thread || model->config.sample_bytes)
        return;
    bool foreign = process->how == 1;
    *(foreign ? &model->totals.foreign_frees : &model->totals.unknown_frees) += 1;
    *(foreign ? &process->foreign_frees : &process->unknown_frees) += 1;
    model_change(model, foreign ? CHANGE_FOREIGN : CHANGE_UNKNOWN, event);
}

void apply_free(struct model *model, const struct event *event, struct heap_state *heap)
{
    if (!event->address)
        return;
    struct slot *slot = blocks_find(&heap->blocks, event->address);
    if (!slot) {
        apply_unknown(model, event, model->processes.at + heap->heap.process);
        return;
    }
    model->totals.frees++;
    model_count_free_by(model, event->thread, model_take(model, CHANGE_FREE, event, heap, slot));
    model_slot_drop(model, slot);
    blocks_remove(&heap->blocks, slot);
}
