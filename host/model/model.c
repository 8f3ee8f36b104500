/* model: in events in exact order, out the state of all heaps and the changes. Events wait in a short queue while the memory that they will touch is
 * fetched: with a million live blocks nearly every event would stand still for it otherwise. */
#include "state.h"

#include <string.h>

#include "weight.h"

struct model *model_new(const struct model_config *config)
{
    struct model *model = memory_new(1, sizeof *model);
    model->config = *config;
    vec_extend(&model->frames, 1);
    vec_extend(&model->sites, 1);
    vec_extend(&model->spreads, 1);
    vec_extend(&model->threads, 1);
    vec_extend(&model->processes, 1);
    vec_extend(&model->process_heaps, 1);
    vec_extend(&model->pages, 1);
    vec_extend(&model->sources, 1);
    vec_extend(&model->more, 1);
    model->threads.at[0].name = model->processes.at[0].command = "";
    model->sources.at[0] = (struct source){0, "", "", ""};
    return model;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->heaps.count; i++)
        blocks_done(&model->heaps.at[i]->blocks);
    for (size_t i = 0; i < model->pages.count; i++)
        pages_done(model->pages.at + i);
    vec_done(&model->frames);
    vec_done(&model->sites);
    vec_done(&model->spreads);
    vec_done(&model->threads);
    vec_done(&model->processes);
    vec_done(&model->process_heaps);
    vec_done(&model->heaps);
    vec_done(&model->more);
    vec_done(&model->flights);
    vec_done(&model->pages);
    vec_done(&model->modules);
    vec_done(&model->sources);
    vec_done(&model->marks);
    map_done(&model->heap_numbers);
    arena_done(&model->texts);
    memory_free(model);
}

/* ---- changes ---- */

static void model_tell(struct model *model)
{
    if (model->config.see && model->changed)
        model->config.see(model->config.context, &(struct changes){model->changes, model->made, model->freed, model->rare, model->changed, model->made_count,
                                                                   model->freed_count, model->rare_count});
    model->changed = model->made_count = model->freed_count = model->rare_count = 0;
}

static inline struct change *model_change(struct model *model, enum change_kind kind, const struct event *event)
{
    if (model->changed == MODEL_CHANGES)
        model_tell(model);
    struct change *change = model->changes + model->changed++;
    model->made[model->made_count] = model->freed[model->freed_count] = model->rare[model->rare_count] = change;
    model->made_count += kind == CHANGE_BIRTH || kind == CHANGE_RESIZE;
    model->freed_count += kind == CHANGE_FREE;
    model->rare_count += kind != CHANGE_BIRTH && kind != CHANGE_FREE;
    change->kind = (uint8_t)kind;
    change->api = event->api;
    change->process = event->process;
    change->thread = event->thread;
    change->site = 0;
    change->time_ns = event->time_ns;
    change->address = event->address;
    change->old_address = event->old_address;
    change->size = event->size;
    return change;
}

/* ---- accounts ---- */

struct owners {
    struct account *account[5];
    struct site *site;
};

static inline void model_owners(struct model *model, struct heap_state *heap, const struct block *block, struct owners *owners)
{
    struct site *site = model->sites.at + block->site;
    *owners = (struct owners){{&model->totals.account, &model->processes.at[block->process].account, &heap->heap.account,
                               &model->threads.at[block->thread].account, &site->account}, site};
}

/* What a site holds at the peak is what it held before its first change after it: no peak has to visit all sites. */
static inline void model_keep_peak(struct model *model, uint32_t number)
{
    struct site *site = model->sites.at + number;
    if (site->peak_epoch == model->peak_epoch)
        return;
    site->peak_epoch = model->peak_epoch;
    site->at_peak = site->account.live;
    if (model->config.sample_bytes)
        model->spreads.at[number].at_peak = model->spreads.at[number].live;
}

