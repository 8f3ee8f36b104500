/* run_live: in a program that is about to be recorded, out the full-screen view of it: the recorder goes into a session of its own, and its user looks on. */
#ifndef HOST_CMD_RUN_LIVE_H
#define HOST_CMD_RUN_LIVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/base/error.h"

struct run_live {
    int report[2];  /* from the recorder: its program and its trace, once there is one */
    int theme;      /* enum theme of the view */
    int said;       /* what the recorder says, for when the view is closed */
    char output[64]; /* where the program's output goes until the trace has a name */
    bool is_recorder;
    bool is_joined;  /* the program runs already, and its ends are its own; it is left alone when the view is closed */
};

/* Parts into recorder (is_recorder) and viewer. In the recorder, what is started from here on writes into a file and does not read the terminal. */
bool run_live_part(struct run_live *live, struct error *error);
/* The recorder: the program waits, and its trace is there. False: its output cannot get its name, which is the trace's with ".out". */
bool run_live_ready(struct run_live *live, pid_t program, const char *trace, bool replaces, struct error *error);
/* The recorder: there will be no trace. */
void run_live_cancel(struct run_live *live);
/* The viewer: shows the run until it ends or the user leaves. Returns the exit code. */
int run_live_watch(struct run_live *live);

#endif
