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
/* Takes the records of an index block. False: there are no totals in it. */
bool index_get_totals(struct ht_bytes records, struct trace_totals *totals);

struct index {
    VEC(struct index_block) blocks;
    struct trace_totals totals;
    bool is_loaded;
};

/* From the footer of an open file, or, if it has none, from the heads of its blocks. False: the file cannot be sought in. */
bool index_load(struct index *index, int file);
/* Only the totals, and only from a footer. */
bool index_load_totals(struct index *index, int file);
void index_done(struct index *index);

#endif
