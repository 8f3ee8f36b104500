/* index: in where blocks are and the totals, out the footer of a trace, and back. A reader can do without: it only saves time. */
#ifndef HOST_TRACE_INDEX_H
#define HOST_TRACE_INDEX_H

#include <heaptracer/trace.h>

#include "block.h"

struct index_block {
    uint64_t offset, bytes, first_event, first_tick;
    uint64_t flags; /* the block's kind << 8 | its flags */
};

enum { INDEX_TRAILER_BYTES = 16 };

void index_put(struct block_bytes *records, const struct index_block *blocks, size_t count, const struct trace_totals *totals);
void index_put_trailer(struct block_bytes *out, uint64_t offset);
/* True and the index block's offset if the bytes are a trailer. */
bool index_get_trailer(const uint8_t *bytes, uint64_t *offset);
/* Takes the records of an index block; `blocks` may be NULL. False: there are no totals in it. */
bool index_get_totals(struct ht_bytes records, struct trace_totals *totals);
/* The next block's entry; false: no more. */
bool index_next_block(struct ht_bytes *records, struct index_block *block);

#endif
