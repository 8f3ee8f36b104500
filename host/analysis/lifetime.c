/* lifetime: in ends of blocks, out one row per site: how long its blocks live. Blocks that did not end while they were watched are censored: they count as
 * having lived at least so long. */
#include "answer.h"

#include <math.h>

#include "host/base/vec.h"

enum { STACK, ENDED, SURVIVED, ENDED_SHARE, MEDIAN, P90, MEAN, LONGEST };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [ENDED] = {"ended", "Ended", "", "blocks of the site whose end was seen: freed or replaced by realloc", COLUMN_COUNT},
    [SURVIVED] = {"survived", "Survived", "", "blocks that lived when their process ended or at the end of the range", COLUMN_COUNT},
    [ENDED_SHARE] = {"ended_share", "Ended share", "", "ended / (ended + survived); below 50 % the median may be a lower bound, below 90 % the p90",
                     COLUMN_RATIO},
    [MEDIAN] =
        {"median_ns", "Median", "",
         "lifetime that half of the blocks exceed: actuarial survival estimate over log2 classes, S = product of (1 - ended / (at risk - survived / 2)), "
         "interpolated in its class, 0 below 1024 ns; longest_ns if S stays above 50 %",
         COLUMN_DURATION},
    [P90] = {"p90_ns", "90 %", "", "the same for the lifetime that a tenth of the blocks exceed", COLUMN_DURATION},
    [MEAN] = {"mean_ns", "Mean of ended", "", "mean lifetime of the blocks whose end was seen", COLUMN_DURATION},
    [LONGEST] = {"longest_ns", "Longest", "", "longest lifetime seen, survivors included", COLUMN_DURATION},
};

/* Class 0 is below 1024 ns; class c is [2^(c+9), 2^(c+10)) ns; the last one has no end. */
enum { CLASSES = 44, CLASS_SHIFT = 10 };

/* One per site, met at random, so it is kept within three cache lines: whole numbers of blocks (weights are rounded), which stop at their highest value. */
struct lifetimes {
    uint64_t longest_ns;
    double sum_ns;
    uint32_t counts[CLASSES];
};

struct lifetime {
    const struct model *model;
    VEC(struct lifetimes) ended, survived; /* by site */
    uint64_t now_ns;                       /* while answering */
};

static inline unsigned lifetime_class(uint64_t age)
{
    unsigned bits = age >> CLASS_SHIFT ? 64u - CLASS_SHIFT - (unsigned)__builtin_clzll(age) : 0;
    return bits < CLASSES ? bits : CLASSES - 1;
}

static inline void lifetimes_add(struct lifetimes *lives, const struct block *block, struct tally amount, uint64_t now_ns)
{
    uint64_t age = age_ns(block->birth_ns, now_ns), count = amount.count == TALLY_ONE ? 1 : tally_count(amount);
    uint32_t *counted = lives->counts + lifetime_class(age);
    *counted = *counted + count < UINT32_MAX ? (uint32_t)(*counted + count) : UINT32_MAX;
    lives->longest_ns = age > lives->longest_ns ? age : lives->longest_ns;
    lives->sum_ns += (double)age * (double)count;
}

static inline void lifetime_ended(struct lifetime *lifetime, const struct block *block, struct tally amount, uint64_t now_ns)
{
    vec_extend(&lifetime->ended, block->site + 1);
    lifetimes_add(lifetime->ended.at + block->site, block, amount, now_ns);
}

static void lifetime_survived(struct lifetime *lifetime, const struct block *block, uint64_t now_ns)
{
    vec_extend(&lifetime->survived, block->site + 1);
    lifetimes_add(lifetime->survived.at + block->site, block, model_weigh(lifetime->model, block), now_ns);
}

static void *lifetime_begin(const struct model *model)
{
    struct lifetime *lifetime = memory_new(1, sizeof *lifetime);
    lifetime->model = model;
    return lifetime;
}

