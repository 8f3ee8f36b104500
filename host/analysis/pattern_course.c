/* pattern_course: each rule looks at the moments once or some times; none keeps more than they are. */
#include "pattern_course.h"

#include <math.h>
#include <string.h>

enum { ROWS_LEAST = 16, SPIKES_MOST = 8, BURSTS_MOST = TIMELINE_ROWS, PHASE_BINS = 64, PHASE_BINS_LEAST = 6, PHASES_MOST = 8 };
enum { BURST_LEAST = 32, STEADY_ALLOCATIONS = 100, BURST_REGULAR_LEAST = 4 };
static const double burst_factor = 5, burst_share = 0.5, burst_regular = 0.25;
static const double spike_share = 0.25, spike_width = 0.1, spike_factor = 1.5;
static const double ramp_share = 0.25, ramp_time = 0.2, ramp_back = 0.1, ramp_straight = 0.85;
static const double steady_band = 0.1, steady_time = 0.3;
static const double phase_factor = 2, phase_explained = 0.3;

struct course {
    const struct timeline *timeline;
    size_t count;
    uint64_t all; /* allocations */
    course_stretches *found;
};

static uint64_t made_in(const struct moment *moment)
{
    return tally_count(moment->allocated);
}

static struct moment moments_join(const struct course *course, size_t from, size_t to)
{
    struct moment all = course->timeline->moments[from];
    for (size_t i = from + 1; i < to; i++)
        all = moment_join(&all, course->timeline->moments + i);
    return all;
}

/* Who made more than half of what was made there. */
static uint32_t site_of(const struct course *course, size_t from, size_t to)
{
    struct moment all = moments_join(course, from, to);
    return all.votes ? all.site : 0;
}

static double seconds(const struct course *course, size_t rows)
{
    return (double)rows * (double)course->timeline->width_ns / 1e9;
}

static void stretch_put(const struct course *course, struct course_stretch stretch)
{
    stretch.site = stretch.site ? stretch.site : site_of(course, stretch.from, stretch.to);
    stretch.sure = fmax(0, fmin(1, stretch.sure));
    vec_push(course->found, stretch);
}

/* ---- bursts: most allocations happen in little of the time ---- */

struct bursts {
    size_t begins[BURSTS_MOST], count, first, last, rows, largest_from, largest_to;
    uint64_t made, largest;
};

static void bursts_find(const struct course *course, struct bursts *bursts)
{
    double least = fmax(burst_factor * (double)course->all / (double)course->count, BURST_LEAST);
    for (size_t i = 0; i < course->count;) {
        uint64_t made = 0;
        size_t from = i;
        for (; i < course->count && (double)made_in(course->timeline->moments + i) >= least; i++)
            made += made_in(course->timeline->moments + i);
        if (i == from) {
            i++;
            continue;
        }
        bursts->first = bursts->count ? bursts->first : from;
        bursts->begins[bursts->count++] = from;
        bursts->last = i;
        bursts->rows += i - from;
        bursts->made += made;
        if (made > bursts->largest) {
            bursts->largest = made;
            bursts->largest_from = from;
            bursts->largest_to = i;
        }
    }
}

/* Their mean distance, if the distances are much alike; else 0. */
static double bursts_period(const struct course *course, const struct bursts *bursts)
{
    double mean = 0, spread = 0;
    size_t count = bursts->count - 1;
    if (bursts->count < BURST_REGULAR_LEAST)
        return 0;
    for (size_t i = 0; i < count; i++)
        mean += (double)(bursts->begins[i + 1] - bursts->begins[i]) / (double)count;
    for (size_t i = 0; i < count; i++)
        spread += pow((double)(bursts->begins[i + 1] - bursts->begins[i]) - mean, 2) / (double)count;
    return sqrt(spread) <= burst_regular * mean ? mean * (double)course->timeline->width_ns : 0;
}

