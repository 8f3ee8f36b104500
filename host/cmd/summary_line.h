/* summary_line: in the totals of a recording that ended, out two lines for people on stderr. */
#ifndef HOST_CMD_SUMMARY_LINE_H
#define HOST_CMD_SUMMARY_LINE_H

#include <heaptracer/trace.h>

struct shm;

/* A stack in one line. */
struct str;
void summary_stack(struct str *out, const struct shm *shm, uint32_t stack);
void summary_line(const char *path, const struct trace_totals *totals, const struct cost_definition *cost, const struct shm *shm);

#endif
