/* waste: in blocks with a known usable size, out what the allocator gave beyond what was asked for. */
#ifndef HOST_ANALYSIS_WASTE_H
#define HOST_ANALYSIS_WASTE_H

#include "answer.h"

struct waste {
    struct tally asked;
    uint64_t usable_bytes, unknown; /* unknown: blocks without a known usable size, in units of TALLY_ONE */
};

enum { WASTE_COUNT, WASTE_ASKED, WASTE_USABLE, WASTE_BYTES, WASTE_SHARE, WASTE_COLUMNS };

#define WASTE_COLUMN_LIST                                                                                                                                      \
    {"count", "Blocks", "", "births and reallocs whose usable size is known", COLUMN_COUNT},                                                                   \
        {"asked_bytes", "Asked", "", "bytes that they asked for", COLUMN_BYTES},                                                                               \
        {"usable_bytes", "Usable", "", "bytes that the allocator let them use (malloc_usable_size)", COLUMN_BYTES},                                            \
        {"waste_bytes", "Waste", "", "usable_bytes - asked_bytes", COLUMN_BYTES},                                                                              \
    {                                                                                                                                                          \
        "waste_share", "Waste share", "", "waste_bytes / usable_bytes", COLUMN_RATIO                                                                           \
    }

static inline void waste_add(struct waste *waste, const struct change *change)
{
    const struct block *block = &change->block;
    if (block->usable < block->size || !block->usable) {
        waste->unknown += change->amount.count;
        return;
    }
    tally_add(&waste->asked, change->amount);
    waste->usable_bytes += change->amount.count == TALLY_ONE ? block->usable : (uint64_t)((double)block->usable * (double)change->amount.count / TALLY_ONE);
}

static inline void waste_cells(const struct waste *waste, union cell *cells)
{
    uint64_t bytes = waste->usable_bytes > waste->asked.bytes ? waste->usable_bytes - waste->asked.bytes : 0;
    cells[WASTE_COUNT].u = tally_count(waste->asked);
    cells[WASTE_ASKED].u = waste->asked.bytes;
    cells[WASTE_USABLE].u = waste->usable_bytes;
    cells[WASTE_BYTES].u = bytes;
    cells[WASTE_SHARE].f = ratio((double)bytes, (double)waste->usable_bytes);
}

static inline void waste_note(struct table *table, uint64_t unknown)
{
    if (unknown)
        table_note(table, "%llu allocations have no known usable size", (unsigned long long)tally_count((struct tally){0, unknown}));
}

#endif
