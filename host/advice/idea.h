/* idea: a change that might help, and in a list of requests, out the list that the changed program would make. */
#ifndef HOST_ADVICE_IDEA_H
#define HOST_ADVICE_IDEA_H

#include "census.h"
#include "host/base/str.h"
#include "host/replay/play.h"

enum idea_kind {
    IDEA_POOL,       /* `count` blocks of `size` bytes in one piece for the blocks of `group` */
    IDEA_BUFFER,     /* the same for few blocks of any size: they are kept instead of freed */
    IDEA_MERGE,      /* the blocks of `group` and `other`, made and freed together, become one */
    IDEA_EARLY,      /* what `group` (IDEA_ALL: every one) makes for good is made first */
    IDEA_GROWTH,     /* reallocs of `group` grow a block by a factor of `size` / 2 at least */
    IDEA_ROUND,      /* sizes are rounded up to multiples of `size`; 0: to powers of two */
    IDEA_MOVE,       /* the blocks of `group` lie in heap `heap` */
    IDEA_PHASE,      /* what is made and freed in requests [from, to) lies in one piece that is freed at their end */
    IDEA_COMPACT,    /* before request `from` the blocks of heap `heap` are moved together */
    IDEA_ALLOCATOR,  /* another one */
    IDEA_KINDS
};
enum { IDEA_ALL = UINT32_MAX };

struct idea {
    enum idea_kind kind;
    uint32_t group, other, heap;
    uint64_t size, count, from, to;
    bool is_at_start; /* the pool is made before all else; else before its first use */
    const struct simulator *simulator; /* IDEA_ALLOCATOR */
    double promise;   /* how much it could be worth: those that promise least are left out when there are too many */
    uint32_t sites, lines; /* of source, that must be touched */
};

/* The list that the changed program would make; to be ended by idea_done. IDEA_ALLOCATOR: the same list. */
void idea_apply(const struct idea *idea, const struct census *census, struct requests *changed);
void idea_done(struct requests *changed);
/* What to do, and what nobody can know from the trace: sentences without a full stop. */
void idea_say(const struct idea *idea, const struct census *census, struct str *out);
const char *idea_unknown(const struct idea *idea);
const char *idea_word(enum idea_kind kind);

#endif
