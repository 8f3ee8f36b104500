/* fit: in a list of requests and a model, out the smallest arena in which nothing is refused. */
#include "fit.h"

struct search {
    const struct requests *requests;
    uint32_t heap;
    uint64_t base;
    struct play_config config;
    struct fit *fit;
    uint64_t reach;
};

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + FIT_STEP - 1) & ~(uint64_t)(FIT_STEP - 1);
}

/* True: it holds all; `reach` is what it used of it then. */
static bool holds(struct search *search, uint64_t bytes)
{
    struct play_result result;
    struct play_arena arena = {.regions = {{search->base, bytes}}, .region_count = 1};
    struct play *play = play_new(search->requests, search->heap, &arena, &search->config, NULL);
    search->fit->runs++;
    if (!play)
        return false;
    bool is_good = play_all(play);
    play_finish(play, &result);
    search->fit->requests += result.requests;
    search->reach = result.reach;
    play_result_done(&result);
    play_free(play);
    return is_good;
}

static void look(struct search *search, uint64_t bytes)
{
    if (holds(search, bytes))
        search->fit->bytes = bytes;
    else
        search->fit->below = bytes;
}

/* What the blocks reached in a larger arena often is all that they need, but for what lies behind them. */
static void look_at_reach(struct search *search)
{
    static const uint64_t behind[] = {0, 16, 64, 512};
    uint64_t reach = round_up(search->reach);
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        uint64_t bytes = reach + behind[i];
        if (bytes <= search->fit->below)
            continue;
        if (bytes >= search->fit->bytes)
            return;
        look(search, bytes);
        if (search->fit->bytes == bytes)
            return;
    }
}

void fit_search(const struct requests *requests, uint32_t heap, uint64_t base, const struct play_config *config, uint64_t most_requests, struct fit *fit)
{
    struct search search = {requests, heap, base, *config, fit, 0};
    search.config.stops_at_refusal = search.config.is_bare = true;
    *fit = (struct fit){.below = requests->heaps.at[heap].peak_bytes & ~(uint64_t)(FIT_STEP - 1)};
    for (uint64_t bytes = round_up(fit->below + fit->below / 4 + 1024); !fit->bytes && bytes <= FIT_BYTES_MOST; bytes *= 2)
        look(&search, bytes);
    if (fit->bytes)
        look_at_reach(&search);
    while (fit->bytes && fit->bytes - fit->below > FIT_STEP && (!most_requests || fit->requests < most_requests))
        look(&search, (fit->below + (fit->bytes - fit->below) / 2) & ~(uint64_t)(FIT_STEP - 1));
}
