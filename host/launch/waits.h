/* waits: in a process, out for how long its threads have been ready and had no processor, as the kernel counts it. */
#ifndef HOST_LAUNCH_WAITS_H
#define HOST_LAUNCH_WAITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of its first threads, 8 at most: the sum since each began; 0 of a process that is gone. False: the kernel does not tell. */
bool waits_take(pid_t pid, uint64_t *ns);

#endif
