/* replay_table: in results of plays, out tables. */
#ifndef HOST_REPLAY_REPLAY_TABLE_H
#define HOST_REPLAY_REPLAY_TABLE_H

#include <heaptracer/table.h>

#include "contest.h"
#include "peer.h"
#include "rewrite.h"

/* A row for each heap. */
void replay_table(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count);
/* What the trace could not tell, as notes of the table. */
void replay_table_notes(struct table *table, const struct requests *requests);
/* What was refused first, a row for each heap that refused. */
void replay_table_first(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count);
/* Who was refused. */
void replay_table_refusals(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count);
/* Whether the model is that of the recorded run; a match and a row for each heap that had a block. */
void replay_table_addresses(struct table *table, const struct requests *requests, const struct rewrite_match *matches);
/* Real allocators. */
void replay_table_peers(struct table *table, const struct requests *requests, const struct peer_entry *entries, size_t count);
/* The heap over time. */
void replay_table_course(struct table *table, const struct replay_entry *entry);

#endif