static void rule_bursts(const struct course *course)
{
    struct bursts bursts = {0};
    bursts_find(course, &bursts);
    double share = (double)bursts.made / (double)course->all, time = (double)bursts.rows / (double)course->count;
    if (!bursts.count || share < burst_share)
        return;
    stretch_put(course, (struct course_stretch){.kind = COURSE_BURSTS,
                                                .from = bursts.first,
                                                .to = bursts.last,
                                                .count = bursts.count,
                                                .bytes = moments_join(course, bursts.largest_from, bursts.largest_to).allocated.bytes,
                                                .value = share / time,
                                                .extra = bursts_period(course, &bursts),
                                                .share = share,
                                                .sure = share,
                                                .site = site_of(course, bursts.largest_from, bursts.largest_to)});
}

/* ---- spikes: live bytes rise and fall back soon ---- */

/* Where the peak falls below `level` on one side; count or -1 if it does not. */
static long spike_side(const struct course *course, long at, int step, uint64_t top, uint64_t level, uint64_t *lowest)
{
    const struct moment *moments = course->timeline->moments;
    long edge = -1;
    *lowest = top;
    for (long i = at + step; i >= 0 && i < (long)course->count && moments[i].peak_bytes <= top; i += step) {
        edge = edge < 0 && moments[i].live.bytes <= level ? i : edge;
        *lowest = moments[i].live.bytes < *lowest ? moments[i].live.bytes : *lowest;
    }
    return edge;
}

/* Where it ends, or 0. */
static size_t spike_judge(const struct course *course, size_t at, uint64_t highest)
{
    uint64_t top = course->timeline->moments[at].peak_bytes, before, behind;
    spike_side(course, (long)at, -1, top, 0, &before);
    spike_side(course, (long)at, 1, top, 0, &behind);
    before = at ? before : 0;
    uint64_t base = before > behind ? before : behind, rise = top - base;
    if ((double)rise < spike_share * (double)highest || (double)top < spike_factor * (double)base)
        return 0;
    long from = spike_side(course, (long)at, -1, top, top - rise / 2, &before), to = spike_side(course, (long)at, 1, top, top - rise / 2, &behind);
    double width = (double)(to - from - 1) / (double)course->count;
    if (from < 0 || to < 0 || width > spike_width)
        return 0;
    struct moment all = moments_join(course, (size_t)from, (size_t)to);
    stretch_put(course, (struct course_stretch){.kind = COURSE_SPIKE,
                                                .from = (size_t)from,
                                                .to = (size_t)to + 1,
                                                .count = made_in(&all),
                                                .bytes = rise,
                                                .value = base ? (double)top / (double)base : 0,
                                                .share = (double)rise / (double)highest,
                                                .sure = 1 - width / spike_width / 2});
    return (size_t)to;
}

static void rule_spikes(const struct course *course)
{
    const struct moment *moments = course->timeline->moments;
    uint64_t highest = 0;
    size_t spikes = 0;
    for (size_t i = 0; i < course->count; i++)
        highest = moments[i].peak_bytes > highest ? moments[i].peak_bytes : highest;
    for (size_t i = 1; i + 1 < course->count && spikes < SPIKES_MOST; i++) {
        bool is_top = moments[i].peak_bytes > moments[i - 1].peak_bytes && moments[i].peak_bytes >= moments[i + 1].peak_bytes;
        size_t end = is_top ? spike_judge(course, i, highest) : 0;
        spikes += end > 0;
        i = end ? end : i;
    }
}

/* ---- ramps: live bytes rise for long, and about straight ---- */

/* How much of the live bytes' course a straight line explains. */
static double straightness(const struct course *course, size_t from, size_t to)
{
    double n = (double)(to - from), x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = from; i < to; i++) {
        double at = (double)(i - from), live = (double)course->timeline->moments[i].live.bytes;
        x += at;
        y += live;
        xx += at * at;
        yy += live * live;
        xy += at * live;
    }
    double both = n * xy - x * y, across = (n * xx - x * x) * (n * yy - y * y);
    return across > 0 ? both * both / across : 0;
}

