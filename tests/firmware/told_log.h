/* told_log: in the calls that a port makes to the core, out a text of them, one a line: what the ports' tests compare. */
#ifndef TOLD_LOG_H
#define TOLD_LOG_H

#include <heaptracer/port.h>

/* Addresses are told by the letters that `log_name` gave them. */
void log_name(const void *address, char letter);
void log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The text since the last call, in a buffer that the next call writes. */
const char *log_take(void);

#endif
