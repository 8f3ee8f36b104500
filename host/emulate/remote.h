/* remote: in questions to a machine that stands still, out what its gdb stub answers: registers, memory, breakpoints, and why it stopped again ("Debugging with
 * GDB", appendix "GDB Remote Serial Protocol"). */
#ifndef HOST_EMULATE_REMOTE_H
#define HOST_EMULATE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REMOTE_PACKET = 4096, REMOTE_REGISTER_BYTES = 1024 };

/* Zero-filled with fd set is a new one. */
struct remote {
    int fd;
    bool is_lost; /* the other side is gone */
    size_t have;  /* bytes of `incoming` */
    char incoming[2 * REMOTE_PACKET];
    char answer[REMOTE_PACKET + 1];
};

enum remote_stop { REMOTE_STOPPED, REMOTE_ENDED, REMOTE_TIME_OUT };

bool remote_begin(struct remote *remote);
/* How many bytes of registers were read, in the stub's order. */
size_t remote_registers(struct remote *remote, uint8_t bytes[REMOTE_REGISTER_BYTES]);
/* At most 1024 bytes; how many could be read. */
size_t remote_memory(struct remote *remote, uint64_t address, uint8_t *bytes, size_t count);
bool remote_break(struct remote *remote, uint64_t address, unsigned code_bytes);
/* Lets it run, or run one instruction, and waits until it stops; timeout_ms -1: for ever. A signal of ours is a time out. */
enum remote_stop remote_go(struct remote *remote, bool one_step, int timeout_ms);
/* Makes it stop after a time out. */
enum remote_stop remote_interrupt(struct remote *remote);

#endif
