/* ask: in the model, out what others may know of it. */
#include "host/trace/tally.h"
#include "state.h"
#include "weight.h"

const struct model_totals *model_get_totals(const struct model *model)
{
    return &model->totals;
}

uint64_t model_sample_bytes(const struct model *model)
{
    return model->config.sample_bytes;
}

void **model_shared(const struct model *model)
{
    return &((struct model *)model)->shared;
}

uint64_t model_tick_ns(const struct model *model)
{
    return model->config.tick_ns;
}

uint64_t model_time(const struct model *model)
{
    return model->time_ns;
}

const struct site *model_sites(const struct model *model, size_t *count)
{
    *count = model->sites.count;
    return model->sites.at;
}

const struct thread *model_threads(const struct model *model, size_t *count)
{
    *count = model->threads.count;
    return model->threads.at;
}

const struct process *model_processes(const struct model *model, size_t *count)
{
    *count = model->processes.count;
    return model->processes.at;
}

const struct module *model_modules(const struct model *model, size_t *count)
{
    *count = model->modules.count;
    return model->modules.at;
}

const struct source *model_sources(const struct model *model, size_t *count)
{
    *count = model->sources.count;
    return model->sources.at;
}

const struct mark *model_marks(const struct model *model, size_t *count)
{
    *count = model->marks.count;
    return model->marks.at;
}

const struct fault *model_faults(const struct model *model, size_t *count)
{
    *count = model->faults.count;
    return model->faults.at;
}

const struct alert *model_alerts(const struct model *model, size_t *count)
{
    *count = model->alerts.count;
    return model->alerts.at;
}

const struct heap_reading *model_readings(const struct model *model, size_t *count)
{
    *count = model->readings.count;
    return model->readings.at;
}

const struct pool *model_pools(const struct model *model, size_t *count)
{
    *count = model->pools.count;
    return model->pools.at;
}

const struct scan_result *model_scans(const struct model *model, size_t *count)
{
    *count = model->scans.count;
    return model->scans.at;
}

const struct scan_finding *model_scan_sites(const struct model *model, size_t *count)
{
    *count = model->scan_sites.count;
    return model->scan_sites.at;
}

const struct scan_finding *model_scan_blocks(const struct model *model, size_t *count)
{
    *count = model->scan_blocks.count;
    return model->scan_blocks.at;
}

const struct heap *model_heap(const struct model *model, size_t number)
{
    if (number >= model->heaps.count)
        return NULL;
    struct heap_state *state = model->heaps.at[number];
    if (state->is_alone)
        state->heap.account = model->processes.at[state->heap.process].account;
    return &state->heap;
}

uint64_t model_count_sites(const struct model *model)
{
    uint64_t count = 0;
    for (size_t i = 1; i < model->sites.count && !model->loaded_sites; i++) {
        const struct site *site = model->sites.at + i;
        count += (site->account.allocated.count | site->account.freed.count | site->account.peak.count | site->refused | site->maps) != 0;
    }
    return count + model->loaded_sites;
}

uint32_t model_parent(const struct model *model, uint32_t stack)
{
    return stack < model->frames.count ? model->frames.at[stack].parent : 0;
}

size_t model_stacks(const struct model *model)
{
    return model->frames.count;
}

struct tally model_site_at_peak(const struct model *model, uint32_t site)
{
    const struct site *at = model->sites.at + site;
    return at->peak_epoch == model->peak_epoch ? at->at_peak : at->account.live;
}

struct spread model_site_spread(const struct model *model, uint32_t site)
{
    return site < model->spreads.count ? model->spreads.at[site].allocated : (struct spread){0};
}

struct spread model_site_peak_spread(const struct model *model, uint32_t site)
{
    if (site >= model->spreads.count)
        return (struct spread){0};
    const struct site_spread *spread = model->spreads.at + site;
    return model->sites.at[site].peak_epoch == model->peak_epoch ? spread->at_peak : spread->live;
}

static void visit_heap(const struct model *model, const struct heap_state *heap, void (*visit)(void *context, const struct block *block), void *context)
{
    struct block block;
    for (size_t i = 0; i < heap->blocks.room; i++) {
        if (!heap->blocks.at[i].address)
            continue;
        model_block_of(model, heap, heap->blocks.at + i, &block);
        visit(context, &block);
    }
}

void model_each_block(const struct model *model, void (*visit)(void *context, const struct block *block), void *context)
{
    for (size_t i = 0; i < model->heaps.count; i++)
        visit_heap(model, model->heaps.at[i], visit, context);
    for (size_t i = 0; i < model->flights.count; i++) {
        struct block block;
        model_block_of(model, model->flights.at[i].heap, &model->flights.at[i].slot, &block);
        visit(context, &block);
    }
}

void model_each_pages(const struct model *model, void (*visit)(void *context, const struct page_range *range), void *context)
{
    for (size_t i = 0; i < model->pages.count; i++)
        for (size_t j = 0; j < model->pages.at[i].ranges.count; j++)
            visit(context, model->pages.at[i].ranges.at + j);
}

struct tally model_weigh(const struct model *model, const struct block *block)
{
    if (block->flags & BLOCK_SAMPLED)
        return tally_weigh(block->size, model->config.sample_bytes);
    return (struct tally){block->size, TALLY_ONE};
}

void model_spread_add(const struct model *model, struct spread *spread, const struct block *block)
{
    if (block->flags & BLOCK_SAMPLED)
        weight_spread_add(spread, block->size, model->config.sample_bytes);
}
