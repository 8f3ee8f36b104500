/* loaded: in a running process, out the ELF files that are loaded in it, where, and their symbols. */
#ifndef HOST_LAUNCH_LOADED_H
#define HOST_LAUNCH_LOADED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/base/vec.h"

struct loaded_file {
    char *path;          /* as the process names it; "[vdso]" */
    char *reach;         /* where we find the file */
    uint64_t start, end; /* first and last mapping */
    uint64_t code_start, code_end;
    bool has_malloc;     /* it defines malloc for others */
};

struct loaded {
    pid_t pid;
    VEC(struct loaded_file) files; /* only such with code */
};

/* False: they cannot be read; errno says why. */
bool loaded_read(struct loaded *loaded, pid_t pid);
/* Fills has_malloc; takes some milliseconds. */
void loaded_find_allocators(struct loaded *loaded);
/* The file that this code lies in, or NULL. */
const struct loaded_file *loaded_at(const struct loaded *loaded, uint64_t pc);
/* The first one whose name begins so, or NULL. */
const struct loaded_file *loaded_named(const struct loaded *loaded, const char *name);
/* Address of a function in the process, 0: the file does not offer it. */
uint64_t loaded_function(const struct loaded_file *file, const char *name);
void loaded_done(struct loaded *loaded);

#endif