static void ramp_judge(const struct course *course, size_t from, size_t top, uint64_t highest)
{
    const struct moment *moments = course->timeline->moments;
    uint64_t gain = moments[top].live.bytes - moments[from].live.bytes;
    double straight = top > from ? straightness(course, from, top + 1) : 0;
    if ((double)gain < ramp_share * (double)highest || (double)(top - from) < ramp_time * (double)course->count || straight < ramp_straight)
        return;
    struct moment all = moments_join(course, from, top + 1);
    stretch_put(course, (struct course_stretch){.kind = COURSE_RAMP,
                                                .from = from,
                                                .to = top + 1,
                                                .count = made_in(&all),
                                                .bytes = gain,
                                                .value = (double)gain / seconds(course, top - from),
                                                .share = (double)(top - from) / (double)course->count,
                                                .sure = straight});
}

/* From each lowest point up to the highest one before it falls back by a tenth of what it gained. */
static void rule_ramps(const struct course *course)
{
    const struct moment *moments = course->timeline->moments;
    uint64_t highest = 0;
    size_t from = 0, top = 0;
    for (size_t i = 0; i < course->count; i++)
        highest = moments[i].live.bytes > highest ? moments[i].live.bytes : highest;
    for (size_t i = 0; i <= course->count; i++) {
        uint64_t low = moments[from].live.bytes, high = moments[top].live.bytes, live = i < course->count ? moments[i].live.bytes : 0;
        if (i == course->count || (double)live < (double)high - ramp_back * (double)(high - low) - 1) {
            ramp_judge(course, from, top, highest);
            from = top = i;
        } else if (live <= low) {
            from = top = i;
        } else if (live > high) {
            top = i;
        }
    }
}

/* ---- steady state: live bytes stay in a narrow band while blocks come and go ---- */

static void steady_judge(const struct course *course, size_t from, size_t to, uint64_t low, uint64_t high)
{
    struct moment all = moments_join(course, from, to);
    double time = (double)(to - from) / (double)course->count, level = 0;
    for (size_t i = from; i < to; i++)
        level += (double)course->timeline->moments[i].live.bytes / (double)(to - from);
    stretch_put(course, (struct course_stretch){.kind = COURSE_STEADY,
                                                .from = from,
                                                .to = to,
                                                .count = made_in(&all),
                                                .bytes = (uint64_t)level,
                                                .value = level > 0 ? ((double)high - (double)low) / level : 0,
                                                .share = time,
                                                .sure = time});
}

/* The longest such stretch, by trying each begin until the band is left. */
static void rule_steady(const struct course *course)
{
    const struct moment *moments = course->timeline->moments;
    size_t best_from = 0, best_to = 0;
    uint64_t best_low = 0, best_high = 0;
    for (size_t from = 0; from + (best_to - best_from) < course->count; from++) {
        uint64_t low = UINT64_MAX, high = 0, made = 0, lower, higher;
        size_t to = from;
        for (; to < course->count; to++) {
            lower = moments[to].live.bytes < low ? moments[to].live.bytes : low;
            higher = moments[to].peak_bytes > high ? moments[to].peak_bytes : high;
            if ((double)(higher - lower) > steady_band * ((double)higher + (double)lower) / 2)
                break;
            low = lower;
            high = higher;
            made += made_in(moments + to);
        }
        if (to - from > best_to - best_from && made >= STEADY_ALLOCATIONS) {
            best_from = from;
            best_to = to;
            best_low = low;
            best_high = high;
        }
    }
    if ((double)(best_to - best_from) >= steady_time * (double)course->count && best_high)
        steady_judge(course, best_from, best_to, best_low, best_high);
}

/* ---- phases: stretches of which each has its own rate or its own sizes ---- */

struct phase_bin {
    double rate, size; /* logarithms, base 2 */
};
struct phases {
    struct phase_bin bins[PHASE_BINS];
    size_t edges[PHASES_MOST + 1], count; /* of bins; the last edge is the end */
};

static double phase_error(const struct phases *phases, size_t from, size_t to)
{
    double rate = 0, size = 0, rates = 0, sizes = 0, n = (double)(to - from);
    for (size_t i = from; i < to; i++) {
        rate += phases->bins[i].rate;
        rates += phases->bins[i].rate * phases->bins[i].rate;
        size += phases->bins[i].size;
        sizes += phases->bins[i].size * phases->bins[i].size;
    }
    return rates - rate * rate / n + sizes - size * size / n;
}

