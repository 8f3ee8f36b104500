/* size_hint: in the user's words about places of the source, out the expression that makes the sizes there. */
#ifndef HOST_PREDICT_SIZE_HINT_H
#define HOST_PREDICT_SIZE_HINT_H

#include <stddef.h>

#include "host/base/vec.h"

/* at: a function, or FILE:LINE, with * and ?; size: "sizeof(struct node) + n * sizeof(int)", "bytes" (the same everywhere) or "pointers" (all of it). */
struct size_hint {
    const char *at, *size, *place; /* place: FILE:LINE of the hint itself */
    unsigned uses;
};

struct size_hints {
    VEC(struct size_hint) list;
};

#endif
