/* site_frames: in the sites of a model, out those that did anything with their frames by number, to be walked in any order or by equal beginnings. */
#ifndef HOST_EXPORT_SITE_FRAMES_H
#define HOST_EXPORT_SITE_FRAMES_H

#include "export.h"
#include "frame_set.h"

struct site_frame_range {
    uint32_t site, count;
    size_t first; /* into numbers */
};

/* Zero-filled is empty. */
struct site_frames {
    struct frame_set set;
    struct frame_numbers numbers;
    VEC(struct site_frame_range) list;
};

/* All sites that allocated or left anything. */
void site_frames_take(struct site_frames *sites, const struct export *export);
/* In order of their frames, innermost first, so that stacks with equal beginnings stand together. */
void site_frames_sort(struct site_frames *sites);
/* Number of the range's n-th frame, innermost first. */
static inline uint32_t site_frame_at(const struct site_frames *sites, const struct site_frame_range *range, uint32_t n)
{
    return sites->numbers.list.at[range->first + n];
}
static inline const struct frame_text *site_frame_text(const struct site_frames *sites, const struct site_frame_range *range, uint32_t n)
{
    return &sites->set.list.at[site_frame_at(sites, range, n)];
}
bool site_frames_are_equal(const struct site_frames *sites, const struct site_frame_range *a, const struct site_frame_range *b);
void site_frames_done(struct site_frames *sites);

#endif
