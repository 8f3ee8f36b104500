/* names: in the symbol tables of one module, out the function symbol at or before an address. */
#ifndef HOST_SYMBOL_NAMES_H
#define HOST_SYMBOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdwfl.h>

#include "host/base/vec.h"

struct name {
    uint64_t address, size; /* size 0: the table does not say, as of many functions in assembly */
    uint64_t end;           /* what lies from here on is surely another's */
    const char *text;       /* as the linker knows it; lives as long as the module is open */
    uint32_t rank;          /* of several names for one address the one with the lowest rank is kept */
};

struct names {
    VEC(struct name) list; /* by address, one for each */
    bool thumb;            /* bit 0 of an address is a mode, not part of it */
};

void names_read(struct names *names, Dwfl_Module *module, int machine);
/* The symbol that covers `pc`, else the nearest one before it if the table does not say its size and `pc` lies in the same section and not further away than
 * NAMES_REACH_BYTES, else NULL: behind the end of a symbol lies a function that has no name here. */
const struct name *names_find(const struct names *names, uint64_t pc);
bool name_covers(const struct name *name, uint64_t pc);
void names_done(struct names *names);

enum { NAMES_REACH_BYTES = 64 * 1024 };

#endif
