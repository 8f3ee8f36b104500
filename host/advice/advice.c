/* advice: in a list of requests and the allocator that gets them, out changes of the program that were tried on that list and are better. */
#include "advice.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/replay/fit.h"

enum {
    FIT_TIMES = 24,             /* as many times the list may be played to find the smallest arena */
    FIT_REQUESTS_MOST = 1 << 19, /* of a longer list the reach of the blocks stands for the smallest arena */
    ALLOCATORS_SHOWN = 3,
};

/* A long list is played less often. */
static size_t ideas_most(uint64_t requests)
{
    enum { MOST = 12, LEAST = 2 };
    const uint64_t played = 30000000; /* of each kind, in all */
    uint64_t most = played / (requests + 1);
    return most > MOST ? MOST : most < LEAST ? LEAST : (size_t)most;
}

/* How often a trial plays the list: once, and with a search for the smallest arena some twenty times more. */
static uint64_t trial_cost(const struct advice *advice)
{
    enum { FIT_USUAL = 20 };
    return advice->requests->list.count * (advice->has_fits ? FIT_USUAL : 1) + 1;
}

/* A search that would leave too few trials is done without. */
static bool is_worth_fits(const struct advice *advice)
{
    enum { TRIALS_LEAST = 24 };
    return !advice->config.most_played || advice->config.most_played / trial_cost(advice) >= TRIALS_LEAST;
}

static size_t rank_of(const struct ideas *ideas, size_t number)
{
    size_t rank = 0;
    while (rank < number && ideas->list.at[number - rank - 1].kind == ideas->list.at[number].kind)
        rank++;
    return rank;
}

/* The best of each kind first, then the second of each, as many as may be played. */
static void rows_choose(struct advice *advice, const struct ideas *ideas)
{
    uint64_t most = advice->config.most_played ? advice->config.most_played / trial_cost(advice) : ideas->list.count;
    for (size_t rank = 0, seen = 0; seen < ideas->list.count && advice->rows.count < most; rank++)
        for (size_t i = 0; i < ideas->list.count && advice->rows.count < most; i++) {
            if (rank_of(ideas, i) != rank)
                continue;
            seen++;
            vec_push(&advice->rows, ((struct advice_row){.idea = ideas->list.at[i]}));
        }
    advice->untried = ideas->list.count - advice->rows.count;
}

static bool arenas_find(struct advice *advice, struct error *error)
{
    const struct requests *requests = advice->requests;
    for (uint32_t i = 0; i < requests->heaps.count; i++) {
        const struct request_heap *heap = &requests->heaps.at[i];
        struct play_arena arena;
        struct fit fit;
        bool is_open;
        if (!arena_choose(advice->config.wishes, heap, &advice->config.play, &arena, &is_open)) {
            uint64_t base = arena_base(heap, &advice->config.play);
            fit_search(requests, i, base, &advice->config.play, FIT_TIMES * (requests->list.count + 1), &fit);
            if (!fit.bytes)
                return error_set(error, ERROR_USAGE, "no arena was found that holds all; say --arena SIZE");
            arena = (struct play_arena){.regions = {{base, fit.bytes + fit.bytes / 2}}, .region_count = 1};
        }
        advice->is_open |= is_open;
        vec_push(&advice->arenas, arena);
    }
    return true;
}

static uint64_t need_of(const struct advice *advice, const struct requests *requests, uint32_t heap, const struct play_config *config, const struct play_result *result)
{
    struct fit fit = {0};
    if (advice->has_fits)
        fit_search(requests, heap, advice->arenas.at[heap].regions[0].base, config, FIT_TIMES * (requests->list.count + 1), &fit);
    return fit.bytes ? fit.bytes : result->reach;
}

