/* arena_text: in "[HEAP=]SIZE[@BASE][,SIZE[@BASE]...]" and a heap of a trace, out the arena that this heap gets. */
#ifndef HOST_REPLAY_ARENA_TEXT_H
#define HOST_REPLAY_ARENA_TEXT_H

#include "play.h"

struct arena_wish {
    char *heap; /* NULL: any that has no wish of its own */
    struct play_arena arena; /* base 0: not said */
};
struct arena_wishes {
    VEC(struct arena_wish) list;
};

/* `place` begins an error. */
bool arena_wish_add(struct arena_wishes *wishes, const char *place, const char *text, struct error *error);
void arena_wishes_done(struct arena_wishes *wishes);
/* False and `error` if a wish names a heap that the trace has not. */
bool arena_wishes_check(const struct arena_wishes *wishes, const struct requests *requests, struct error *error);
/* What was wished for, else what the trace tells of the heap; for an allocator that asks a system for memory, else as much as an address has room for (*is_open).
 * False: the arena is not known. */
bool arena_choose(const struct arena_wishes *wishes, const struct request_heap *heap, const struct play_config *config, struct play_arena *arena, bool *is_open);
/* Where an arena of that heap begins if nobody says. */
uint64_t arena_base(const struct request_heap *heap, const struct play_config *config);

#endif
