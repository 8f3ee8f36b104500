/* cfi: in an .eh_frame_hdr in memory and a code address, out the CFI row that holds there. Reads mapped, file-backed sections only. */
#ifndef TARGET_UNWIND_CFI_H
#define TARGET_UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

enum cfi_where { CFI_SAME, CFI_OFFSET, CFI_UNDEFINED, CFI_OTHER, CFI_AT_FP };

struct cfi_row {
    bool cfa_is_expression; /* then cfa_offset is of the form *(frame pointer + cfa_offset), if deref is true */
    bool deref;
    uint8_t cfa_register;
    int64_t cfa_offset;
    uint8_t fp_where, ra_where; /* enum cfi_where */
    int64_t fp_offset, ra_offset; /* from CFA */
    bool signal_frame;
};

/* False if nothing is known about `pc`. `hdr` is the address of .eh_frame_hdr, [low, high) the module's mapping: no byte outside it is read. */
bool ht__cfi_find(uint64_t hdr, uint64_t low, uint64_t high, uint64_t pc, struct cfi_row *row);

#endif