/* False: the arena cannot be for that allocator, or nothing holds the requests. `results` may be NULL. */
static bool figures_take(const struct advice *advice, const struct requests *requests, const struct play_config *config, struct advice_figures *figures,
                         struct play_result *results)
{
    *figures = (struct advice_figures){.calls = requests->list.count};
    for (uint32_t i = 0; i < requests->heaps.count; i++) {
        struct play_result result;
        if (!play_run(requests, i, &advice->arenas.at[i], config, &result, NULL))
            return false;
        figures->refusals += result.refusals;
        figures->taken += result.peak_taken;
        figures->copied += result.moved_bytes;
        figures->need += need_of(advice, requests, i, config, &result);
        figures->fragmentation = result.fragmentation_worst > figures->fragmentation ? result.fragmentation_worst : figures->fragmentation;
        if (results)
            results[i] = result;
        else
            play_result_done(&result);
    }
    return true;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double saved(uint64_t before, uint64_t after)
{
    return share((double)before - (double)after, (double)before);
}

/* In percent of what there was: refusals, memory, half of the points of fragmentation, a quarter of the calls. */
static double gain_of(const struct advice_figures *base, const struct advice_figures *now, bool is_open)
{
    double points = is_open ? 0 : 100 * (base->fragmentation - now->fragmentation);
    return 100 * saved(base->refusals, now->refusals) + 100 * saved(base->need, now->need) + points / 2 + 25 * saved(base->calls, now->calls);
}

/* A change must be worth it, and must not be paid for elsewhere. */
static bool is_better(const struct advice *advice, const struct advice_row *row)
{
    enum { BYTES_LEAST = 64, CALLS_LEAST = 500, COPIED_LEAST = 1 << 16 };
    const struct advice_figures *base = &advice->base, *now = &row->figures;
    double need = saved(base->need, now->need), calls = saved(base->calls, now->calls), points = base->fragmentation - now->fragmentation;
    bool is_calls = calls >= 0.05 && base->calls - now->calls >= CALLS_LEAST;
    bool is_copies = base->copied > now->copied + COPIED_LEAST && saved(base->copied, now->copied) >= 0.5;
    if (now->refusals != base->refusals)
        return now->refusals < base->refusals && (row->idea.kind == IDEA_MOVE || need > -0.1);
    if (row->idea.kind == IDEA_MOVE)
        return false;
    if (need >= 0.01 && base->need - now->need >= BYTES_LEAST)
        return row->idea.kind != IDEA_ALLOCATOR || need >= 0.05;
    if (row->idea.kind == IDEA_ALLOCATOR || row->idea.kind == IDEA_COMPACT)
        return false;
    return need >= -0.02 && (is_calls || is_copies || (!advice->is_open && points >= 0.05));
}

static void row_try(const struct advice *advice, struct advice_row *row)
{
    struct requests changed;
    struct play_config config = advice->config.play;
    bool is_other = row->idea.kind == IDEA_ALLOCATOR;
    if (is_other)
        config = (struct play_config){.simulator = row->idea.simulator};
    else
        idea_apply(&row->idea, &advice->census, &changed);
    bool is_good = figures_take(advice, is_other ? advice->requests : &changed, &config, &row->figures, NULL);
    if (!is_other)
        idea_done(&changed);
    double gain = is_good ? gain_of(&advice->base, &row->figures, advice->is_open) : 0;
    row->priority = share(gain, row->idea.sites + row->idea.lines);
    row->is_kept = is_good && gain > 0 && is_better(advice, row);
}

struct trying {
    struct advice *advice;
    atomic_size_t next;
};

static void *worker(void *context)
{
    struct trying *trying = context;
    for (size_t i; (i = atomic_fetch_add(&trying->next, 1)) < trying->advice->rows.count;)
        row_try(trying->advice, &trying->advice->rows.at[i]);
    return NULL;
}

static void rows_try(struct advice *advice)
{
    enum { THREADS_MOST = 64 };
    struct trying trying = {.advice = advice};
    pthread_t threads[THREADS_MOST];
    long cores = advice->config.threads ? (long)advice->config.threads : sysconf(_SC_NPROCESSORS_ONLN);
    long count = 0, wanted = cores > THREADS_MOST ? THREADS_MOST : cores;
    while (count + 1 < wanted && !pthread_create(&threads[count], NULL, worker, &trying))
        count++;
    worker(&trying);
    for (long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static int row_order(const void *a, const void *b)
{
    const struct advice_row *one = a, *other = b;
    if (one->is_kept != other->is_kept)
        return one->is_kept ? -1 : 1;
    if (one->priority != other->priority)
        return one->priority > other->priority ? -1 : 1;
    return one->idea.kind != other->idea.kind ? one->idea.kind < other->idea.kind ? -1 : 1 : one->idea.group < other->idea.group ? -1 : one->idea.group > other->idea.group;
}

/* Of one place and of all such places where there is only that one. */
static bool is_same_change(const struct advice_row *one, const struct advice_row *other)
{
    return one->idea.kind == IDEA_EARLY && one->figures.need == other->figures.need && one->figures.refusals == other->figures.refusals;
}

/* Two ways to do the same: only the better one is said. */
static bool is_said(const struct advice *advice, size_t number)
{
    const struct idea *idea = &advice->rows.at[number].idea;
    size_t allocators = 0;
    for (size_t i = 0; i < number; i++) {
        const struct idea *other = &advice->rows.at[i].idea;
        if (!advice->rows.at[i].is_kept || other->kind != idea->kind)
            continue;
        allocators++;
        if (idea->kind == IDEA_ROUND || idea->kind == IDEA_COMPACT || (idea->kind == IDEA_GROWTH && other->group == idea->group) ||
            is_same_change(&advice->rows.at[number], &advice->rows.at[i]))
            return false;
    }
    return idea->kind != IDEA_ALLOCATOR || allocators < ALLOCATORS_SHOWN;
}

static void rows_sort(struct advice *advice)
{
    if (!advice->rows.count)
        return;
    qsort(advice->rows.at, advice->rows.count, sizeof *advice->rows.at, row_order);
    for (size_t i = 0; i < advice->rows.count; i++)
        advice->rows.at[i].is_kept = advice->rows.at[i].is_kept && is_said(advice, i);
    qsort(advice->rows.at, advice->rows.count, sizeof *advice->rows.at, row_order);
    while (advice->kept < advice->rows.count && advice->rows.at[advice->kept].is_kept)
        advice->kept++;
}

bool advice_make(struct advice *advice, const struct requests *requests, const struct advice_config *config, struct error *error)
{
    struct ideas ideas = {0};
    *advice = (struct advice){.requests = requests, .config = *config};
    if (requests->list.count > ADVICE_REQUESTS_MOST)
        return error_set(error, ERROR_USAGE, "%llu requests are too many to try changes on; the most are %d", (unsigned long long)requests->list.count, ADVICE_REQUESTS_MOST);
    if (!arenas_find(advice, error))
        return false;
    advice->has_fits = !advice->is_open && requests->list.count <= FIT_REQUESTS_MOST;
    advice->has_fits = advice->has_fits && is_worth_fits(advice);
    vec_extend(&advice->results, requests->heaps.count);
    if (!figures_take(advice, requests, &config->play, &advice->base, advice->results.at))
        return error_set(error, ERROR_USAGE, "%s cannot have such an arena", config->name);
    census_init(&advice->census, requests, config->place, config->context);
    ideas_find(&ideas, &advice->census, advice->results.at, config->play.simulator, !advice->is_open, ideas_most(requests->list.count));
    rows_choose(advice, &ideas);
    ideas_done(&ideas);
    rows_try(advice);
    rows_sort(advice);
    return true;
}

void advice_done(struct advice *advice)
{
    if (advice->census.requests)
        census_done(&advice->census);
    for (size_t i = 0; i < advice->results.count; i++)
        play_result_done(&advice->results.at[i]);
    vec_done(&advice->results);
    vec_done(&advice->arenas);
    vec_done(&advice->rows);
}
