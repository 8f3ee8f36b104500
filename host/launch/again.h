/* again: in a call that only waits, and that ended with EINTR since its thread was stopped, out registers by which the thread makes it once more. */
#ifndef HOST_LAUNCH_AGAIN_H
#define HOST_LAUNCH_AGAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "registers.h"

/* In which call a thread was before it was stopped; filled only where its registers do not tell. */
struct again {
    long number; /* -1: none, or not known */
    uint64_t first, stack, pc;
};

#if REGISTERS_KNOWN

/* Before the thread is stopped. */
void again_look(struct again *again, pid_t pid, pid_t tid);
/* At the stop, with the thread's own signal mask. True: the registers were changed. A signal that waits for the thread ends the call rightly. */
bool again_mend(const struct again *again, pid_t tid, struct registers *registers);

#endif
#endif
