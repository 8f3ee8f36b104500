/* follow: in the file of a trace that may still be written, out its bytes as they come, until its writer is gone; and to the writer, whether somebody waits.
 * Both know of each other by locks on bytes far behind the end of the file: the kernel takes them back when a process ends, however it ends. */
#ifndef HOST_TRACE_FOLLOW_H
#define HOST_TRACE_FOLLOW_H

#include <heaptracer/trace.h>
#include <sys/types.h>

#include "host/base/error.h"

/* The writer's part; of one that cannot lock its file nobody knows, and it is read as if it were over. */
void follow_hold(int file);
bool follow_is_wanted(int file);
/* Whether what it writes about (a board, another machine) went away, and is waited for. */
void follow_tell_away(int file, bool is_away);

struct follow;

struct follow_config {
    const char *path; /* "-" is standard input */
    /* There are no more bytes now: waits for at most some tenths of a second. False: the follower does not want any more. */
    bool (*wait)(void *context);
    void *context;
};

struct follow *follow_open(const struct follow_config *config, struct error *error);
/* A trace_read for trace_open_stream; the context is the struct follow. */
long follow_read(void *follow, void *bytes, size_t room);
/* Whether somebody writes it now. */
bool follow_is_written(const struct follow *follow);
/* Its writer waits for what went away. */
bool follow_is_away(const struct follow *follow);
/* The process that writes it; 0: nobody, or it cannot be known. */
pid_t follow_writer(const struct follow *follow);
void follow_close(struct follow *follow);

#endif
