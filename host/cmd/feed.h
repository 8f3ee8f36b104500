/* feed: in a SOURCE (a recorded process, a file, a board, an agent), out a pipeline that follows its trace while it is written, and looks at it between events. */
#ifndef HOST_CMD_FEED_H
#define HOST_CMD_FEED_H

#include "host/launch/share.h"
#include "host/pipeline.h"
#include "host/symbol/symbol.h"
#include "host/trace/follow.h"
#include "page.h"
#include "spool.h"

struct feed;

struct feed_config {
    const char *word;                     /* SOURCE; "-" is standard input */
    const struct source_options *source;  /* NULL: none */
    const struct page_options *names; /* where names of functions are looked for */
    const char *const *tables; /* as in pipeline_options */
    const struct analysis *const *more;
    /* Called again and again: each 65,536 events or more often, and when all that was written is read (`is_waiting`), where it waits a little. False: no more. While
     * the header is still to come there is no pipeline. */
    bool (*beat)(void *context, struct feed *feed, bool is_waiting);
    /* Looks at every bunch of changes beside the tables; may be NULL. */
    void (*see)(void *context, const struct changes *changes);
    /* Looks at every event that has more to tell than numbers; may be NULL. */
    void (*define)(void *context, const struct event *event);
    void *context;
};

struct feed {
    const struct feed_config *config;
    enum source_kind kind;
    char *path; /* for people: the file, or the word of a board or an agent */
    pid_t pid;  /* 0: no process was named */
    struct spool spool; /* of a board or an agent */
    struct follow *follow;
    struct trace_reader *reader;
    struct pipeline *pipeline;
    struct symbols *symbols;
    struct error problem;  /* what the trace could not give */
    bool was_written;      /* when it was opened: known after feed_open of a board or an agent, after feed_find else */
    bool is_over, is_left; /* the end was read; the beat wanted no more */
    uint64_t read_ns;      /* clock when bytes came last */
    uint64_t read_bytes;   /* of the trace, so far */
    uint64_t event_ns;     /* of the event that is next */
    uint64_t waited_ns, waited_time_ns; /* clock when all that was written had been read, and session time then */
    uint64_t away_ns;      /* clock since when its board or machine is away; 0: it is there */
    uint64_t left_ns;      /* clock when its writer was seen to be gone; 0: it is there */
    struct share share;    /* of a recording that goes on */
    pid_t watched[SHARE_WATCHED];
};

/* Finds the file, or begins to record it; feed_close ends it, also after a failure. */
bool feed_find(struct feed *feed, const struct feed_config *config, struct error *error);
/* Reads its header, for which it may have to wait. */
bool feed_open(struct feed *feed, struct error *error);
/* Reads and beats until the trace ends or the beat does not want more. */
void feed_run(struct feed *feed);
/* The number of the analysis with that name, which must be among its tables. */
size_t feed_analysis(const struct feed *feed, const char *name);
/* Session time while it waits: that of the last event, and what went by since it came. */
uint64_t feed_now(const struct feed *feed);
/* Session time of which all is known by now, for figures at fixed times; `is_waiting` as for the beat. */
uint64_t feed_known(const struct feed *feed, bool is_waiting);
/* How much later the program is than what was read of it; 0: not worth telling. Programs go first where processors are scarce (share.h). */
uint64_t feed_behind(const struct feed *feed);
/* The sentence while away_ns. */
const char *feed_away_why(const struct feed *feed);
/* It is written, and was caught up with. */
bool feed_is_live(const struct feed *feed, bool is_waiting);
/* Pictures and reports of a recording that goes on rest so many times as long as they took. */
double feed_rest_times(const struct feed *feed);
/* Asks the recorder, wherever it is: start, stop, flush, status, detach, mark LABEL. */
bool feed_ask(const struct feed *feed, const char *request, struct str *out, struct error *error);
/* Puts a mark into the recording that goes on, if it can be told. */
void feed_mark(const struct feed *feed, const char *label);
/* All that happened so far is to be in the trace. */
struct feed_flushed {
    uint64_t bytes;  /* of it that have to be read for that */
    uint64_t now_ns; /* session time, by the clock of the machine where it is recorded */
};
bool feed_flush(const struct feed *feed, struct feed_flushed *flushed, struct error *error);

enum feed_bytes { FEED_BYTES_NONE, FEED_BYTES_NOW, FEED_BYTES_LATER };
enum { FEED_BYTES_MOST = 64 << 10 };
/* Memory of a process of the trace (0: the only one that lives) as it is now, if we, or the agent, may look there. LATER: a board was asked, and its answer
 * comes as EVENT_DUMP. NONE: `error`. */
enum feed_bytes feed_bytes(const struct feed *feed, uint32_t process, uint64_t address, uint8_t *bytes, size_t count, struct error *error);
void feed_close(struct feed *feed);

#endif
