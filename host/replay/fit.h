/* fit: in a list of requests and a model, out the smallest arena in which nothing is refused. */
#ifndef HOST_REPLAY_FIT_H
#define HOST_REPLAY_FIT_H

#include "play.h"

struct fit {
    uint64_t bytes;  /* of an arena that holds all; 0: none was found */
    uint64_t below;  /* a smaller one that does not, or that was too small for its own structures; bytes - below is how exact the answer is */
    uint64_t runs, requests; /* that it took */
};

enum { FIT_STEP = 16 };
#define FIT_BYTES_MOST (1ull << 36)

/* One region from `base` on. The search is over when the bounds are FIT_STEP apart, or when `most_requests` were played (0: any number). It takes for granted that
 * a larger arena holds what a smaller one does: what it names does hold all, but a still smaller one might, too. */
void fit_search(const struct requests *requests, uint32_t heap, uint64_t base, const struct play_config *config, uint64_t most_requests, struct fit *fit);

#endif