static void model_enter(struct model *model, struct heap_state *heap, const struct change *change, bool counts)
{
    const struct tally amount = change->amount;
    struct owners owners;
    model_keep_peak(model, change->block.site);
    model_owners(model, heap, &change->block, &owners);
    if (change->block.flags & BLOCK_SAMPLED) {
        weight_spread_add(&model->totals.live_spread, change->block.size, model->config.sample_bytes);
        weight_spread_add(&model->spreads.at[change->block.site].live, change->block.size, model->config.sample_bytes);
    }
    bool peak = model->totals.account.live.bytes + amount.bytes > model->totals.account.peak.bytes;
    for (int i = 0; i < 5; i++) {
        struct account *account = owners.account[i];
        account->live.bytes += amount.bytes;
        account->live.count += amount.count;
        account->allocated.bytes += counts ? amount.bytes : 0;
        account->allocated.count += counts ? amount.count : 0;
        if (account->live.bytes > account->peak.bytes) {
            account->peak = account->live;
            account->peak_time_ns = change->time_ns;
        }
    }
    if (!peak)
        return;
    model->peak_epoch++;
    if (model->config.sample_bytes)
        model->totals.peak_spread = model->totals.live_spread;
}

/* The block is not live any more. */
static void model_exit(struct model *model, struct heap_state *heap, const struct change *change, bool freed)
{
    const struct tally amount = change->amount;
    struct owners owners;
    model_keep_peak(model, change->block.site);
    model_owners(model, heap, &change->block, &owners);
    if (change->block.flags & BLOCK_SAMPLED) {
        weight_spread_remove(&model->totals.live_spread, change->block.size, model->config.sample_bytes);
        weight_spread_remove(&model->spreads.at[change->block.site].live, change->block.size, model->config.sample_bytes);
    }
    for (int i = 0; i < 5; i++) {
        struct account *account = owners.account[i];
        account->live.bytes -= amount.bytes;
        account->live.count -= amount.count;
        account->freed.bytes += freed ? amount.bytes : 0;
        account->freed.count += freed ? amount.count : 0;
    }
}

static void model_count_freed(struct model *model, struct heap_state *heap, const struct block *block)
{
    struct tally amount = model_weigh(model, block);
    struct owners owners;
    model_owners(model, heap, block, &owners);
    for (int i = 0; i < 5; i++) {
        owners.account[i]->freed.bytes += amount.bytes;
        owners.account[i]->freed.count += amount.count;
    }
}

/* Its own latest block: no allocation of the thread lies between birth and free. */
static void model_count_temporary(struct model *model, struct thread *thread, const struct change *change)
{
    if (!thread->id || thread->last_address != change->block.address || thread->last_heap != change->block.heap)
        return;
    struct site *site = model->sites.at + change->block.site;
    thread->last_address = 0;
    thread->temporary.bytes += change->amount.bytes;
    thread->temporary.count += change->amount.count;
    site->temporary.bytes += change->amount.bytes;
    site->temporary.count += change->amount.count;
}

static void model_count_free_by(struct model *model, uint32_t number, const struct change *change)
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

/* ---- blocks ---- */

/* Tells about the block in `slot` and takes it out of the live ones; the slot itself stays. */
static struct change *model_take(struct model *model, enum change_kind kind, const struct event *event, struct heap_state *heap, const struct slot *slot)
{
    struct change *change = model_change(model, kind, event);
    model_block_of(model, heap, slot, &change->block);
    change->amount = model_weigh(model, &change->block);
    model_exit(model, heap, change, kind == CHANGE_FREE);
    return change;
}

static void model_vanish(struct model *model, const struct event *event, struct heap_state *heap, const struct slot *slot)
{
    struct change *change = model_take(model, CHANGE_VANISH, event, heap, slot);
    model->totals.vanished.bytes += change->amount.bytes;
    model->totals.vanished.count += change->amount.count;
    model_slot_drop(model, slot);
}

