/* run_side: in a run that has its guard pages at either end of blocks, out two runs, one after the other. */
#ifndef HOST_CMD_RUN_SIDE_H
#define HOST_CMD_RUN_SIDE_H

enum guard_side { SIDE_AFTER, SIDE_BEFORE, SIDE_BOTH };

struct run_side {
    int exit_code; /* of the first run, in the process that makes the second one; 0 in the other */
    char out[4096];
};

/* *out is the trace's path, or NULL: the first run gets another one. Returns the side that this process's run has. */
enum guard_side run_side_next(struct run_side *side, const char **out);

#endif
