/* demangle: in a symbol's name as the linker knows it, out the name as the source has it (C++, Rust, D); C names stay as they are. */
#ifndef HOST_SYMBOL_DEMANGLE_H
#define HOST_SYMBOL_DEMANGLE_H

#include <stdbool.h>

#include "host/base/arena.h"

enum {
    DEMANGLE_INPUT_BYTES = 16 * 1024, /* a longer name is not demangled: real ones stay far below */
    DEMANGLE_D_BYTES = 2 * 1024,
    DEMANGLE_OUTPUT_BYTES = 4 * 1024, /* a longer text is cut and ends in "..." */
};

/* Whether it looks like a name of a scheme that demangle_name undoes. */
bool demangle_knows(const char *name);
/* Never NULL, without a symbol's version ("@GLIBC_2.2.5"); lives as long as the arena. */
const char *demangle_name(struct arena *arena, const char *name);

#endif
