/* scopes: in the debug data of one compile unit, out the functions that are active at an address: the inlined ones and the one that holds them. */
#ifndef HOST_SYMBOL_SCOPES_H
#define HOST_SYMBOL_SCOPES_H

#include <stdbool.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"

enum { SCOPE_NONE = 0xFFFFFFFFu };

struct scope {
    Dwarf_Die die;
    uint32_t parent; /* the scope that holds it, always with a smaller number, or SCOPE_NONE */
    bool inlined;
    bool is_bare; /* see spot.h; both are filled when the name is asked for */
    const char *name;
};

struct scope_range {
    uint64_t low, high;
    uint32_t scope;
};

struct scope_segment {
    uint64_t start; /* up to the start of the next one */
    uint32_t scope; /* the innermost one, or SCOPE_NONE */
};

struct scopes {
    VEC(struct scope) list;
    VEC(struct scope_segment) segments; /* by start */
    VEC(struct scope_range) ranges;     /* only while reading */
    struct map holders;                 /* of the offset of a function's DIE without mangled name: the text of what holds it ("ns::type") */
};

/* Texts go into the arena. */
void scopes_read(struct scopes *scopes, Dwarf_Die *unit, struct arena *arena);
/* The innermost scope at `pc`, or SCOPE_NONE. */
uint32_t scopes_find(const struct scopes *scopes, uint64_t pc);
/* The mangled name if there is one, else the bare name in the source, else NULL. */
const char *scope_name(Dwarf_Die *die, bool *is_bare);
/* The namespaces, types and functions that the function was declared in, "ns::type"; NULL: none, or it was declared by another DIE. */
const char *scopes_holder(const struct scopes *scopes, Dwarf_Die *die);
void scopes_done(struct scopes *scopes);

#endif
