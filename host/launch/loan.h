/* loan: in a thread of a running process, out system calls and function calls that it makes for us; afterwards it goes on as if nothing had been. */
#ifndef HOST_LAUNCH_LOAN_H
#define HOST_LAUNCH_LOAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "again.h"
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
    long call;             /* the system call that it is in, is about to make or has just made; -1: none */
    pid_t child;           /* that a system call made, where the kernel tells of it */
    /* its own */
    struct registers before;
    struct again again;
    bool is_at_call;       /* it goes on with the call that it was held in, by beginning it */
    uint64_t mask;
    char state[LOAN_STATE_ROOM]; /* floating point and vectors */
    size_t state_bytes;    /* 0: nothing was done with it yet */
    int state_set;         /* which of those that this machine may have */
    uint64_t scratch;      /* pages in the process, with the stack of the calls; 0: none yet */
    int signal;            /* that was on its way to the thread */
    uint64_t since_ns, held_ns;
    bool is_running;
    bool is_broken;        /* it does not do as it is told, or has ended */
};

/* Bytes at the start of the scratch pages that are the borrower's. */
enum { LOAN_ROOM = 4096, LOAN_SCRATCH_BYTES = 512 * 1024 };

/* Opens its memory, and finds the instruction (0: there is none); false: errno says why. */
bool loan_open(struct loan *loan, pid_t pid);
/* Holds thread `tid`; false: it may not be held, errno says why, or it does not stand still soon (EBUSY). */
bool loan_hold(struct loan *loan, pid_t tid);
/* Lets it go; where calls were made, with all its registers as they were. */
void loan_release(struct loan *loan);
/* The same for one that somebody else holds, who looked at `again` before. */
bool loan_adopt(struct loan *loan, pid_t tid, const struct again *again);
/* After these: makes the thread ready for system calls. */
bool loan_begin(struct loan *loan);
/* After loan_begin, without letting it go: all registers are as they were. */
void loan_end(struct loan *loan);
/* A call that only waits, and that ended with EINTR since the thread was stopped, is made once more when it goes on. */
void loan_mend_call(struct loan *loan);
/* loan_begin, and what function calls need. */
bool loan_take(struct loan *loan);
bool loan_syscall(struct loan *loan, long number, const uint64_t arguments[6], uint64_t *result);
/* Takes up to some seconds; `result` may be NULL. */
bool loan_call(struct loan *loan, uint64_t function, uint64_t a, uint64_t b, uint64_t *result);
bool loan_read(const struct loan *loan, uint64_t address, void *to, size_t bytes);
bool loan_write(const struct loan *loan, uint64_t address, const void *from, size_t bytes);

#endif
#endif
