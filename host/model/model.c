/* model: in events in exact order, out the state of all heaps and the changes. Events wait in a short queue while the memory that they will touch is
 * fetched: with a million live blocks nearly every event would stand still for it otherwise. */
#include "step.h"

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
    model->sources.at[0] = (struct source){.file = "", .function = "", .variable = ""};
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
    vec_done(&model->faults);
    vec_done(&model->alerts);
    vec_done(&model->readings);
    vec_done(&model->pools);
    vec_done(&model->scans);
    vec_done(&model->scan_sites);
    vec_done(&model->scan_blocks);
    map_done(&model->heap_numbers);
    arena_done(&model->texts);
    memory_free(model);
}

void model_tell(struct model *model)
{
    if (model->config.see && model->changed)
        model->config.see(model->config.context, &(struct changes){model->changes, model->made, model->freed, model->rare, model->changed, model->made_count,
                                                                   model->freed_count, model->rare_count});
    model->changed = model->made_count = model->freed_count = model->rare_count = 0;
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

/* An image that execs is over, though its process id goes on. One of another id was spawned, and its parent lives. */
static void model_exec(struct model *model, const struct event *event)
{
    const struct process_definition *process = event->define;
    model_flush(model);
    uint32_t parent = model_process_index(model, process->parent);
    if (process->how == 2 && model->processes.at[parent].pid == process->pid)
        model_process_over(model, event, parent);
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

static void heap_restart(struct heap *heap, uint64_t time_ns)
{
    account_restart(&heap->account, time_ns);
    heap->refused = 0;
}

static void model_restart_totals(struct model *model, uint64_t time_ns)
{
    struct model_totals old = model->totals;
    model->totals = (struct model_totals){.account = old.account,
                                          .processes = old.processes,
                                          .threads = old.threads,
                                          .begin_ns = time_ns,
                                          .end_ns = time_ns,
                                          .mapped_bytes = old.mapped_bytes,
                                          .mapped_peak_bytes = old.mapped_bytes,
                                          .mapped_peak_time_ns = time_ns,
                                          .cost_known = old.cost_known,
                                          .cost = old.cost,
                                          .live_spread = old.live_spread,
                                          .peak_spread = old.live_spread};
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
        model->sites.at[i].refused = model->sites.at[i].maps = 0;
        if (model->config.sample_bytes)
            model->spreads.at[i].allocated = (struct spread){0};
    }
    for (size_t i = 0; i < model->threads.count; i++) {
        account_restart(&model->threads.at[i].account, time_ns);
        model->threads.at[i].frees = model->threads.at[i].foreign_frees = model->threads.at[i].temporary = (struct tally){0};
        model->threads.at[i].refused = 0;
        model->threads.at[i].last_address = 0; /* a temporary block is one whose birth counts */
    }
    for (size_t i = 0; i < model->processes.count; i++) {
        struct process *process = model->processes.at + i;
        account_restart(&process->account, time_ns);
        process->left = (struct tally){0};
        process->refused = process->unknown_frees = process->foreign_frees = 0;
        process->mapped_peak_bytes = process->mapped_bytes;
    }
    for (size_t i = 0; i < model->heaps.count; i++)
        heap_restart(&model->heaps.at[i]->heap, time_ns);
    model->faults.count = model->alerts.count = model->readings.count = 0;
}

void model_finish(struct model *model, uint64_t time_ns)
{
    model_flush(model);
    if (time_ns > model->time_ns)
        model->time_ns = time_ns;
    model_restore_flights(model, &(struct event){.time_ns = model->time_ns}, 0);
    model_tell(model);
}
