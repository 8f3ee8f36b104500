/* patterns: in changes, out what the program does that has a name: how sizes are spread, what its course over time is, and which call stacks do what could be
 * done otherwise. Nothing is kept per event. docs/patterns.md has each rule with its figures. */
#include <inttypes.h>
#include <math.h>

#include "answer.h"
#include "chains.h"
#include "host/base/number.h"
#include "host/base/str.h"
#include "pattern_course.h"
#include "pattern_sizes.h"

enum { PATTERN, WHAT, BEGIN, END, COUNT, BYTES, VALUE, CONFIDENCE, STACK };

static const struct column columns[] = {
    [PATTERN] = {"pattern", "Pattern", "", "size distribution, bursts, spike, ramp, steady state, phase, hot site, redundant pairs or realloc growth",
                 COLUMN_TEXT},
    [WHAT] = {"what", "What", "", "it in words, with its figures", COLUMN_TEXT},
    [BEGIN] = {"begin_ns", "From", "", "when it begins", COLUMN_TIME},
    [END] = {"end_ns", "To", "", "when it ends", COLUMN_TIME},
    [COUNT] = {"count", "Count", "", "bursts: how many; redundant pairs: pairs; realloc growth: reallocs; of all others: allocations in it", COLUMN_COUNT},
    [BYTES] = {"bytes", "Bytes", "", "spike, ramp: what live bytes rise by; steady state: their level; realloc growth: copied; of all others: allocated",
               COLUMN_BYTES},
    [VALUE] = {"value", "Value", "",
               "sizes: distance from the law (Kolmogorov-Smirnov), of few sizes their share; bursts: their rate / the mean rate; spike: peak / level "
               "beside it; ramp: bytes a second; steady state: width of the band / level; phase: allocations a second; hot site: share of allocations "
               "or bytes; redundant pairs: share of the site's blocks; realloc growth: how often each byte is copied if every realloc moves",
               COLUMN_REAL},
    [CONFIDENCE] = {"confidence", "Sure", "", "how clearly its rule holds, as docs/patterns.md says", COLUMN_RATIO},
    [STACK] = {"stack", "Site", "", "the call stack that it is about; of a stretch of time the one that made more than half of its blocks, if one did",
               COLUMN_STACK},
};

enum { HOT_LEAST = 1000, HOT_MOST = 5, PAIRS_LEAST = 1000, GROWTH_LEAST = 64 };
static const double hot_share = 0.25, pairs_share = 0.9, growth_least = 12;

/* Blocks of a site that its thread frees before it makes another. */
struct pairs {
    uint64_t count, same, bytes, last_size, first_ns, last_ns;
};

struct patterns {
    const struct model *model;
    struct timeline *timeline;
    struct chains *chains;
    struct size_counts *sizes;
    VEC(struct pairs) pairs; /* by site */
};

static void *patterns_begin(const struct model *model)
{
    struct patterns *patterns = memory_new(1, sizeof *patterns);
    patterns->model = model;
    patterns->timeline = timeline_begin(model);
    patterns->chains = chains_begin(model);
    patterns->sizes = memory_new(1, sizeof *patterns->sizes);
    return patterns;
}

static void pairs_add(struct pairs *pairs, const struct change *change)
{
    pairs->first_ns = pairs->count ? pairs->first_ns : change->block.birth_ns;
    pairs->last_ns = change->time_ns;
    pairs->count += tally_count(change->amount);
    pairs->bytes += change->amount.bytes;
    pairs->same += change->block.size == pairs->last_size ? tally_count(change->amount) : 0;
    pairs->last_size = change->block.size;
}

static void patterns_see(void *state, const struct changes *changes)
{
    struct patterns *patterns = state;
    timeline_see(patterns->timeline, changes);
    if (changes->rare_count)
        chains_see(patterns->chains, changes);
    for (size_t i = 0; i < changes->made_count; i++)
        size_counts_add(patterns->sizes, changes->made[i]->block.size);
    for (size_t i = 0; i < changes->freed_count; i++) {
        const struct change *change = changes->freed[i];
        if (!change->is_temporary)
            continue;
        vec_extend(&patterns->pairs, change->block.site + 1);
        pairs_add(patterns->pairs.at + change->block.site, change);
    }
}

