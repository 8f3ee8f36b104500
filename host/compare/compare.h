/* compare: in the tables that one analysis made of several traces, out one table: for each row what it was before, is after, and the change.
 *
 * The last trace is AFTER, the others are BEFORE: runs that should not differ, whose spread is the noise. Rows belong together when they name the same
 * stack, texts (thread, process, heap) or size class; of rows that are alike the n-th belongs to the n-th. A column `source` goes along, and columns that a
 * trace has not (one may be sampled, or know no sources) count as empty there. Series are compared at equal shares of the run.
 * Columns: `verdict`; the keys; then for each amount X: X_change, X_before (median of the BEFORE traces), X_after. Verdicts speak of the first amount:
 * new, gone, grew, shrank; noise when AFTER lies within what the BEFORE runs had, or, in sampled traces, when the 95 % intervals touch.
 * Rows that are the same in all amounts are left out, and the note counts them. */
#ifndef HOST_COMPARE_COMPARE_H
#define HOST_COMPARE_COMPARE_H

#include <heaptracer/table.h>

#include "same.h"

/* `tables` are `count` >= 2 answers of one analysis, trace by trace as told to `same`. False: rows of these tables have nothing in common with rows of
 * another run (a map of addresses); then there is nothing to end with table_done. */
bool compare_tables(struct table *comparison, const struct table *const *tables, size_t count, struct same *same);

#endif
