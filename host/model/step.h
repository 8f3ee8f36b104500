/* step: what one event does to the model; the parts that the files of host/model share. */
#ifndef HOST_MODEL_STEP_H
#define HOST_MODEL_STEP_H

#include "state.h"

/* The next change to fill, in the right lists. */
void model_tell(struct model *model);
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
    change->is_temporary = false;
    change->process = event->process;
    change->thread = event->thread;
    change->site = 0;
    change->stack = event->stack;
    change->time_ns = event->time_ns;
    change->address = event->address;
    change->old_address = event->old_address;
    change->size = event->size;
    change->live = model->totals.account.live;
    return change;
}

static inline bool model_is_left_out(const struct model *model, const struct event *event)
{
    return model->config.only_thread && event->thread != model->config.only_thread;
}

/* live.c: blocks come and go */
struct change *model_take(struct model *model, enum change_kind kind, const struct event *event, struct heap_state *heap, const struct slot *slot);
void model_vanish(struct model *model, const struct event *event, struct heap_state *heap, const struct slot *slot);
void model_settle(struct model *model, const struct event *event, struct heap_state *heap, enum change_kind kind, const struct block *block,
                  const struct block *old);
void model_evict(struct model *model, const struct event *event, struct heap_state *heap);
void model_block_born(struct model *model, const struct event *event, struct heap_state *heap, struct block *block);
void model_count_birth(struct model *model, const struct block *block);
void apply_alloc(struct model *model, const struct event *event, struct heap_state *heap);
void apply_free(struct model *model, const struct event *event, struct heap_state *heap);
void apply_unknown(struct model *model, const struct event *event, struct process *process);

/* resize.c: realloc */
void apply_resize_begin(struct model *model, const struct event *event, struct heap_state *heap);
void apply_resize_end(struct model *model, const struct event *event, struct heap_state *heap);
/* Gives up the reallocs in flight of a process, or of all (0). */
void model_restore_flights(struct model *model, const struct event *event, uint32_t process);

/* course.c: refusals, pages, ends, gaps */
void apply_refuse(struct model *model, const struct event *event);
void apply_map(struct model *model, const struct event *event);
void apply_unmap(struct model *model, const struct event *event);
void apply_course(struct model *model, const struct event *event);
void model_process_over(struct model *model, const struct event *event, uint32_t number);

#endif
