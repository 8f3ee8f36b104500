/* ledger: in births and ends of blocks as they are written, out the totals of the trace and, for the encoder, each living block's node. */
#ifndef HOST_TRACE_LEDGER_H
#define HOST_TRACE_LEDGER_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/base/vec.h"

/* A living block: 20 bytes, since there may be millions. */
struct ledger_block {
    uint32_t next; /* in its row, or in the list of unused ones; 0 ends it */
    uint32_t size; /* LEDGER_HUGE: see `huge` */
    uint32_t site;
    uint32_t node; /* of predict.h, in the segment that it was born in */
    uint16_t origin;
    uint8_t address_low;
};

struct ledger_site {
    uint64_t live_bytes, peak_bytes;
    uint64_t epoch; /* of peak_*: they hold if it is the ledger's */
    uint32_t live_count, peak_count;
};

/* Found by address in two steps that keep the target's own locality: a page is a MiB of one process, a row 256 bytes of it. */
enum { LEDGER_ROW_BITS = 8, LEDGER_PAGE_BITS = 20, LEDGER_PAGE_ROWS = 1 << (LEDGER_PAGE_BITS - LEDGER_ROW_BITS), LEDGER_CHUNK_BITS = 14, LEDGER_NEAR = 64 };

struct ledger {
    struct map pages; /* process and address -> uint32_t[LEDGER_PAGE_ROWS] of first blocks */
    struct {
        uint64_t key;
        uint32_t *rows;
    } near[LEDGER_NEAR];               /* pages that were used lately */
    VEC(struct ledger_block *) chunks; /* of 1 << LEDGER_CHUNK_BITS blocks; block 0 is none */
    uint32_t unused, block_count;
    VEC(struct ledger_site) sites; /* by stack */
    struct map huge;               /* number of a block of 4 GiB and more -> its size */
    uint64_t epoch;                /* grows with each new peak */
    uint64_t live_bytes, live_count;
    struct trace_totals totals;
};

void ledger_init(struct ledger *ledger);
void ledger_done(struct ledger *ledger);
void ledger_birth(struct ledger *ledger, uint32_t process, ht_addr address, uint64_t size, uint32_t site, uint64_t time_ns, uint32_t node, uint16_t origin);
/* False: no such block. */
bool ledger_end(struct ledger *ledger, uint32_t process, ht_addr address, struct ledger_block *block, uint64_t *size);
/* Every living block, by process and address. */
typedef void (*ledger_see)(void *context, uint32_t process, ht_addr address, uint64_t size, const struct ledger_block *block);
void ledger_each(struct ledger *ledger, ledger_see see, void *context);
/* Fills peak and leaks. */
void ledger_sum(struct ledger *ledger);

#endif
