/* live_table: in allocations and frees, out the blocks that live, in the caller's memory. Under the lock. A block stands in one of HT_PROBES cells,
 * and is looked for in all of them, up to the furthest that one ever stood: so a free leaves no trace behind, and no search is longer. */
#ifndef TARGET_CORE_LIVE_TABLE_H
#define TARGET_CORE_LIVE_TABLE_H

#include "core.h"

/* None lives at its address. False: it is full there. */
bool ht__live_put(const struct ht_live *block);
/* Its copy; address 0: it is not there. */
void ht__live_take(uintptr_t address, struct ht_live *to);
struct ht_live *ht__live_find(uintptr_t address);
/* Its copy, while it lives. */
#if HT_WITH_TABLE
bool ht__live_get(uintptr_t address, struct ht_live *to);
#else
#define ht__live_get(address, to) ((void)(address), (void)(to), false)
#define ht__live_around(address, to) ((void)(address), (void)(to), false)
#endif

/* These take the lock themselves, for short pieces of the table at a time. */
/* The cell's copy; false: it is free. */
bool ht__live_copy(uint16_t cell, struct ht_live *to);
/* The block that has the address in it, but does not begin there; false: none. */
#if HT_WITH_TABLE
bool ht__live_around(uintptr_t address, struct ht_live *to);
#endif
/* The oldest one that is younger than `id`; false: none. */
bool ht__live_next(uint32_t id, struct ht_live *to);

#endif
