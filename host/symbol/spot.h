/* spot: a function, file and line; what an address becomes, one for each inlined frame and one for the function itself. */
#ifndef HOST_SYMBOL_SPOT_H
#define HOST_SYMBOL_SPOT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/vec.h"

struct spot {
    const char *function; /* NULL: not known */
    const char *file;     /* NULL: not known */
    uint32_t line;        /* 0: not known */
    bool inlined;         /* into the next spot */
    bool is_bare;         /* the function's name came without namespace and parameters */
};

/* Innermost first. */
struct spots {
    VEC(struct spot) list;
};

#endif
