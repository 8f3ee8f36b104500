/* ideas: in a census and a first replay, out changes that are worth a trial: each has a reason in the figures, none is a promise. */
#ifndef HOST_ADVICE_IDEAS_H
#define HOST_ADVICE_IDEAS_H

#include "idea.h"

struct ideas {
    VEC(struct idea) list;
};

/* At most `of_a_kind` of each kind, those that promise most. `results` are of the requests as they are, one for each heap. `is_fixed`: the arena does not grow, so
 * what is made at the start costs nothing later. */
void ideas_find(struct ideas *ideas, const struct census *census, const struct play_result *results, const struct simulator *simulator, bool is_fixed,
                size_t of_a_kind);
void ideas_done(struct ideas *ideas);

#endif
