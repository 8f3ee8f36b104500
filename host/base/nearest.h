/* nearest: in a mistyped word and the right ones, out the one that was most likely meant, for "did you mean". */
#ifndef HOST_BASE_NEAREST_H
#define HOST_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wanted; /* what was typed */
    const char *best;   /* NULL: nothing is near enough */
    size_t distance;
};

/* Offers one more right word. Zero-filled with `wanted` set is the start. */
void nearest_offer(struct nearest *nearest, const char *word);

#endif
