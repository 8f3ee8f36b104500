/* predict_table: in predictions, out tables. */
#ifndef HOST_PREDICT_PREDICT_TABLE_H
#define HOST_PREDICT_PREDICT_TABLE_H

#include <heaptracer/table.h>

#include "prediction.h"

/* A row a target. */
void predict_table(struct table *table, const struct prediction *predictions, size_t count);
/* The same for people: what is not there is "-". `shown`: the columns that say something, for columns_take. */
void predict_table_page(struct table *table, const struct prediction *predictions, size_t count, const char **shown);
/* A row a target that refuses something. */
void predict_table_refusals(struct table *table, const struct prediction *predictions, size_t count);
/* A row a site and target. */
void predict_table_sites(struct table *table, const struct prediction *predictions, size_t count);
void predict_table_warnings(struct table *table, const struct prediction *predictions, size_t count);

#endif