static void lifetime_see(void *state, const struct changes *changes)
{
    struct lifetime *lifetime = state;
    for (size_t i = 0; i < changes->freed_count; i++)
        lifetime_ended(lifetime, &changes->freed[i]->block, changes->freed[i]->amount, changes->freed[i]->time_ns);
    for (size_t i = 0; i < changes->rare_count; i++) {
        const struct change *change = changes->rare[i];
        if (change->kind == CHANGE_LEAVE)
            lifetime_survived(lifetime, &change->block, change->time_ns);
        else if (change->kind == CHANGE_RESIZE)
            lifetime_ended(lifetime, &change->old, model_weigh(lifetime->model, &change->old), change->time_ns);
    }
}

static void lifetime_end(void *state)
{
    struct lifetime *lifetime = state;
    vec_done(&lifetime->ended);
    vec_done(&lifetime->survived);
    memory_free(lifetime);
}

static double class_edge(unsigned number)
{
    return number ? ldexp(1, (int)number + CLASS_SHIFT - 1) : 0;
}

/* Where in the class the survival falls from `before` to `after` through `target`, evenly in the logarithm; the first class is "no time that was measured". */
static uint64_t class_point(unsigned number, double before, double after, double target)
{
    double part = before > after ? (before - target) / (before - after) : 1;
    double low = class_edge(number), high = class_edge(number + 1);
    return number ? (uint64_t)(low * pow(high / low, part)) : 0;
}

static uint64_t lifetimes_count(const struct lifetimes *lives)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < CLASSES; i++)
        count += lives->counts[i];
    return count;
}

static uint64_t lifetimes_quantile(const struct lifetimes *ended, const struct lifetimes *survived, uint64_t longest_ns, double share)
{
    double at_risk = (double)lifetimes_count(ended) + (double)lifetimes_count(survived), survival = 1;
    for (unsigned i = 0; i < CLASSES; i++) {
        double after = survival * (1 - ratio(ended->counts[i], at_risk - survived->counts[i] / 2.0));
        if (ended->counts[i] && after <= 1 - share + 1e-12) {
            uint64_t point = class_point(i, survival, after, 1 - share);
            return point < longest_ns ? point : longest_ns;
        }
        survival = after;
        at_risk -= (double)ended->counts[i] + survived->counts[i];
    }
    return longest_ns;
}

static void lifetime_row(const struct site *site, const struct lifetimes *ended, const struct lifetimes *survived, struct table *table)
{
    uint64_t longest_ns = ended->longest_ns > survived->longest_ns ? ended->longest_ns : survived->longest_ns;
    uint64_t ended_count = lifetimes_count(ended), survived_count = lifetimes_count(survived);
    if (!ended_count && !survived_count)
        return;
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[ENDED].u = ended_count;
    row[SURVIVED].u = survived_count;
    row[ENDED_SHARE].f = ratio((double)ended_count, (double)ended_count + (double)survived_count);
    row[MEDIAN].u = lifetimes_quantile(ended, survived, longest_ns, 0.5);
    row[P90].u = lifetimes_quantile(ended, survived, longest_ns, 0.9);
    row[MEAN].u = (uint64_t)ratio(ended->sum_ns, (double)ended_count);
    row[LONGEST].u = longest_ns;
}

static void lifetime_visit(void *context, const struct block *block)
{
    struct lifetime *now = context;
    lifetime_survived(now, block, now->now_ns);
}

/* What lives now survives for this answer only. */
static void lifetime_answer(const void *state, const struct model *model, struct table *table)
{
    const struct lifetime *lifetime = state;
    struct lifetime now = {.model = model, .now_ns = model_time(model)};
    struct lifetimes none = {0};
    size_t count;
    const struct site *sites = model_sites(model, &count);
    vec_extend(&now.survived, lifetime->survived.count);
    for (size_t i = 0; i < lifetime->survived.count; i++)
        now.survived.at[i] = lifetime->survived.at[i];
    model_each_block(model, lifetime_visit, &now);
    for (size_t i = 0; i < count; i++)
        lifetime_row(sites + i, i < lifetime->ended.count ? lifetime->ended.at + i : &none, i < now.survived.count ? now.survived.at + i : &none, table);
    vec_done(&now.survived);
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
