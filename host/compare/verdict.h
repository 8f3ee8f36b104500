/* verdict: in a pair of rows, out what the amounts were before, and what became of them. */
#ifndef HOST_COMPARE_VERDICT_H
#define HOST_COMPARE_VERDICT_H

#include "pairs.h"

/* The median of the BEFORE traces. */
union cell verdict_before(const struct pairs *pairs, size_t pair, size_t column);
/* new, gone, grew, shrank, noise or same: of the first amount. */
const char *verdict_text(const struct pairs *pairs, size_t pair);
/* True when the verdict is not "same", or another amount is not the same. */
bool verdict_differs(const struct pairs *pairs, size_t pair);
/* How far the first amount is from what it was; 0 when there is none. */
double verdict_change(const struct pairs *pairs, size_t pair);

#endif
