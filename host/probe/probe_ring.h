/* probe_ring: in places in files, out the calls that processes make there, as the kernel's uprobes tell them through perf's rings, in order of time. */
#ifndef HOST_PROBE_PROBE_RING_H
#define HOST_PROBE_PROBE_RING_H

#include <sys/types.h>

#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "probe_events.h"
#include "probe_point.h"

enum probe_kind { PROBE_CALL, PROBE_RETURN, PROBE_LOST, PROBE_EXEC, PROBE_FORK, PROBE_EXIT, PROBE_MAPPED };
enum { PROBE_FRAMES = 64, PROBE_ARGUMENTS = 4 };

struct probe_sample {
    uint8_t kind;  /* enum probe_kind */
    uint8_t name;  /* enum probe_name */
    uint32_t pid, tid, parent; /* parent: PROBE_FORK */
    uint32_t owner; /* the thread whose probe told it: its own, or that of who made it; 0: there is one for all */
    uint64_t time_ns; /* CLOCK_MONOTONIC */
    uint64_t arguments[PROBE_ARGUMENTS]; /* PROBE_CALL */
    uint64_t result;  /* PROBE_RETURN */
    uint64_t sp, ra;  /* PROBE_CALL; ra: the return address; 0: it could not be read */
    uint64_t count;   /* PROBE_LOST: samples */
    uint32_t frames;  /* of the chain of frame pointers, return addresses, innermost first: without `ra`, if the kernel did not see it */
    uint64_t chain[PROBE_FRAMES];
};

struct probe_rings {
    pid_t pid;        /* 0: all processes */
    bool is_filtered; /* one process, but probed as if all were meant: it has too many threads to be told apart by the kernel */
    struct probe_events events;
    VEC(int) files;
    VEC(struct probe_ring) rings;
    struct map names; /* perf's id of a probe -> its thread, name and whether it tells returns */
    VEC(struct probe_sample) waiting; /* by time */
};

struct probe_ring {
    int cpu, file;
    void *at;
};

/* Whether the kernel lets us; the sentence names the mend. */
bool probe_rings_check(struct error *error);
/* `pid` 0: all processes; rings begin empty, and running. */
bool probe_rings_open(struct probe_rings *rings, pid_t pid, struct error *error);
/* The functions of one more file, from now on. A file that is not there, or without such functions, adds none. */
bool probe_rings_add(struct probe_rings *rings, const char *path, const struct probe_file *file, struct error *error);
/* Waits at most so long for more, then hands over all that is certain to be next. `is_last`: all that there is. */
void probe_rings_take(struct probe_rings *rings, int timeout_ms, bool is_last, void (*see)(void *context, const struct probe_sample *sample), void *context);
void probe_rings_close(struct probe_rings *rings);

#endif
