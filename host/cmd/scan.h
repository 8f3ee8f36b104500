/* scan: in a process that stands still and the blocks that the recorder knows, out the class of each, as events in the trace. The search runs in a process
 * of its own beside the recorder, which goes on reading lanes meanwhile. */
#ifndef HOST_CMD_SCAN_H
#define HOST_CMD_SCAN_H

#include "host/base/str.h"
#include "host/launch/standstill.h"
#include "host/reach/memory_word.h"
#include "host/reach/still.h"
#include "host/source/shm.h"
#include "host/trace/writer.h"

struct scan_config {
    struct shm *shm;
    struct clock *clock;
    struct trace_writer *writer;
    const char *session; /* path of the file of lanes */
    unsigned pointer_bytes;
    struct shm_process process;
    enum scan_moment moment;
    uint32_t id;
    bool knows_all; /* it was watched from its start */
    uint64_t stamp; /* of the moment, when the process went on since; 0: it still stands */
    struct memory_words regions; /* what the user says of memory */
    uint64_t why;   /* an address: who points to its block is asked, 0: none */
};

struct scan {
    struct scan_config config;
    struct standstill standstill;
    struct still still;
    uint64_t held_before_ns; /* it stood still to be watched */
    bool has_still; /* whole: the process is not read any more */
    pid_t marker;
    int result; /* file that the marker fills */
    struct scan_definition found;
};

/* The process stands still: all that it did goes into the trace, and the search begins. False: it cannot. */
bool scan_begin(struct scan *scan, struct error *error);
/* True when the search is over: what it found is in the trace then, or `error` says why it found nothing. `why` gets a line for each holder that was asked for. */
bool scan_look(struct scan *scan, struct str *why, struct error *error);
void scan_done(struct scan *scan);

#endif
