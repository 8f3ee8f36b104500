/* columns: in a table and names of columns, out the same table with only these, in the order asked for. */
#ifndef HOST_VIEW_COLUMNS_H
#define HOST_VIEW_COLUMNS_H

#include <heaptracer/table.h>

#include "host/base/error.h"

struct columns {
    struct table table; /* for views; note, texts and parents are the source's, which must outlive it; not for table_done */
    struct column *list;
};

/* `names` is "bytes,count". False and `error` when the table has no such column. */
bool columns_take(struct columns *columns, const struct table *source, const char *names, struct error *error);
void columns_done(struct columns *columns);
/* The column, or -1 and `error` with the names that there are. `count` is the length of `name`. */
int columns_find(const struct table *table, const char *name, size_t count, struct error *error);

#endif
