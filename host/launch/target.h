/* target: in a command line, out a running program with the runtime preloaded; or one sentence why it cannot be watched, before it was started. */
#ifndef HOST_LAUNCH_TARGET_H
#define HOST_LAUNCH_TARGET_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "emulator.h"
#include "host/base/error.h"
#include "own_malloc.h"
#include "wire/lane.h"

struct attach;

struct target {
    char program[PATH_MAX]; /* the file of the first word */
    char library[PATH_MAX]; /* the runtime */
    char other_build[PATH_MAX]; /* one that was passed over: it speaks another session than ours */
    unsigned pointer_bytes;
    bool big_endian;
    enum ht_clock clock; /* the finest that a runtime in it can read */
    struct emulator emulator;
    enum own_malloc own_malloc; /* of the program */
    pid_t pid;
    bool adopted;        /* it runs already, with the runtime in it that waits for the session's path */
    const char *session; /* that path */
    struct attach *attach; /* it was running already without us, and shall do so afterwards; NULL: it was not */
    int go, report;   /* pipes: to the child that waits to exec, and from it */
    sigset_t signals; /* the mask that the program shall start with */
};

/* Finds the program and the runtime, and what else it takes to run it here, and sees whether they go together. */
bool target_find(struct target *target, char **words, struct error *error);
/* A process that runs already: its program, and the runtime that goes into it. */
bool target_find_running(struct target *target, pid_t pid, struct error *error);
/* A process whose runtime asked for a session. Where target_go lets another become the program, it answers this one. */
void target_adopt(struct target *target, pid_t pid, enum ht_clock clock, unsigned pointer_bytes, bool big_endian);
/* One that was adopted, and so tells nobody, has ended. */
bool target_is_gone(const struct target *target);
/* Makes the process, which waits: its pid is known. Signals are blocked from here to target_go, so that handlers can be set for the parent alone. */
bool target_fork(struct target *target, char **argv, const char *session_path, struct error *error);
/* Lets it become the program. False: it could not. */
bool target_go(struct target *target, struct error *error);
/* Ends the process that waits instead. */
void target_cancel(struct target *target);

#endif