/* Puts change->block among the live ones; a block that still stands at its address must have ended unseen. */
static void model_settle(struct model *model, const struct event *event, struct heap_state *heap, enum change_kind kind, const struct block *block,
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

static bool model_is_left_out(const struct model *model, const struct event *event)
{
    return model->config.only_thread && event->thread != model->config.only_thread;
}

/* Another thread's block, which is left out, came to be here: one that is known there must have ended unseen. */
static void model_evict(struct model *model, const struct event *event, struct heap_state *heap)
{
    struct slot *slot = blocks_find(&heap->blocks, event->address);
    if (!slot)
        return;
    model_vanish(model, event, heap, slot);
    blocks_remove(&heap->blocks, slot);
}

static void model_block_born(struct model *model, const struct event *event, struct heap_state *heap, struct block *block)
{
    uint32_t site = model_site(model, event->stack);
    if (event->source && event->source < model->sources.count)
        model->sites.at[site].source = event->source;
    *block = (struct block){.address = event->address, .size = event->size, .usable = event->usable, .birth_ns = event->time_ns, .site = site, .thread = event->thread,
                            .process = heap->heap.process, .heap = heap->heap.id, .first_site = site,
                            .flags = (event->flags & EVENT_SAMPLED && model->config.sample_bytes ? BLOCK_SAMPLED : 0) |
                                     (event->flags & EVENT_INHERITED ? BLOCK_OLD : 0)};
    model->totals.truncated += (event->flags & EVENT_TRUNCATED) != 0;
}

/* Counts a birth that is no inheritance. */
static void model_count_birth(struct model *model, const struct block *block)
{
    model->threads.at[block->thread].last_address = block->address;
    model->threads.at[block->thread].last_heap = block->heap;
    if (!(block->flags & BLOCK_SAMPLED))
        return;
    model->totals.samples++;
    weight_spread_add(&model->totals.allocated_spread, block->size, model->config.sample_bytes);
    weight_spread_add(&model->spreads.at[block->site].allocated, block->size, model->config.sample_bytes);
}

static void apply_alloc(struct model *model, const struct event *event, struct heap_state *heap)
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
static void apply_unknown(struct model *model, const struct event *event, struct process *process)
{
    if (model->config.only_thread || model->config.sample_bytes)
        return;
    bool foreign = process->how == 1;
    *(foreign ? &model->totals.foreign_frees : &model->totals.unknown_frees) += 1;
    *(foreign ? &process->foreign_frees : &process->unknown_frees) += 1;
    model_change(model, foreign ? CHANGE_FOREIGN : CHANGE_UNKNOWN, event);
}

static void apply_free(struct model *model, const struct event *event, struct heap_state *heap)
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

/* ---- realloc ---- */

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

static void apply_resize_begin(struct model *model, const struct event *event, struct heap_state *heap)
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

static void apply_resize_end(struct model *model, const struct event *event, struct heap_state *heap)
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

/* ---- the rest ---- */

static void apply_refuse(struct model *model, const struct event *event)
{
    if (model_is_left_out(model, event))
        return;
    uint32_t site = model_site(model, event->stack);
    model->totals.refused++;
    model->processes.at[event->process].refused++;
    model->threads.at[event->thread].refused++;
    model->sites.at[site].refused++;
    model_change(model, CHANGE_REFUSE, event)->site = site;
}

static void model_count_pages(struct model *model, uint64_t before, const struct event *event)
{
    struct process *owner = model->processes.at + event->process;
    owner->mapped_bytes = model->pages.at[event->process].bytes;
    model->totals.mapped_bytes += owner->mapped_bytes - before;
    if (owner->mapped_bytes > owner->mapped_peak_bytes)
        owner->mapped_peak_bytes = owner->mapped_bytes;
    if (model->totals.mapped_bytes <= model->totals.mapped_peak_bytes)
        return;
    model->totals.mapped_peak_bytes = model->totals.mapped_bytes;
    model->totals.mapped_peak_time_ns = event->time_ns;
}

static ht_addr range_end(ht_addr start, uint64_t size)
{
    return start + size < start ? UINT64_MAX : start + size;
}

static void apply_map(struct model *model, const struct event *event)
{
    if (model_is_left_out(model, event))
        return;
    struct pages *pages = model->pages.at + event->process;
    uint64_t before = pages->bytes;
    uint32_t site = model_site(model, event->stack);
    pages_map(pages, &(struct page_range){event->address, range_end(event->address, event->size), event->time_ns, site, event->thread,
                                           event->process});
    model->totals.maps++;
    model_count_pages(model, before, event);
    model_change(model, CHANGE_MAP, event)->site = site;
}

static void apply_unmap(struct model *model, const struct event *event)
{
    struct pages *pages = model->pages.at + event->process;
    uint64_t before = pages->bytes;
    pages_unmap(pages, event->address, range_end(event->address, event->size));
    model->totals.unmaps++;
    model_count_pages(model, before, event);
    model_change(model, CHANGE_UNMAP, event);
}

static void model_leave_heap(struct model *model, const struct event *event, struct heap_state *heap)
{
    struct process *process = model->processes.at + heap->heap.process;
    for (size_t i = 0; i < heap->blocks.room; i++) {
        if (!heap->blocks.at[i].address)
            continue;
        struct tally amount = model_take(model, CHANGE_LEAVE, event, heap, heap->blocks.at + i)->amount;
        process->left.bytes += amount.bytes;
        process->left.count += amount.count;
        struct site *site = model->sites.at + heap->blocks.at[i].site;
        site->left.bytes += amount.bytes;
        site->left.count += amount.count;
        model->totals.left.bytes += amount.bytes;
        model->totals.left.count += amount.count;
        model_slot_drop(model, heap->blocks.at + i);
    }
    blocks_done(&heap->blocks);
}

static void model_restore_flights(struct model *model, const struct event *event, uint32_t process)
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

static void model_process_over(struct model *model, const struct event *event, uint32_t number)
{
    struct process *process = model->processes.at + number;
    if (!number || process->ended)
        return;
    process->ended = true;
    process->end_ns = event->time_ns;
    model_restore_flights(model, event, number);
    for (struct heap_state *heap = model->process_heaps.at[number]; heap; heap = heap->next_of_process)
        model_leave_heap(model, event, heap);
    model->totals.mapped_bytes -= model->pages.at[number].bytes;
    pages_done(model->pages.at + number);
}

static void apply_course(struct model *model, const struct event *event)
{
    uint32_t process = event->process, thread = event->thread;
    if (event->kind == EVENT_THREAD_END && thread) {
        model->threads.at[thread].ended = true;
        model->threads.at[thread].end_ns = event->time_ns;
    }
    if (event->kind == EVENT_PROCESS_END && process) {
        model->processes.at[process].status = event->size;
        model->processes.at[process].status_known = !(event->flags & 1);
        model_process_over(model, event, process);
    }
    if (event->kind == EVENT_GAP) {
        model->totals.gaps++;
        model->totals.lost_events += event->size;
        model->totals.lost_bytes += event->address;
    }
    model_change(model, CHANGE_NONE, event);
}

static void model_apply(struct model *model, const struct event *event)
{
    model->time_ns = event->time_ns;
    model->totals.events++;
    switch (event->kind) {
    case EVENT_ALLOC:
        apply_alloc(model, event, model_heap_of(model, event->process, event->heap));
        break;
    case EVENT_FREE:
        apply_free(model, event, model_heap_of(model, event->process, event->heap));
        break;
    case EVENT_RESIZE_BEGIN:
        apply_resize_begin(model, event, model_heap_of(model, event->process, event->heap));
        break;
    case EVENT_RESIZE_END:
        apply_resize_end(model, event, model_heap_of(model, event->process, event->heap));
        break;
    case EVENT_REFUSE:
        apply_refuse(model, event);
        break;
    case EVENT_MAP:
        apply_map(model, event);
        break;
    case EVENT_UNMAP:
        apply_unmap(model, event);
        break;
    default:
        apply_course(model, event);
    }
}

/* ---- the door ---- */

/* Always inline: GCC takes a function that only fetches for one without effect, and drops the call. */
static inline __attribute__((always_inline)) void model_fetch(const struct model *model, const struct event *event)
{
    const struct heap_state *heap = model->process_heaps.at[event->process];
    if (heap)
        blocks_fetch(&heap->blocks, event->address);
    if (event->stack < model->frames.count)
        __builtin_prefetch(model->frames.at + event->stack);
}

/* The second step, when what the first one fetched has come: the record of the site. A slot that is not at its home is missed; that costs time only. */
static inline __attribute__((always_inline)) void model_fetch_site(const struct model *model, const struct event *event)
{
    const struct heap_state *heap = model->process_heaps.at[event->process];
    const struct site *site = model->sites.at;
    if (event->kind == EVENT_ALLOC && event->stack < model->frames.count)
        site += model->frames.at[event->stack].site;
    else if (heap && heap->blocks.room)
        site += heap->blocks.at[blocks_home(&heap->blocks, event->address)].site;
    __builtin_prefetch(site, 1);
    __builtin_prefetch((const char *)site + 64, 1);
    __builtin_prefetch((const char *)(site + 1) - 1, 1);
}

void model_flush(struct model *model)
{
    for (unsigned i = 0; i < MODEL_AHEAD && i < model->queued; i++)
        model_fetch_site(model, model->queue + i);
    for (unsigned i = 0; i < model->queued; i++) {
        if (i + MODEL_AHEAD < model->queued)
            model_fetch_site(model, model->queue + i + MODEL_AHEAD);
        model_apply(model, model->queue + i);
    }
    model->queued = 0;
    model_tell(model);
}

/* An image that execs is over, though its process id goes on. */
static void model_exec(struct model *model, const struct event *event)
{
    const struct process_definition *process = event->define;
    model_flush(model);
    if (process->how == 2)
        model_process_over(model, event, model_process_index(model, process->parent));
}

void model_put(struct model *model, const struct event *event)
{
    if (event->define && event->kind != EVENT_GAP) {
        if (event->kind == EVENT_PROCESS)
            model_exec(model, event);
        model_define(model, event);
        return;
    }
    if (model->config.only_process && event->process != model->config.only_process && event->kind != EVENT_GAP)
        return;
    struct event *taken = model->queue + model->queued++;
    *taken = *event;
    taken->process = model_process_index(model, event->process);
    taken->thread = model_thread_index(model, event->thread);
    model_fetch(model, taken);
    if (model->queued == MODEL_QUEUE)
        model_flush(model);
}

static void account_restart(struct account *account, uint64_t time_ns)
{
    account->allocated = account->freed = (struct tally){0};
    account->peak = account->live;
    account->peak_time_ns = time_ns;
}

static void model_restart_totals(struct model *model, uint64_t time_ns)
{
    struct model_totals old = model->totals;
    model->totals = (struct model_totals){.account = old.account, .begin_ns = time_ns, .end_ns = time_ns, .mapped_bytes = old.mapped_bytes,
                                          .mapped_peak_bytes = old.mapped_bytes, .mapped_peak_time_ns = time_ns, .cost_known = old.cost_known,
                                          .cost = old.cost, .live_spread = old.live_spread, .peak_spread = old.live_spread};
    account_restart(&model->totals.account, time_ns);
}

void model_restart(struct model *model, uint64_t time_ns)
{
    model_flush(model);
    model_restart_totals(model, time_ns);
    model->peak_epoch++; /* no site has changed since: all hold at the peak what they hold now */
    for (size_t i = 0; i < model->sites.count; i++) {
        account_restart(&model->sites.at[i].account, time_ns);
        model->sites.at[i].left = model->sites.at[i].temporary = (struct tally){0};
        model->sites.at[i].refused = 0;
        if (model->config.sample_bytes)
            model->spreads.at[i].allocated = (struct spread){0};
    }
    for (size_t i = 0; i < model->threads.count; i++) {
        account_restart(&model->threads.at[i].account, time_ns);
        model->threads.at[i].frees = model->threads.at[i].foreign_frees = model->threads.at[i].temporary = (struct tally){0};
        model->threads.at[i].refused = 0;
    }
    for (size_t i = 0; i < model->processes.count; i++) {
        struct process *process = model->processes.at + i;
        account_restart(&process->account, time_ns);
        process->left = (struct tally){0};
        process->refused = process->unknown_frees = process->foreign_frees = 0;
        process->mapped_peak_bytes = process->mapped_bytes;
    }
    for (size_t i = 0; i < model->heaps.count; i++)
        account_restart(&model->heaps.at[i]->heap.account, time_ns);
}

void model_finish(struct model *model, uint64_t time_ns)
{
    model_flush(model);
    if (time_ns > model->time_ns)
        model->time_ns = time_ns;
    model_restore_flights(model, &(struct event){.time_ns = model->time_ns}, 0);
    model_tell(model);
}
