/* inject: in a thread that stands still and a system call, out what the call gave, as if the thread had made it; the thread notices nothing. */
#ifndef HOST_LAUNCH_INJECT_H
#define HOST_LAUNCH_INJECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "standstill.h"

/* Whether calls can be made by this thread. */
bool inject_fits(const struct standstill_thread *thread);
/* A copy of the process, that is held before its first instruction and dies with us. `ours`: it shall be our child, as the process is. */
bool inject_clone(pid_t pid, const struct standstill_thread *thread, bool ours, pid_t *copy);
/* A userfaultfd of the process, as a file of ours: by it can be seen which of its memory it writes to. -1: there is none. */
int inject_watch(pid_t pid, const struct standstill_thread *thread);
/* The process waits for a dead child. */
bool inject_wait(pid_t pid, const struct standstill_thread *thread, pid_t child);
/* A call that only waits, and that ended with EINTR since the thread was stopped, is made once more when it goes on. */
void inject_again(const struct standstill_thread *thread);

#endif
