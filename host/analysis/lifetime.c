/* lifetime: in ends of blocks, out one row per site: how long its blocks live. Blocks that did not end while they were watched are censored: they count as
 * having lived at least so long. */
#include "answer.h"

#include <math.h>

#include "host/base/arena.h"
#include "host/base/vec.h"

enum { STACK, ENDED, SURVIVED, ENDED_SHARE, MEDIAN, P90, MEAN, LONGEST };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [ENDED] = {"ended", "Ended", "", "blocks of the site whose end was seen: freed or replaced by realloc", COLUMN_COUNT},
    [SURVIVED] = {"survived", "Survived", "", "blocks that lived when their process ended or at the end of the range", COLUMN_COUNT},
    [ENDED_SHARE] = {"ended_share", "Ended share", "", "ended / (ended + survived); below 50 % the median may be a lower bound, below 90 % the p90", COLUMN_RATIO},
    [MEDIAN] = {"median_ns", "Median", "",
                "lifetime that half of the blocks exceed: actuarial survival estimate over log2 classes, S = product of (1 - ended / (at risk - survived / 2)), "
                "interpolated in its class; longest_ns if S stays above 50 %",
                COLUMN_DURATION},
    [P90] = {"p90_ns", "90 %", "", "the same for the lifetime that a tenth of the blocks exceed", COLUMN_DURATION},
    [MEAN] = {"mean_ns", "Mean of ended", "", "mean lifetime of the blocks whose end was seen", COLUMN_DURATION},
    [LONGEST] = {"longest_ns", "Longest", "", "longest lifetime seen, survivors included", COLUMN_DURATION},
};

/* Class 0 is below 1024 ns; class c is [2^(c+9), 2^(c+10)) ns; the last one has no end. */
enum { CLASSES = 44, CLASS_SHIFT = 10 };

struct lifetimes {
    uint64_t ended[CLASSES], survived[CLASSES]; /* in units of TALLY_ONE */
    uint64_t longest_ns;
    double sum_ns;
};

struct lifetime {
    const struct model *model;
    VEC(struct lifetimes *) sites; /* NULL until a block of the site ended */
    struct arena arena;
    uint64_t now_ns; /* while answering */
};

static inline unsigned lifetime_class(uint64_t age)
{
    unsigned bits = age >> CLASS_SHIFT ? 64u - CLASS_SHIFT - (unsigned)__builtin_clzll(age) : 0;
    return bits < CLASSES ? bits : CLASSES - 1;
}

static struct lifetimes *lifetime_site(struct lifetime *lifetime, uint32_t site)
{
    vec_extend(&lifetime->sites, site + 1);
    if (!lifetime->sites.at[site])
        lifetime->sites.at[site] = arena_new(&lifetime->arena, sizeof(struct lifetimes));
    return lifetime->sites.at[site];
}

static inline void lifetime_end_of(struct lifetime *lifetime, const struct block *block, struct tally amount, uint64_t now_ns, bool ended)
{
    struct lifetimes *lives = lifetime_site(lifetime, block->site);
    uint64_t age = age_ns(block->birth_ns, now_ns);
    if (age > lives->longest_ns)
        lives->longest_ns = age;
    (ended ? lives->ended : lives->survived)[lifetime_class(age)] += amount.count;
    lives->sum_ns += ended ? (double)age * (double)amount.count : 0;
}

static void *lifetime_begin(const struct model *model)
{
    struct lifetime *lifetime = memory_new(1, sizeof *lifetime);
    lifetime->model = model;
    return lifetime;
}

static void lifetime_see(void *state, const struct change *changes, size_t count)
{
    for (const struct change *change = changes; change < changes + count; change++) {
        if (change->kind == CHANGE_FREE || change->kind == CHANGE_LEAVE)
            lifetime_end_of(state, &change->block, change->amount, change->time_ns, change->kind == CHANGE_FREE);
        else if (change->kind == CHANGE_RESIZE)
            lifetime_end_of(state, &change->old, model_weigh(((struct lifetime *)state)->model, &change->old), change->time_ns, true);
    }
}

static void lifetime_end(void *state)
{
    struct lifetime *lifetime = state;
    vec_done(&lifetime->sites);
    arena_done(&lifetime->arena);
    memory_free(lifetime);
}

static double class_edge(unsigned number)
{
    return number ? ldexp(1, (int)number + CLASS_SHIFT - 1) : 0;
}

/* Where in the class the survival falls from `before` to `after` through `target`; evenly in the logarithm but for the first class. */
static uint64_t class_point(unsigned number, double before, double after, double target)
{
    double part = before > after ? (before - target) / (before - after) : 1;
    double low = class_edge(number), high = class_edge(number + 1);
    return (uint64_t)(number ? low * pow(high / low, part) : high * part);
}

static uint64_t lifetimes_quantile(const struct lifetimes *lives, double share)
{
    double at_risk = 0, survival = 1;
    for (unsigned i = 0; i < CLASSES; i++)
        at_risk += (double)lives->ended[i] + (double)lives->survived[i];
    for (unsigned i = 0; i < CLASSES; i++) {
        double ended = (double)lives->ended[i], survived = (double)lives->survived[i];
        double after = survival * (1 - ratio(ended, at_risk - survived / 2));
        if (ended > 0 && after <= 1 - share + 1e-12) {
            uint64_t point = class_point(i, survival, after, 1 - share);
            return point < lives->longest_ns ? point : lives->longest_ns;
        }
        survival = after;
        at_risk -= ended + survived;
    }
    return lives->longest_ns;
}

static void lifetime_row(const struct site *site, const struct lifetimes *lives, struct table *table)
{
    uint64_t ended = 0, survived = 0;
    for (unsigned i = 0; i < CLASSES; i++) {
        ended += lives->ended[i];
        survived += lives->survived[i];
    }
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[ENDED].u = tally_count((struct tally){0, ended});
    row[SURVIVED].u = tally_count((struct tally){0, survived});
    row[ENDED_SHARE].f = ratio((double)ended, (double)ended + (double)survived);
    row[MEDIAN].u = lifetimes_quantile(lives, 0.5);
    row[P90].u = lifetimes_quantile(lives, 0.9);
    row[MEAN].u = (uint64_t)ratio(lives->sum_ns, (double)ended);
    row[LONGEST].u = lives->longest_ns;
}

static void lifetime_visit(void *context, const struct block *block)
{
    struct lifetime *now = context;
    lifetime_end_of(now, block, model_weigh(now->model, block), now->now_ns, false);
}

static void lifetime_answer(const void *state, const struct model *model, struct table *table)
{
    const struct lifetime *lifetime = state;
    struct lifetime now = {.model = model, .now_ns = model_time(model)};
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 0; i < lifetime->sites.count; i++)
        if (lifetime->sites.at[i])
            *lifetime_site(&now, (uint32_t)i) = *lifetime->sites.at[i];
    model_each_block(model, lifetime_visit, &now);
    for (size_t i = 0; i < now.sites.count; i++)
        if (now.sites.at[i])
            lifetime_row(sites + i, now.sites.at[i], table);
    vec_done(&now.sites);
    arena_done(&now.arena);
    table_sort(table, ENDED, true, 0);
}

const struct analysis analysis_lifetime = {
    .name = "lifetime",
    .title = "Lifetimes",
    .about = "One row per call stack: how long its blocks live. A realloc ends the old block and begins a new one. Lifetimes are no finer than the "
             "trace's clock.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = lifetime_begin,
    .see = lifetime_see,
    .end = lifetime_end,
    .answer = lifetime_answer,
};
