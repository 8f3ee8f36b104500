/* macros: in tokens and the macros that a unit of source can see, out the tokens that the compiler saw. */
#ifndef HOST_PREDICT_MACROS_H
#define HOST_PREDICT_MACROS_H

#include "choices.h"
#include "source_text.h"

/* All that a unit's file includes; zero-filled is empty. */
struct macros {
    VEC(const struct macro *) list;
    struct map by_name; /* hash of the name: the first one's place in `list` + 1 */
    VEC(uint32_t) next; /* of a macro: the next of the same name, + 1 */
    struct map files;   /* hash of a path: it was read */
    unsigned file_count;
    struct arena texts; /* of tokens that ## and # make */
};

/* The file and, below it, what it includes: beside it, or in one of `folders` (NULL-terminated). */
void macros_add(struct macros *macros, struct source_texts *texts, const char *path, const char *const *folders);
/* Which of several definitions holds is a choice. `out` is added to. */
void macros_expand(struct macros *macros, const struct token *tokens, size_t count, struct tokens *out, struct choices *choices);
void macros_done(struct macros *macros);

#endif
