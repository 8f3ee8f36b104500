/* collect: in what a runtime tells of its process, out the trace of that process and its children. Not for people: the runtime starts it, see docs/runtime.md. */
#ifndef HOST_CMD_COLLECT_H
#define HOST_CMD_COLLECT_H

/* argv: "collect", the process, its clock (enum ht_clock), bytes of its pointers, 'l' or 'b' for its byte order. Returns the exit code. */
int collect(int argc, char **argv);

#endif
