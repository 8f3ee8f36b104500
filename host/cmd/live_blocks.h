/* live_blocks: in a model, out the table of the blocks that live, the largest first: all of them, or those in a window of addresses. */
#ifndef HOST_CMD_LIVE_BLOCKS_H
#define HOST_CMD_LIVE_BLOCKS_H

#include <heaptracer/model.h>
#include <heaptracer/table.h>

#include "host/serve/route.h"

/* `now_ns`: until when they have lived. `window` may be NULL. To be ended with table_done. */
void live_blocks_take(struct table *table, const struct model *model, uint64_t now_ns, const struct route_window *window);

#endif
