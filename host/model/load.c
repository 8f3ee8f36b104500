/* load: in the totals of a trace, out the model's end without its blocks. */
#include "state.h"

static struct tally tally_of(uint64_t bytes, uint64_t count)
{
    return (struct tally){bytes, count << TALLY_SHIFT};
}

/* Site 0, "no stack", is there already. */
static struct site *load_site_new(struct model *model, uint32_t stack)
{
    if (!stack)
        return model->sites.at;
    vec_push(&model->sites, ((struct site){.stack = stack}));
    return model->sites.at + model->sites.count - 1;
}

/* Which of its blocks live in a running process is told for all sites together only; where none does, all were left. */
static void load_site(struct model *model, const struct trace_site_total *total, bool all_ended)
{
    struct site *site = load_site_new(model, total->stack);
    site->source = total->source;
    site->account.allocated = total->allocated;
    site->account.freed = (struct tally){total->allocated.bytes - total->leaked.bytes, total->allocated.count - total->leaked.count};
    site->account.live = all_ended ? (struct tally){0} : total->leaked;
    site->left = all_ended ? total->leaked : (struct tally){0};
    site->account.peak.bytes = total->own_peak_bytes;
    site->peak_epoch = model->peak_epoch;
    site->at_peak = total->peak;
    site->temporary = total->temporary;
    site->refused = total->refused;
}

void model_load(struct model *model, const struct trace_totals *t)
{
    model->time_ns = t->duration_ns;
    model->peak_epoch = 1;
    model->loaded_sites = t->sites;
    struct account account = {.allocated = tally_of(t->allocated_bytes, t->allocations),
                              .freed = tally_of(t->freed_bytes, t->frees),
                              .live = tally_of(t->live_bytes, t->live_count),
                              .peak = tally_of(t->peak_bytes, t->peak_count),
                              .peak_time_ns = t->peak_time_ns};
    model->totals = (struct model_totals){.account = account,
                                          .left = tally_of(t->leaked_bytes - t->live_bytes, t->leaked_count - t->live_count),
                                          .vanished = tally_of(0, t->vanished),
                                          .events = t->events,
                                          .processes = t->processes,
                                          .threads = t->threads,
                                          .resizes = t->resizes,
                                          .refused = t->refused,
                                          .unknown_frees = t->unknown_frees,
                                          .foreign_frees = t->inherited_frees,
                                          .gaps = t->gaps,
                                          .lost_events = t->lost_events,
                                          .lost_bytes = t->lost_bytes,
                                          .cost_known = true,
                                          .cost = t->cost};
    for (uint32_t i = 0; i < t->site_count; i++)
        load_site(model, t->site + i, !t->live_count);
}
