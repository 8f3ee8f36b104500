/* serve_source: in the word of a source, out a thread that follows it and tells its channel. */
#ifndef HOST_CMD_SERVE_SOURCE_H
#define HOST_CMD_SERVE_SOURCE_H

#include <pthread.h>
#include <stdatomic.h>

#include "alerting.h"
#include "feed.h"
#include "host/serve/channel.h"

struct serve_source {
    const char *word;
    struct channel *channel; /* set between open and start */
    const atomic_bool *is_stopped; /* by whoever started it */
    const struct page_options *names;
    const struct source_options *options;
    bool may_dump; /* bytes of the program's memory may be told */
    struct channel_ask dump; /* that a board was asked for; kind ASK_NOTHING: none */
    const char **tables;
    struct feed_config config;
    struct feed feed;
    struct alerts alerts;
    struct error problem; /* a rule that does not fit its table */
    pthread_t thread;
    bool has_thread;
    struct history_point point;              /* the latest beat */
    uint64_t next_ns;                        /* session time of the next one */
    uint64_t sent_clock, looked_clock;       /* when a beat was sent, and the rules were looked at */
    uint64_t document_due, document_events;  /* not before then; what the newest one told of */
    uint64_t regions_due;
    uint64_t past_ns, past_bytes;            /* live about a second ago, for the growth */
    double growth;
};

/* Finds it: false and `error` if there is no such source. serve_source_close ends it, also after a failure. */
bool serve_source_open(struct serve_source *source, struct error *error);
bool serve_source_start(struct serve_source *source, struct error *error);
/* After *is_stopped was set. */
void serve_source_close(struct serve_source *source);

#endif
