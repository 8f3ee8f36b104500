/* qemu: in a command line and a firmware, out a QEMU that stands before its first instruction, with a debugger's line to it and a clock that counts its instructions. */
#ifndef HOST_EMULATE_QEMU_H
#define HOST_EMULATE_QEMU_H

#include <sys/types.h>

#include "host/base/error.h"
#include "host/device/machine.h"

struct qemu {
    pid_t pid;
    int fd;                                /* to its gdb stub */
    const volatile uint64_t *instructions; /* shared with its plugin */
    int status;                            /* of wait, once it has ended */
};

/* `words` are QEMU's own; the first may be the program. What is not among them is added: the image, no display. */
bool qemu_start(struct qemu *qemu, const struct machine *machine, const char *image, char **words, size_t count, struct error *error);
/* Waits for its end; `at_once`: makes it end. */
void qemu_end(struct qemu *qemu, bool at_once);

#endif