static double phase_mean(const struct phases *phases, size_t from, size_t to, bool of_size)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += of_size ? phases->bins[i].size : phases->bins[i].rate;
    return sum / (double)(to - from);
}

/* Where a part falls best into two that differ; 0: nowhere. */
static size_t phase_split(const struct phases *phases, size_t from, size_t to, double whole, double *gain)
{
    size_t best = 0;
    for (size_t at = from + PHASE_BINS_LEAST; at + PHASE_BINS_LEAST <= to; at++) {
        double won = phase_error(phases, from, to) - phase_error(phases, from, at) - phase_error(phases, at, to);
        double rates = fabs(phase_mean(phases, from, at, false) - phase_mean(phases, at, to, false));
        double sizes = fabs(phase_mean(phases, from, at, true) - phase_mean(phases, at, to, true));
        if (fmax(rates, sizes) < log2(phase_factor) || won < phase_explained * phase_error(phases, from, to) || won <= *gain || won < whole / 100)
            continue;
        *gain = won;
        best = at;
    }
    return best;
}

static size_t row_of_bin(const struct course *course, size_t bin, size_t bins)
{
    return bin * course->count / bins;
}

static size_t bins_fill(const struct course *course, struct phases *phases)
{
    size_t bins = course->count < PHASE_BINS ? course->count : PHASE_BINS;
    double size = 0;
    for (size_t i = 0; i < bins; i++) {
        struct moment all = moments_join(course, row_of_bin(course, i, bins), row_of_bin(course, i + 1, bins));
        uint64_t made = made_in(&all);
        size = made ? log2(1 + (double)all.allocated.bytes / (double)made) : size;
        phases->bins[i] = (struct phase_bin){log2(1 + (double)made), size};
    }
    return bins;
}

static void phase_put(const struct course *course, const struct phases *phases, size_t number, size_t bins, double explained)
{
    size_t from = row_of_bin(course, phases->edges[number], bins), to = row_of_bin(course, phases->edges[number + 1], bins);
    struct moment all = moments_join(course, from, to);
    uint64_t made = made_in(&all);
    stretch_put(course, (struct course_stretch){.kind = COURSE_PHASE,
                                                .from = from,
                                                .to = to,
                                                .count = made,
                                                .bytes = all.allocated.bytes,
                                                .value = (double)made / seconds(course, to - from),
                                                .extra = made ? (double)all.allocated.bytes / (double)made : 0,
                                                .share = (double)(to - from) / (double)course->count,
                                                .sure = explained});
}

static void rule_phases(const struct course *course)
{
    struct phases phases = {.count = 1};
    size_t bins = bins_fill(course, &phases);
    double whole = phase_error(&phases, 0, bins), left = 0;
    phases.edges[1] = bins;
    for (bool more = true; more && phases.count < PHASES_MOST;) {
        double gain = 0;
        size_t best = 0, place = 0;
        for (size_t i = 0; i < phases.count; i++) {
            size_t at = phase_split(&phases, phases.edges[i], phases.edges[i + 1], whole, &gain);
            best = at ? at : best;
            place = at ? i : place;
        }
        more = best != 0;
        if (more) {
            memmove(phases.edges + place + 2, phases.edges + place + 1, (phases.count - place) * sizeof *phases.edges);
            phases.edges[place + 1] = best;
            phases.count++;
        }
    }
    for (size_t i = 0; i < phases.count; i++)
        left += phase_error(&phases, phases.edges[i], phases.edges[i + 1]);
    for (size_t i = 0; i < phases.count && phases.count > 1; i++)
        phase_put(course, &phases, i, bins, whole > 0 ? 1 - left / whole : 0);
}

void course_find(const struct timeline *timeline, course_stretches *found)
{
    struct course course = {.timeline = timeline, .count = timeline->count, .found = found};
    for (size_t i = 0; i < timeline->count; i++)
        course.all += made_in(timeline->moments + i);
    if (course.count < ROWS_LEAST || !course.all)
        return;
    rule_bursts(&course);
    rule_spikes(&course);
    rule_ramps(&course);
    rule_steady(&course);
    rule_phases(&course);
}
