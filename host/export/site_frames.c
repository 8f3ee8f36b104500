/* site_frames: in the sites of a model, out those that did anything with their frames by number. */
#include "site_frames.h"

#include <stdlib.h>
#include <string.h>

static bool site_is_empty(const struct export *export, uint32_t site)
{
    uint64_t any = 0;
    for (int metric = 0; metric < EXPORT_METRICS; metric++) {
        struct tally value = export_value(export, site, (enum export_metric)metric);
        any |= value.bytes | value.count;
    }
    return !any;
}

void site_frames_take(struct site_frames *sites, const struct export *export)
{
    size_t count;
    const struct site *site = model_sites(export->model, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct site_frame_range range = {.site = i, .first = sites->numbers.list.count};
        if (site_is_empty(export, i))
            continue;
        frame_set_take(&sites->set, export->symbols, site[i].stack, &sites->numbers);
        range.count = (uint32_t)(sites->numbers.list.count - range.first);
        vec_push(&sites->list, range);
    }
}

static int compare_ranges(const void *a, const void *b, void *context)
{
    const struct site_frames *sites = context;
    const struct site_frame_range *left = a, *right = b;
    for (uint32_t i = 0; i < left->count && i < right->count; i++) {
        uint32_t one = site_frame_at(sites, left, i), other = site_frame_at(sites, right, i);
        if (one != other)
            return one < other ? -1 : 1;
    }
    if (left->count != right->count)
        return left->count < right->count ? -1 : 1;
    return left->site < right->site ? -1 : left->site > right->site;
}

void site_frames_sort(struct site_frames *sites)
{
    if (sites->list.count)
        qsort_r(sites->list.at, sites->list.count, sizeof *sites->list.at, compare_ranges, sites);
}

bool site_frames_are_equal(const struct site_frames *sites, const struct site_frame_range *a, const struct site_frame_range *b)
{
    const uint32_t *numbers = sites->numbers.list.at;
    return a->count == b->count && !memcmp(numbers + a->first, numbers + b->first, a->count * sizeof *numbers);
}

void site_frames_done(struct site_frames *sites)
{
    frame_set_done(&sites->set);
    vec_done(&sites->numbers.list);
    vec_done(&sites->list);
}
