/* leak_names: in the functions of a stack, out what its blocks are: an open file, a mutex, a callback. */
#ifndef HOST_CMD_LEAK_NAMES_H
#define HOST_CMD_LEAK_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"
#include "host/base/error.h"
#include "host/base/vec.h"
#include "host/reach/suppress.h"

struct leak_name {
    const char *what, *pattern;
    bool is_resource; /* it owns more than memory */
};

struct leak_names {
    VEC(struct leak_name) own; /* of the user's file, asked first */
    struct arena arena;
};

/* Lines "WHAT: PATTERN"; '#' begins a comment. WHAT is a resource if it is called as one that is known: open file, mutex, thread, timer, loaded library. */
bool leak_names_read(struct leak_names *names, const char *path, struct error *error);
/* NULL: nothing is known. */
const struct leak_name *leak_names_find(const struct leak_names *names, const struct suppress_frame *frames, size_t count);
void leak_names_done(struct leak_names *names);

#endif
