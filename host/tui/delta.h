/* delta: in a table now and what it was at a mark, out a table of what changed. */
#ifndef HOST_TUI_DELTA_H
#define HOST_TUI_DELTA_H

#include <heaptracer/table.h>

/* A copy that outlives the model's next event. To be ended with table_done. */
void delta_keep(struct table *kept, const struct table *table);
/* Amounts are now - then; rows that did not change are left out. Shares and times say nothing here and are not in it. To be ended with table_done. */
void delta_make(struct table *delta, const struct table *now, const struct table *then);

#endif
