/* listen: what those who start it as a command of its own know it by. */
#ifndef HOST_CMD_LISTEN_H
#define HOST_CMD_LISTEN_H

/* In its sentence when an agent answers where a board was meant. */
#define LISTEN_FOUND_AGENT "an agent of HeapTracer answers there"

#endif
