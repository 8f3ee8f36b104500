/* leak_scan: in the table of live blocks and the roots, out which blocks nothing leads to any more. */
#ifndef TARGET_CORE_LEAK_SCAN_H
#define TARGET_CORE_LEAK_SCAN_H

#include "core.h"

#if HT_WITH_ROOTS
/* One byte for each cell of the table. */
void ht__leak_open(uint8_t *bytes);
/* Of the block in a cell: enum ht_told_reach. */
uint8_t ht__leak_state(uint16_t cell);
uint8_t ht__leak_state_of(uintptr_t address);
uint32_t ht__leak_count(uint8_t state, uint32_t *bytes);
#endif

#endif
