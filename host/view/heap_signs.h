/* heap_signs: in a table of address ranges, out their memory in so many equal pieces, one behind the other: where each begins, how full it is, and how
 * old what lies there. The gaps between ranges are left out. Each piece is a sign on a page of text. */
#ifndef HOST_VIEW_HEAP_SIGNS_H
#define HOST_VIEW_HEAP_SIGNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heaptracer/table.h>

struct heap_sign {
    uint64_t start;     /* its first address; 0: behind the last range */
    double fill;        /* 0 to 1 */
    double used, age_ns; /* bytes of the range that has most in it, and its age */
};

struct heap_signs {
    struct heap_sign *at;
    size_t count;
    double each_bytes, bytes; /* of a piece; of all ranges */
};

enum { HEAP_SIGN_STEPS = 5 };

/* Columns `start`, `end`, and `fill` or `state`; maybe `age_ns`. False: the table has not got them. */
bool heap_signs_fit(const struct table *table);
/* Of its rows [from, to), which are in order of address: at most `most` signs. */
void heap_signs_take(struct heap_signs *signs, const struct table *table, size_t from, size_t to, size_t most);
void heap_signs_done(struct heap_signs *signs);
/* From 0, nothing, to HEAP_SIGN_STEPS - 1, full. */
unsigned heap_sign_step(double fill);
const char *heap_sign_text(unsigned step, bool has_unicode);

#endif
