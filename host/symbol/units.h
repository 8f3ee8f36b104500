/* units: in the debug data of one module, out the spots (inlined ones first) of an address. */
#ifndef HOST_SYMBOL_UNITS_H
#define HOST_SYMBOL_UNITS_H

#include <elfutils/libdw.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"

#include "spot.h"
#include "scopes.h"

struct unit {
    Dwarf_Die die;   /* has the lines */
    Dwarf_Die split; /* has the functions; of another file with -gsplit-dwarf, else the same */
    bool is_read;
    struct scopes scopes;
};

struct unit_range {
    uint64_t low, high;
    uint64_t reach; /* the largest `high` up to here: tells when looking further back is in vain */
    uint32_t unit;
};

struct units {
    VEC(struct unit) list;
    VEC(struct unit_range) ranges;
    struct map names; /* of a mangled name (its place in memory): the clear text */
    struct arena texts;
    size_t read_count; /* units whose functions were read */
};

/* `is_code` says whether an address can be code: linkers leave the ranges of functions that they threw away. */
void units_read(struct units *units, Dwarf *dwarf, bool (*is_code)(const void *context, uint64_t address), const void *context);
/* Adds the spots of `pc`. A last spot without a function or with `inlined` set wants the name that the symbol table has. */
void units_resolve(struct units *units, uint64_t pc, struct spots *spots);
void units_done(struct units *units);

#endif