static void patterns_end(void *state)
{
    struct patterns *patterns = state;
    memory_free(patterns->timeline);
    chains_end(patterns->chains);
    memory_free(patterns->sizes);
    vec_done(&patterns->pairs);
    memory_free(patterns);
}

static union cell *pattern_row(struct table *table, const char *name, struct str *what)
{
    union cell *row = table_row(table);
    row[PATTERN].text = name;
    row[WHAT].text = table_text(table, "%s", str_text(what));
    str_done(what);
    return row;
}

/* ---- sizes ---- */

static void few_say(const struct sizes_law *law, struct str *what)
{
    char bytes[NUMBER_ROOM], share[NUMBER_ROOM];
    str_add_format(what, "few sizes: %u make%s %s of all allocations:", law->few, law->few == 1 ? "s" : "", number_ratio(share, law->few_share));
    for (unsigned i = 0; i < law->few; i++)
        str_add_format(what, "%s %s", i ? "," : "", number_bytes(bytes, law->few_sizes[i]));
}

static void sizes_say(const struct sizes_law *law, struct str *what)
{
    char from[NUMBER_ROOM], to[NUMBER_ROOM], middle[NUMBER_ROOM];
    number_bytes(from, law->from);
    number_bytes(to, law->to);
    if (law->kind == SIZES_FEW_ONES)
        few_say(law, what);
    else if (law->kind == SIZES_UNIFORM)
        str_add_format(what, "uniform from %s to %s", from, to);
    else if (law->kind == SIZES_POWER_LAW)
        str_add_format(what, "power law with exponent %.2f from %s to %s", law->exponent, from, to);
    else if (law->kind == SIZES_LOG_NORMAL)
        str_add_format(what, "log-normal around %s, two thirds within a factor of %.1f", number_bytes(middle, (uint64_t)exp(law->centre)), exp(law->spread));
    else
        str_add_format(what, "mixed: no one law from %s to %s", from, to);
}

static void sizes_put(const struct patterns *patterns, struct table *table)
{
    const struct model_totals *totals = model_get_totals(patterns->model);
    struct sizes_law law = sizes_law_find(patterns->sizes);
    struct str what = {0};
    if (law.kind == SIZES_TOO_FEW)
        return;
    sizes_say(&law, &what);
    union cell *row = pattern_row(table, "size distribution", &what);
    row[BEGIN].u = totals->begin_ns;
    row[END].u = model_time(patterns->model);
    row[COUNT].u = tally_count(totals->account.allocated);
    row[BYTES].u = totals->account.allocated.bytes;
    row[VALUE].f = law.kind == SIZES_FEW_ONES ? law.few_share : law.distance;
    row[CONFIDENCE].f = law.sure;
}

/* ---- the course over time ---- */

static void bursts_say(const struct course_stretch *stretch, struct str *what)
{
    char share[NUMBER_ROOM], time[NUMBER_ROOM], value[NUMBER_ROOM];
    str_add_format(what, "%" PRIu64 " burst%s, %s of all allocations, at %s times the mean rate", stretch->count, stretch->count == 1 ? "" : "s",
                   number_ratio(share, stretch->share), number_real(value, stretch->value));
    if (stretch->extra > 0)
        str_add_format(what, ", one each %s", number_duration(time, (uint64_t)stretch->extra));
}

static void course_say(const struct course_stretch *stretch, double length_ns, struct str *what)
{
    char bytes[NUMBER_ROOM], rate[NUMBER_ROOM], time[NUMBER_ROOM], share[NUMBER_ROOM];
    number_bytes(bytes, stretch->bytes);
    number_duration(time, (uint64_t)length_ns);
    number_ratio(share, stretch->share);
    switch (stretch->kind) {
    case COURSE_BURSTS:
        bursts_say(stretch, what);
        break;
    case COURSE_SPIKE:
        str_add_format(what, "live bytes rise by %s and fall back in %s; %s of the peak", bytes, time, share);
        break;
    case COURSE_RAMP:
        str_add_format(what, "live bytes rise by %s in %s, %s/s", bytes, time, number_bytes(rate, (uint64_t)stretch->value));
        break;
    case COURSE_STEADY:
        str_add_format(what, "live bytes stay at %s for %s, %s of the time, within %s", bytes, time, share, number_ratio(rate, stretch->value));
        break;
    default:
        str_add_format(what, "%s allocations/s of %s each, for %s (%s of the time)", number_real(rate, stretch->value),
                       number_bytes(bytes, (uint64_t)stretch->extra), time, share);
    }
}

