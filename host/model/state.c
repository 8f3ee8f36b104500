/* state: in ids of events, out the model's records of sites, heaps and blocks, made when they are first met. */
#include "state.h"

#include <string.h>

uint32_t model_site_new(struct model *model, uint32_t stack)
{
    uint32_t site = (uint32_t)model->sites.count;
    vec_push(&model->sites, ((struct site){.stack = stack, .peak_epoch = model->peak_epoch}));
    if (model->config.sample_bytes)
        vec_extend(&model->spreads, site + 1);
    model->frames.at[stack].site = site;
    return site;
}

/* A forked child's heaps are called as its parent's. */
static void model_heap_name(const struct model *model, struct heap *heap)
{
    uint64_t parent = model_process_index(model, model->processes.at[heap->process].parent);
    uint64_t *number = map_get(&model->heap_numbers, parent << 32 | heap->id);
    if (!heap->id || !number || !*number)
        return;
    const struct heap *first = &model->heaps.at[*number - 1]->heap;
    heap->kind = first->kind;
    heap->base = first->base;
    heap->size = first->size;
    heap->name = first->name;
    heap->caps = first->caps;
}

static struct heap_state *model_heap_new(struct model *model, uint32_t process, uint32_t heap)
{
    struct heap_state *state = arena_new(&model->texts, sizeof *state);
    state->heap = (struct heap){.id = heap, .process = process, .name = heap ? "" : "malloc"};
    model_heap_name(model, &state->heap);
    vec_push(&model->heaps, state);
    struct heap_state *first = model->process_heaps.at[process];
    if (first) {
        state->next_of_process = first->next_of_process;
        first->next_of_process = state;
        if (first->is_alone)
            first->heap.account = model->processes.at[process].account;
        first->is_alone = false;
    } else {
        state->is_alone = true;
        model->process_heaps.at[process] = state;
    }
    return state;
}

/* The malloc heap is the first of its process's list, so it is made before any other. */
struct heap_state *model_heap_find(struct model *model, uint32_t process, uint32_t heap)
{
    struct heap_state *first = model->process_heaps.at[process];
    if (!first)
        first = model_heap_new(model, process, 0);
    if (!heap)
        return first;
    uint64_t *number = map_put(&model->heap_numbers, (uint64_t)process << 32 | heap, NULL);
    if (!*number) {
        model_heap_new(model, process, heap);
        *number = model->heaps.count;
    }
    return model->heaps.at[*number - 1];
}

void model_block_of(const struct model *model, const struct heap_state *heap, const struct slot *slot, struct block *block)
{
    *block = (struct block){
        .address = slot->address,
        .size = slot->size,
        .usable = slot->usable,
        .birth_ns = slot->birth_flags >> 8,
        .site = slot->site,
        .thread = slot->thread,
        .process = heap->heap.process,
        .heap = heap->heap.id,
        .first_site = slot->site,
        .flags = slot->birth_flags & (SLOT_SAMPLED | SLOT_OLD | SLOT_INTERRUPT),
    };
    if (block->birth_ns < model->totals.begin_ns)
        block->flags |= BLOCK_OLD;
    if (slot->birth_flags & SLOT_MORE) {
        const struct more *more = model->more.at + slot->usable;
        block->size = more->size;
        block->usable = more->usable;
        block->first_site = more->first_site;
        block->resizes = more->resizes;
        block->moves = more->moves;
    }
}

static uint32_t model_more_new(struct model *model)
{
    uint32_t number = model->free_more;
    if (number) {
        model->free_more = model->more.at[number].next_free;
        return number;
    }
    vec_extend(&model->more, model->more.count + 1 + !model->more.count);
    return (uint32_t)model->more.count - 1;
}

void model_slot_fill(struct model *model, struct slot *slot, const struct block *block)
{
    bool more = block->resizes || block->size > UINT32_MAX || block->usable > UINT32_MAX;
    slot->birth_flags = block->birth_ns << 8 | block->flags | (more ? SLOT_MORE : 0);
    slot->size = (uint32_t)block->size;
    slot->usable = (uint32_t)block->usable;
    slot->site = block->site;
    slot->thread = block->thread;
    if (!more)
        return;
    slot->usable = model_more_new(model);
    model->more.at[slot->usable] =
        (struct more){.size = block->size, .usable = block->usable, .first_site = block->first_site, .resizes = block->resizes, .moves = block->moves};
}

void model_slot_drop(struct model *model, const struct slot *slot)
{
    if (!(slot->birth_flags & SLOT_MORE))
        return;
    model->more.at[slot->usable].next_free = model->free_more;
    model->free_more = slot->usable;
}
