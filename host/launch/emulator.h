/* emulator: in a program of another processor, out what runs it here: qemu-user, and the folder with that processor's C library. */
#ifndef HOST_LAUNCH_EMULATOR_H
#define HOST_LAUNCH_EMULATOR_H

#include <limits.h>

#include "elf_check.h"
#include "host/base/error.h"

struct emulator {
    char path[PATH_MAX]; /* "": the machine runs the program itself */
    char root[64];       /* its C library is under this; "": in its usual place, or the user says where */
    unsigned guest;      /* words before the program's own: 0, or those with which the user named the emulator */
};

/* True if programs for this machine need no emulator here. */
bool emulator_is_native(const struct elf_check *program);
/* Looks whether `words` name an emulator, whose path is `path`: then the guest word is told, and the guest itself looked at. False: it names none. */
bool emulator_named(struct emulator *emulator, const char *path, char **words, struct elf_check *guest);
/* Finds what can run `program`, a file of another machine. */
bool emulator_find(struct emulator *emulator, const char *program, const struct elf_check *check, struct error *error);
/* The words that make it run `program` with `library` preloaded, as a list for exec that ends with NULL; memory_free gives it back. */
char **emulator_words(const struct emulator *emulator, const char *program, const char *library, char **words);

#endif