static void course_row(const struct patterns *patterns, const struct timeline *timeline, const struct course_stretch *stretch, struct table *table)
{
    static const char *const names[COURSE_KINDS] = {"bursts", "spike", "ramp", "steady state", "phase"};
    size_t count;
    uint64_t begin_ns = timeline->begin_ns + stretch->from * timeline->width_ns, end_ns = timeline->begin_ns + stretch->to * timeline->width_ns;
    uint64_t last_ns = model_time(patterns->model);
    struct str what = {0};
    end_ns = end_ns < last_ns ? end_ns : last_ns;
    course_say(stretch, (double)(end_ns - begin_ns), &what);
    union cell *row = pattern_row(table, names[stretch->kind], &what);
    row[BEGIN].u = begin_ns;
    row[END].u = end_ns;
    row[COUNT].u = stretch->count;
    row[BYTES].u = stretch->bytes;
    row[VALUE].f = stretch->value;
    row[CONFIDENCE].f = stretch->sure;
    row[STACK].u = model_sites(patterns->model, &count)[stretch->site].stack;
}

static void course_put(const struct patterns *patterns, struct table *table)
{
    struct timeline *timeline = timeline_now(patterns->timeline, model_time(patterns->model));
    course_stretches found = {0};
    course_find(timeline, &found);
    for (size_t i = 0; i < found.count; i++)
        course_row(patterns, timeline, found.at + i, table);
    vec_done(&found);
    memory_free(timeline);
}

/* ---- call stacks ---- */

static double hotness(const struct model *model, const struct site *site)
{
    const struct account *all = &model_get_totals(model)->account;
    double count = ratio((double)site->account.allocated.count, (double)all->allocated.count);
    return fmax(count, ratio((double)site->account.allocated.bytes, (double)all->allocated.bytes));
}

static void hot_row(const struct patterns *patterns, const struct site *site, struct table *table)
{
    const struct account *all = &model_get_totals(patterns->model)->account;
    char count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    struct str what = {0};
    str_add_format(&what, "%s of all allocations and %s of their bytes",
                   number_ratio(count, ratio((double)site->account.allocated.count, (double)all->allocated.count)),
                   number_ratio(bytes, ratio((double)site->account.allocated.bytes, (double)all->allocated.bytes)));
    union cell *row = pattern_row(table, "hot site", &what);
    row[BEGIN].u = model_get_totals(patterns->model)->begin_ns;
    row[END].u = model_time(patterns->model);
    row[COUNT].u = tally_count(site->account.allocated);
    row[BYTES].u = site->account.allocated.bytes;
    row[VALUE].f = row[CONFIDENCE].f = hotness(patterns->model, site);
    row[STACK].u = site->stack;
}

/* A quarter of all: there are few of them. */
static void hot_put(const struct patterns *patterns, struct table *table)
{
    size_t count, rows = 0;
    const struct site *sites = model_sites(patterns->model, &count);
    if (model_get_totals(patterns->model)->account.allocated.count < (uint64_t)HOT_LEAST << TALLY_SHIFT)
        return;
    for (size_t i = 1; i < count && rows < HOT_MOST; i++)
        if (hotness(patterns->model, sites + i) >= hot_share) {
            hot_row(patterns, sites + i, table);
            rows++;
        }
}

