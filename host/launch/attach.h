/* attach: in a program that runs, out the same with the runtime in it, recording; and back. */
#ifndef HOST_LAUNCH_ATTACH_H
#define HOST_LAUNCH_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/base/error.h"
#include "target.h"

struct attach {
    bool despite_seccomp;             /* a filter of its system calls is no hindrance */
    uint64_t duration_ns;             /* then it goes on without us; 0: when the user says so */
    void (*meanwhile)(void *context); /* called while the program works for us: its other threads may wait for the recorder */
    void *context;
    /* what came of it */
    uint64_t held_ns;     /* how long one of its threads was held for the attach; the others ran on */
    uint64_t longest_ns;  /* of the moments in which one was only looked at */
    uint32_t slots, left; /* places where calls were redirected; of these, so many not put back */
};

/* Sees whether the process can be joined, before anything is done to it. */
bool attach_check(pid_t pid, bool despite_seccomp, struct error *error);
/* The process maps target->session and records. On failure it is as it was, but that the runtime may lie in it, idle. */
bool attach_begin(struct attach *attach, const struct target *target, struct error *error);
/* It goes on without us. */
bool attach_end(struct attach *attach, const struct target *target, struct error *error);

#endif
