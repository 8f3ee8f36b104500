/* pulse: in a model that is asked from time to time, out what went on since it was asked last. */
#include "pulse.h"

static void pulse_take_sites(struct pulse *pulse, const struct model *model, struct pulse_beat *beat)
{
    size_t count;
    const struct site *sites = model_sites(model, &count);
    vec_extend(&pulse->held, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t now = sites[i].account.live.bytes, before = pulse->held.at[i];
        if (now > before && now - before > beat->stack_bytes) {
            beat->stack = sites[i].stack;
            beat->stack_bytes = now - before;
        }
        pulse->held.at[i] = now;
    }
}

void pulse_take(struct pulse *pulse, const struct model *model, uint64_t time_ns, struct pulse_beat *beat)
{
    const struct account *account = &model_get_totals(model)->account;
    uint64_t allocations = tally_count(account->allocated), frees = tally_count(account->freed);
    *beat = (struct pulse_beat){.time_ns = time_ns,
                                .width_ns = time_ns > pulse->time_ns ? time_ns - pulse->time_ns : 0,
                                .allocations = allocations - pulse->allocations,
                                .frees = frees - pulse->frees,
                                .bytes = account->allocated.bytes - pulse->allocated_bytes,
                                .growth_bytes = (int64_t)(account->live.bytes - pulse->live_bytes)};
    pulse->time_ns = time_ns;
    pulse->allocations = allocations;
    pulse->frees = frees;
    pulse->allocated_bytes = account->allocated.bytes;
    pulse->live_bytes = account->live.bytes;
    pulse_take_sites(pulse, model, beat);
}

double pulse_rate(const struct pulse_beat *beat, double count)
{
    return beat->width_ns ? count * 1e9 / (double)beat->width_ns : 0;
}

void pulse_done(struct pulse *pulse)
{
    vec_done(&pulse->held);
}