static void pairs_row(const struct site *site, const struct pairs *pairs, struct table *table)
{
    char count[NUMBER_ROOM], share[NUMBER_ROOM], bytes[NUMBER_ROOM];
    double of_site = ratio((double)pairs->count, (double)tally_count(site->account.allocated)), same = (double)pairs->same / (double)pairs->count;
    struct str what = {0};
    str_add_format(&what, "%s blocks freed before the next was made, %s of the site's; %s as large as the one before (%s)", number_count(count, pairs->count),
                   number_ratio(share, of_site), number_ratio(bytes, same), number_bytes((char[NUMBER_ROOM]){0}, pairs->last_size));
    union cell *row = pattern_row(table, "redundant pairs", &what);
    row[BEGIN].u = pairs->first_ns;
    row[END].u = pairs->last_ns;
    row[COUNT].u = pairs->count;
    row[BYTES].u = pairs->bytes;
    row[VALUE].f = of_site;
    row[CONFIDENCE].f = fmin(1, of_site) * same;
    row[STACK].u = site->stack;
}

static void pairs_put(const struct patterns *patterns, struct table *table)
{
    size_t count;
    const struct site *sites = model_sites(patterns->model, &count);
    for (size_t i = 1; i < patterns->pairs.count; i++) {
        const struct pairs *pairs = patterns->pairs.at + i;
        double of_site = ratio((double)pairs->count, (double)tally_count(sites[i].account.allocated));
        if (pairs->count >= PAIRS_LEAST && of_site >= pairs_share && (double)pairs->same >= pairs_share * (double)pairs->count)
            pairs_row(sites + i, pairs, table);
    }
}

/* How often each byte would be copied on its way if every realloc moved its block: 1 where blocks double, n / 2 where they take n equal steps. */
static double growth_copies(const struct chain *chain)
{
    return ratio((double)chain->grown_from, (double)chain->grown_bytes);
}

static void growth_row(const struct site *site, const struct chain *chain, struct table *table)
{
    char count[NUMBER_ROOM], longest[NUMBER_ROOM], bytes[NUMBER_ROOM], step[NUMBER_ROOM], largest[NUMBER_ROOM];
    uint64_t resizes = tally_count((struct tally){0, chain->resizes}), growths = tally_count((struct tally){0, chain->growths});
    struct str what = {0};
    str_add_format(&what, "in steps of %s up to %s: %s reallocs, %s on one block, copied %s", number_bytes(step, growths ? chain->grown_bytes / growths : 0),
                   number_bytes(largest, chain->largest), number_count(count, resizes), number_count(longest, chain->longest),
                   number_bytes(bytes, chain->copied_bytes));
    union cell *row = pattern_row(table, "realloc growth", &what);
    row[BEGIN].u = chain->first_ns;
    row[END].u = chain->last_ns;
    row[COUNT].u = resizes;
    row[BYTES].u = chain->copied_bytes;
    row[VALUE].f = growth_copies(chain);
    row[CONFIDENCE].f = ratio((double)chain->growths, (double)chain->resizes) * (1 - growth_least / growth_copies(chain) / 2);
    row[STACK].u = site->stack;
}

static void growth_put(const struct patterns *patterns, struct table *table)
{
    size_t count;
    const struct site *sites = model_sites(patterns->model, &count);
    for (size_t i = 0; i < patterns->chains->sites.count; i++) {
        const struct chain *chain = patterns->chains->sites.at + i;
        if (tally_count((struct tally){0, chain->growths}) >= GROWTH_LEAST && 2 * chain->growths >= chain->resizes && growth_copies(chain) >= growth_least)
            growth_row(sites + i, chain, table);
    }
}

static void patterns_answer(const void *state, const struct model *model, struct table *table)
{
    const struct patterns *patterns = state;
    sizes_put(patterns, table);
    course_put(patterns, table);
    hot_put(patterns, table);
    pairs_put(patterns, table);
    growth_put(patterns, table);
    if (model_sample_bytes(model))
        table_note(table, "in a sampled trace sizes are those of the samples, and pairs and reallocs are seen in part");
}

const struct analysis analysis_patterns = {
    .name = "patterns",
    .title = "Patterns",
    .about = "What the program does that has a name, each with when, how much, who and how sure. The rules and their figures are in docs/patterns.md.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = patterns_begin,
    .see = patterns_see,
    .end = patterns_end,
    .answer = patterns_answer,
};
