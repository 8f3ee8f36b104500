/* advice_text: in a row of the table `advice`, out its figures in one sentence for people. */
#ifndef HOST_VIEW_ADVICE_TEXT_H
#define HOST_VIEW_ADVICE_TEXT_H

#include <heaptracer/table.h>

#include "host/base/str.h"

enum { ADVICE_ROWS_MOST = 5 }; /* that a health report shows; the table has all */

/* The text of a cell; "" if there is no such column. */
const char *advice_cell(const struct table *advice, size_t row, const char *column);
/* The place in the code; 0: it is about none. */
uint32_t advice_stack(const struct table *advice, size_t row);
/* "13.7 KiB less memory (36 %), 490 fewer calls; effort: 1 place, 3 lines; priority 35.8" */
void advice_sentence(struct str *out, const struct table *advice, size_t row);

#endif
