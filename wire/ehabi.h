/* ehabi: in an .ARM.exidx table and a code address, out how far a frame there reaches and where it saved what its caller needs ("Exception Handling ABI
 * for the Arm Architecture", sections 6, 7 and 10.3). Freestanding; the Linux runtime, the firmware's walker and the host read tables with it. */
#ifndef WIRE_EHABI_H
#define WIRE_EHABI_H

#include <stdbool.h>
#include <stdint.h>

/* The table in memory of ours, and which address it has in the target's: there it is the same. Words outside [low, high), target's addresses, are not read. */
struct ehabi_table {
    const uint32_t *words;
    uint32_t address, count; /* count: of entries, two words each */
    uint32_t low, high;
};

enum ehabi_kind {
    EHABI_LOST,    /* the table does not tell */
    EHABI_END,     /* it says that there is no way out: where threads and programs begin */
    EHABI_FROM_SP, /* cfa is counted from SP */
    EHABI_FROM_FP, /* from r7 */
};

struct ehabi_rule {
    uint32_t kind;               /* enum ehabi_kind */
    uint32_t cfa;                /* bytes above SP or r7 where the caller's frame begins */
    uint32_t ra_below, fp_below; /* return address and r7 were saved so many bytes below there; 0: they are in their registers */
};

struct ehabi_rule ht__ehabi_find(const struct ehabi_table *table, uint32_t pc);

#endif
