/* pid_space: in a process number and the PID namespace that it is of, out the number of that process in ours. */
#ifndef HOST_SOURCE_PID_SPACE_H
#define HOST_SOURCE_PID_SPACE_H

#include <stdint.h>

/* `space` is the namespace's inode, 0 not known: then it is taken for ours. 0: no such process, or none that we may see. */
uint32_t pid_space_find(uint32_t space, uint32_t pid);

#endif
