/* holds: in processes that wait before they end, out a scan of each and their leave to go on. */
#ifndef HOST_CMD_HOLDS_H
#define HOST_CMD_HOLDS_H

#include <sys/resource.h>

#include "scan.h"

struct held;

struct holds {
    struct scan_config config; /* what is the same for all */
    VEC(struct held *) at;
    uint32_t scans;            /* made so far */
    struct class_sum of[CLASS_COUNT]; /* that they found */
    bool has_failed; /* one could not be made, and that was said */
};

/* Looks at a process that goes on; the number of the scan, or 0 and `error`. */
uint32_t holds_ask(struct holds *holds, const struct shm_process *process, uint64_t why, struct error *error);
/* True when that scan is over; `out` gets the holders that were asked for, `error` why it failed. */
bool holds_answer(const struct holds *holds, uint32_t scan, struct str *out, struct error *error);
/* Does what can be done now, without waiting. False: nothing is under way. */
bool holds_go_on(struct holds *holds);
/* A process that is held, and so must not be waited for by others; how it ended if it did: true once. */
bool holds_has(const struct holds *holds, pid_t pid);
bool holds_ended(struct holds *holds, pid_t pid, int *wait_status, struct rusage *usage);
void holds_done(struct holds *holds);

#endif
