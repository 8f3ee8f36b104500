/* process_memory: in an address of another process, out the bytes of its heap there. Nothing is stopped. */
#ifndef HOST_REMOTE_PROCESS_MEMORY_H
#define HOST_REMOTE_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/base/error.h"

/* Whether it is `of`, or comes from it. */
bool process_memory_is_of(pid_t pid, pid_t of);
/* All of them, or false. Only what allocators give: memory of the process's own that can be written and is no file's and not the first thread's stack. */
bool process_memory_read(pid_t pid, uint64_t address, uint8_t *bytes, size_t count, struct error *error);

#endif
