/* pattern_sizes: laws are fitted to the middle 98 % of the sizes, so that what a library allocates at the start does not hide what the program does. */
#include "pattern_sizes.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST = 1000 };
static const double few_share = 0.9, tail = 0.01, near = 0.05, flat = 0.3, steep = 0.5, wide = 8;

struct middle {
    unsigned first, last; /* buckets */
    double all, from, to;
};

static int slot_order(const void *left, const void *right)
{
    const struct size_slot *a = left, *b = right;
    if (a->votes != b->votes)
        return a->votes > b->votes ? -1 : 1;
    return (a->size > b->size) - (a->size < b->size);
}

static void few_find(const struct size_counts *counts, struct sizes_law *law)
{
    struct size_slot slots[SIZES_SLOTS];
    uint64_t sum = 0;
    for (unsigned i = 0; i < SIZES_SLOTS; i++)
        slots[i] = counts->slots[i];
    qsort(slots, SIZES_SLOTS, sizeof *slots, slot_order);
    for (law->few = 0; law->few < SIZES_FEW && (double)sum < few_share * (double)counts->all; law->few++) {
        law->few_sizes[law->few] = slots[law->few].size;
        sum += slots[law->few].votes;
    }
    law->few_share = (double)sum / (double)counts->all;
}

/* Each tail is a hundredth, by whole buckets. */
static struct middle middle_find(const struct size_counts *counts)
{
    struct middle middle = {.last = SIZES_BUCKETS - 1};
    double cut = tail * (double)counts->all, sum = 0;
    for (sum = 0; (sum += (double)counts->buckets[middle.first].count) <= cut;)
        middle.first++;
    for (sum = 0; (sum += (double)counts->buckets[middle.last].count) <= cut;)
        middle.last--;
    for (unsigned i = middle.first; i <= middle.last; i++)
        middle.all += (double)counts->buckets[i].count;
    middle.from = fmax(0.5, (double)counts->buckets[middle.first].least - 0.5);
    middle.to = (double)counts->buckets[middle.last].most + 0.5;
    return middle;
}

static double power_share(const struct middle *middle, double exponent, double size)
{
    double k = 1 - exponent;
    if (fabs(k) < 1e-6)
        return log(size / middle->from) / log(middle->to / middle->from);
    return (pow(size, k) - pow(middle->from, k)) / (pow(middle->to, k) - pow(middle->from, k));
}

static double normal_share(const struct middle *middle, const struct sizes_law *law, double size)
{
    double low = erf((log(middle->from) - law->centre) / law->spread / sqrt(2)), high = erf((log(middle->to) - law->centre) / law->spread / sqrt(2));
    return high > low ? (erf((log(size) - law->centre) / law->spread / sqrt(2)) - low) / (high - low) : 0;
}

/* How far the sizes are from the law, at the upper end of each bucket. */
static double law_distance(const struct size_counts *counts, const struct middle *middle, const struct sizes_law *law, bool is_power)
{
    double sum = 0, worst = 0;
    for (unsigned i = middle->first; i <= middle->last; i++) {
        const struct size_bucket *bucket = counts->buckets + i;
        sum += (double)bucket->count;
        if (!bucket->count)
            continue;
        double size = (double)bucket->most + 0.5, share = is_power ? power_share(middle, law->exponent, size) : normal_share(middle, law, size);
        worst = fmax(worst, fabs(sum / middle->all - share));
    }
    return worst;
}

/* The exponent that comes nearest, by thirds: the distance has one valley. */
static double exponent_find(const struct size_counts *counts, const struct middle *middle)
{
    double low = -2, high = 6;
    for (int i = 0; i < 60; i++) {
        struct sizes_law left = {.exponent = low + (high - low) / 3}, right = {.exponent = high - (high - low) / 3};
        if (law_distance(counts, middle, &left, true) < law_distance(counts, middle, &right, true))
            high = right.exponent;
        else
            low = left.exponent;
    }
    return (low + high) / 2;
}

static void moments_find(const struct size_counts *counts, const struct middle *middle, struct sizes_law *law)
{
    double sum = 0, squares = 0;
    for (unsigned i = middle->first; i <= middle->last; i++) {
        const struct size_bucket *bucket = counts->buckets + i;
        double at = bucket->count ? log(fmax(1, ((double)bucket->least + (double)bucket->most) / 2)) : 0;
        sum += at * (double)bucket->count;
        squares += at * at * (double)bucket->count;
    }
    law->centre = sum / middle->all;
    law->spread = sqrt(fmax(1e-6, squares / middle->all - law->centre * law->centre));
}

static void kind_choose(struct sizes_law *law, const struct middle *middle, double power, double normal)
{
    bool is_wide = middle->to / middle->from >= wide;
    law->distance = fmin(power, normal);
    law->kind = SIZES_MIXED;
    if (law->few_share >= few_share)
        law->kind = SIZES_FEW_ONES;
    else if (power <= near && fabs(law->exponent) < flat)
        law->kind = SIZES_UNIFORM;
    else if (power <= near && power <= normal && law->exponent >= steep && is_wide)
        law->kind = SIZES_POWER_LAW;
    else if (normal <= near)
        law->kind = SIZES_LOG_NORMAL;
    law->distance = law->kind == SIZES_UNIFORM || law->kind == SIZES_POWER_LAW ? power : law->distance;
    law->sure = law->kind == SIZES_FEW_ONES ? law->few_share : law->kind == SIZES_MIXED ? 0.5 : 1 - law->distance / near / 2;
}

struct sizes_law sizes_law_find(const struct size_counts *counts)
{
    struct sizes_law law = {.kind = SIZES_TOO_FEW};
    if (counts->all < LEAST)
        return law;
    struct middle middle = middle_find(counts);
    few_find(counts, &law);
    law.from = (uint64_t)ceil(middle.from);
    law.to = (uint64_t)middle.to;
    law.exponent = exponent_find(counts, &middle);
    moments_find(counts, &middle, &law);
    kind_choose(&law, &middle, law_distance(counts, &middle, &law, true), law_distance(counts, &middle, &law, false));
    return law;
}
