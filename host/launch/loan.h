/* loan: in a thread of a running process, out system calls and function calls that it makes for us; afterwards it goes on as if nothing had been. */
#ifndef HOST_LAUNCH_LOAN_H
#define HOST_LAUNCH_LOAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/base/error.h"
#include "registers.h"

#if REGISTERS_KNOWN

enum { LOAN_STATE_ROOM = 16384 };

struct loan {
    pid_t pid, tid;
    int memory;            /* of the process */
    uint64_t instruction;  /* a system call instruction in it */
    void (*meanwhile)(void *context); /* while it runs */
    void *context;
    /* its own */
    struct registers before;
    uint64_t mask;
    char state[LOAN_STATE_ROOM]; /* floating point and vectors */
    size_t state_bytes;
    uint64_t scratch;      /* pages in the process, with the stack of the calls; 0: none yet */
    int signal;            /* that was on its way to the thread */
    uint64_t since_ns, held_ns;
    bool is_running;
    bool is_broken;        /* it does not do as it is told, or has ended */
};

/* Bytes at the start of the scratch pages that are the borrower's. */
enum { LOAN_ROOM = 4096, LOAN_SCRATCH_BYTES = 512 * 1024 };

/* Holds thread `tid`; false: it may not be held, errno says why, or it does not stand still soon (EBUSY). */
bool loan_hold(struct loan *loan, pid_t tid);
/* Lets it go; where calls were made, with all its registers as they were. */
void loan_release(struct loan *loan);
/* After loan_hold: makes the thread ready for calls. */
bool loan_take(struct loan *loan);
bool loan_syscall(struct loan *loan, long number, const uint64_t arguments[6], uint64_t *result);
/* Takes up to some seconds; `result` may be NULL. */
bool loan_call(struct loan *loan, uint64_t function, uint64_t a, uint64_t b, uint64_t *result);
bool loan_read(const struct loan *loan, uint64_t address, void *to, size_t bytes);
bool loan_write(const struct loan *loan, uint64_t address, const void *from, size_t bytes);

#endif
#endif
