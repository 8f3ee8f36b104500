/* resize: in the two events of a realloc, out one block that ends and one that begins; in between it is in flight, and not live. */
#include <string.h>

#include "account.h"
#include "step.h"

static void model_restore(struct model *model, const struct event *event, const struct flight *flight)
{
    struct block block;
    bool is_new;
    model_block_of(model, flight->heap, &flight->slot, &block);
    struct slot *slot = blocks_put(&flight->heap->blocks, block.address, &is_new);
    if (!is_new) {
        struct slot kept = *slot;
        model_vanish(model, event, flight->heap, &kept);
    }
    *slot = flight->slot;
    struct change *change = model_change(model, CHANGE_RESTORE, event);
    change->site = model_site(model, event->stack);
    change->block = block;
    change->amount = model_weigh(model, &block);
    model_enter(model, flight->heap, change, false);
}

void apply_resize_begin(struct model *model, const struct event *event, struct heap_state *heap)
{
    struct slot *slot = blocks_find(&heap->blocks, event->address);
    if (!slot) {
        apply_unknown(model, event, model->processes.at + heap->heap.process);
        return;
    }
    if (model->flights.count == MODEL_FLIGHTS) { /* damage: no program has so many threads in realloc */
        struct flight first = model->flights.at[0];
        memmove(model->flights.at, model->flights.at + 1, --model->flights.count * sizeof first);
        model_restore(model, event, &first);
        slot = blocks_find(&heap->blocks, event->address);
    }
    vec_push(&model->flights, ((struct flight){*slot, heap, event->thread}));
    model_take(model, CHANGE_LIFT, event, heap, slot);
    blocks_remove(&heap->blocks, slot);
}

/* The latest of the thread's flights from that address: a signal handler may call realloc inside realloc. */
static bool model_land(struct model *model, const struct heap_state *heap, ht_addr address, uint32_t thread, struct flight *landed)
{
    for (size_t i = model->flights.count; i-- > 0;) {
        struct flight *flight = model->flights.at + i;
        if (flight->thread != thread || flight->slot.address != address || flight->heap != heap)
            continue;
        *landed = *flight;
        model->flights.count--;
        memmove(flight, flight + 1, (model->flights.count - i) * sizeof *flight);
        return true;
    }
    return false;
}

static void model_resize_failed(struct model *model, const struct event *event, const struct flight *flight)
{
    model->totals.failed_resizes++;
    if (flight->heap)
        model_restore(model, event, flight);
}

/* The block became another thread's, which is left out: it is gone, but nobody freed it. */
static void model_resize_lost(struct model *model, const struct event *event, struct heap_state *heap, const struct flight *flight)
{
    model_evict(model, event, heap);
    if (!flight->heap)
        return;
    struct flight kept = *flight;
    model_restore(model, event, &kept);
    struct slot *slot = blocks_find(&kept.heap->blocks, kept.slot.address);
    model_vanish(model, event, kept.heap, slot);
    blocks_remove(&kept.heap->blocks, slot);
}

static void model_resize_done(struct model *model, const struct event *event, struct heap_state *heap, const struct flight *flight)
{
    struct block block, old;
    model_block_born(model, event, heap, &block);
    model->totals.resizes++;
    model_count_birth(model, &block);
    if (!flight->heap) {
        model_settle(model, event, heap, CHANGE_BIRTH, &block, NULL);
        return;
    }
    model_block_of(model, flight->heap, &flight->slot, &old);
    block.first_site = old.first_site;
    block.resizes = old.resizes + 1;
    block.moves = old.moves + (old.address != block.address);
    model_slot_drop(model, &flight->slot);
    model_count_freed(model, flight->heap, &old);
    model_settle(model, event, heap, CHANGE_RESIZE, &block, &old);
}

void apply_resize_end(struct model *model, const struct event *event, struct heap_state *heap)
{
    struct flight flight = {0};
    bool known = model_land(model, heap, event->old_address, event->thread, &flight);
    if (!known && blocks_find(&heap->blocks, event->old_address)) { /* its beginning was lost */
        struct event begin = *event;
        begin.address = event->old_address;
        apply_resize_begin(model, &begin, heap);
        model_land(model, heap, event->old_address, event->thread, &flight);
    }
    if (!event->address)
        model_resize_failed(model, event, &flight);
    else if (model_is_left_out(model, event))
        model_resize_lost(model, event, heap, &flight);
    else
        model_resize_done(model, event, heap, &flight);
}

void model_restore_flights(struct model *model, const struct event *event, uint32_t process)
{
    size_t kept = 0;
    for (size_t i = 0; i < model->flights.count; i++) {
        if (!process || model->flights.at[i].heap->heap.process == process)
            model_restore(model, event, model->flights.at + i);
        else
            model->flights.at[kept++] = model->flights.at[i];
    }
    model->flights.count = kept;
}
