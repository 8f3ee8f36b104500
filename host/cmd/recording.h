/* recording: in a program that was forked and a writer, out its trace: the recorder's loop, its signals and its control socket. */
#ifndef HOST_CMD_RECORDING_H
#define HOST_CMD_RECORDING_H

#include "fault_watch.h"
#include "holds.h"
#include "host/launch/session.h"
#include "host/launch/target.h"
#include "host/source/shm.h"
#include "host/trace/writer.h"

struct recording {
    struct session session;
    struct clock clock;
    struct target target;
    struct trace_writer *writer; /* NULL once it is closed */
    const char *path;            /* of its file */
    struct shm *shm;
    uint64_t delay_ns; /* recording starts so long after the program */
    bool guard;        /* faults are looked for */
    bool paused;       /* it starts on request only */
    bool follow;
    bool leaks;        /* processes are looked at when they end */
    struct memory_words regions; /* what the user says of their memory */
    /* what came of it */
    int wait_status; /* of the first process */
    uint64_t target_cpu_ns, recorder_cpu_ns;
    struct fault_watch faults;
    /* its own */
    int control, own_control; /* by the number of the program, and by ours */
    struct holds holds;
    uint64_t kept_ns, attended_ns;
    bool exited, cut; /* the first process ended; the trace cannot be written any more */
    bool leaves;      /* the process goes on without us */
    uint64_t until_ns; /* then it does so by itself; 0: it does not */
};

/* To be called between target_fork and target_go: sets handlers for the signals that go to the whole terminal. */
void recording_begin(struct recording *recording);
/* To be called when a process was joined that goes on afterwards: how long we stay. */
void recording_joined(struct recording *recording);
/* Runs until the program, and its descendants if they are followed, have ended. */
void recording_run(struct recording *recording);
/* Closes the trace; fills `cost` and `totals`. False if it is not whole; that was said. */
bool recording_end(struct recording *recording, struct cost_definition *cost, struct trace_totals *totals);

#endif
