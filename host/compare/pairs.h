/* pairs: in the tables that one analysis made of several traces, out what each column is for in a comparison, and which rows belong together: "a pair",
 * one row or none of each trace. */
#ifndef HOST_COMPARE_PAIRS_H
#define HOST_COMPARE_PAIRS_H

#include <heaptracer/table.h>

#include "host/base/map.h"
#include "host/base/vec.h"
#include "same.h"

/* A label goes with its row, but rows with other labels may be the same. */
enum pairs_role { PAIRS_ROLE_NONE, PAIRS_ROLE_KEY, PAIRS_ROLE_LABEL, PAIRS_ROLE_AMOUNT };
enum { PAIRS_NO_ROW = -1 };

struct pairs {
    const struct table *const *tables;
    size_t count;                /* of tables; the last is AFTER */
    const struct table *after;
    struct same *same;
    VEC(enum pairs_role) roles;  /* by column of AFTER */
    VEC(int) places;             /* of AFTER's columns in each trace, trace by trace; -1: it has none of that name */
    size_t lead;                 /* the first amount, or SIZE_MAX */
    size_t low, high;            /* its interval, or SIZE_MAX */
    bool is_resampled;           /* a series without names: rows are shares of the run */
    VEC(int64_t) rows;           /* `count` a pair, PAIRS_NO_ROW where that trace has none */
    size_t pair_count;
    struct map by_key;           /* key -> pair + 1 */
};

/* The roles alone; pairs_done ends it. */
void pairs_init(struct pairs *pairs, const struct table *const *tables, size_t count, struct same *same);
bool pairs_have_key(const struct pairs *pairs);
/* AFTER's rows come first, in its order, so that parents stand before their children. */
void pairs_find(struct pairs *pairs);
/* PAIRS_NO_ROW or the row of that trace. */
static inline int64_t pairs_row(const struct pairs *pairs, size_t pair, size_t trace) { return pairs->rows.at[pair * pairs->count + trace]; }
/* Zero or "" where that trace has no such row or column; a stack's id is the one that all traces share. */
union cell pairs_cell(const struct pairs *pairs, size_t pair, size_t trace, size_t column);
/* That of the last trace. */
union cell pairs_after(const struct pairs *pairs, size_t pair, size_t column);
void pairs_done(struct pairs *pairs);

#endif
