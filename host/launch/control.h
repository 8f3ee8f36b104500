/* control: in words of `heaptracer ctl`, out answers of the recorder: a socket in the abstract name space, for the same user only. */
#ifndef HOST_LAUNCH_CONTROL_H
#define HOST_LAUNCH_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/base/error.h"
#include "host/base/str.h"

enum { CONTROL_ROOM = 4096 /* bytes of a request or an answer */, CONTROL_PATIENCE_MS = 10000 };

/* The request for the path of the trace: followers find the file by it. */
#define CONTROL_TRACE "trace"
/* "bytes PID ADDRESS COUNT" for a copy from another machine, answered in hex, or a listener, whose board answers in its trace; and the words
 * before the size of the trace on that other machine and the time there, in answers. */
#define CONTROL_BYTES "bytes"
#define CONTROL_SIZE "size"
#define CONTROL_CLOCK "clock"

/* -1 if it cannot be opened: the recording goes on without. `pid` is the first watched process. */
int control_open(pid_t pid);
/* Each number at which a recorder of this machine listens: of its first program, and its own. */
void control_each(void (*see)(void *context, pid_t pid), void *context);
/* Answers those who ask now; does not wait. `answer` fills `out` for a request. */
void control_serve(int socket, void (*answer)(void *context, char *request, struct str *out), void *context);
/* Answers that request: the whole path and the number of the first watched process, a line each. */
void control_tell_trace(const char *path, pid_t first, struct str *out);
/* Finds the trace that the recorder of `pid` writes; appends its path. `first` may be NULL. `patience_ms`: for a recorder that does not answer. */
bool control_ask_trace(pid_t pid, long patience_ms, struct str *path, pid_t *first, struct error *error);
/* Asks the recorder of `pid` (the first watched process or the recorder itself). */
bool control_ask(pid_t pid, const char *request, struct str *out, struct error *error);

#endif
