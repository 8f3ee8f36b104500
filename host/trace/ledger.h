/* ledger: in births and ends of blocks as they are written, out the totals of the trace and, for the encoder, each living block's node. */
#ifndef HOST_TRACE_LEDGER_H
#define HOST_TRACE_LEDGER_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/base/vec.h"

/* A living block: 20 bytes, since there may be millions. Addresses below 2^48 share a table per process; `space` names it. */
struct ledger_slot {
    uint32_t address_low;
    uint16_t address_high, origin;
    uint32_t size; /* LEDGER_HUGE: see `huge` */
    uint32_t site, node;
};

struct ledger_space {
    uint32_t process, high; /* bits 48 and up of its addresses */
    struct ledger_slot *slots;
    size_t count, room;
};

struct ledger_site {
    uint64_t live_bytes, peak_bytes;
    uint64_t epoch; /* of peak_*: they hold if it is the ledger's */
    uint32_t live_count, peak_count;
};

struct ledger {
    VEC(struct ledger_space) spaces;
    size_t last_space;
    VEC(struct ledger_site) sites; /* by stack */
    struct map huge;               /* address of a block of 4 GiB and more -> its size */
    uint64_t epoch;                /* grows with each new peak */
    uint64_t live_bytes, live_count;
    struct trace_totals totals;
};

void ledger_done(struct ledger *ledger);
void ledger_birth(struct ledger *ledger, uint32_t process, ht_addr address, uint64_t size, uint32_t site, uint64_t time_ns, uint32_t node, uint16_t origin);
/* False: no such block. */
bool ledger_end(struct ledger *ledger, uint32_t process, ht_addr address, struct ledger_slot *slot, uint64_t *size);
/* Fills peak and leaks. */
void ledger_sum(struct ledger *ledger);

#endif
