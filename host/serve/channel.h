/* channel: in what the thread of a source makes, out the newest of it for the thread of the clients; and what these ask, the other way. One lock, held for moments:
 * a source never waits for a client. */
#ifndef HOST_SERVE_CHANNEL_H
#define HOST_SERVE_CHANNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "history.h"
#include "host/base/json.h"
#include "host/base/vec.h"
#include "parcel.h"
#include "route.h"

enum channel_kind { CHANNEL_PROCESS, CHANNEL_FILE, CHANNEL_BOARD, CHANNEL_AGENT };
enum channel_state {
    CHANNEL_WAITING, /* for the first bytes */
    CHANNEL_READING, /* what was recorded before; not caught up yet */
    CHANNEL_LIVE,
    CHANNEL_GONE, /* what it comes from went away and is waited for */
    CHANNEL_ENDED,
    CHANNEL_LOST, /* cannot be read, or not to its end */
};
enum { CHANNEL_ALERTS = 64, CHANNEL_ASKS = 64 };

/* What a client wants of a source, beyond what is there anyway. */
struct channel_ask {
    enum channel_ask_kind { ASK_NOTHING, ASK_MARK, ASK_RECORD, ASK_DETAIL, ASK_DUMP, ASK_FILE } kind;
    uint64_t client, id; /* who asked, and what the answer names */
    bool on;
    uint64_t address, bytes;
    struct route route; /* ASK_FILE */
    char text[256];     /* a label */
};

struct channel_answer {
    uint64_t client;
    struct parcel *parcel; /* a message; of ASK_FILE the file, NULL and `problem` when there is none */
    const char *problem;
};

struct channels;

struct channel {
    struct channels *all;
    unsigned id; /* from 1 */
    const char *word;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t asked;
    char *name, *command, *why;
    enum channel_kind kind;
    enum channel_state state;
    bool can_control, can_dump, is_paused;
    uint64_t start_unix_ns, since_unix_ns; /* since: of the state */
    struct parcel *document, *beat, *course; /* course: the message about the history, made at course_number */
    uint64_t document_number, beat_number, course_number;
    struct parcel *alerts[CHANNEL_ALERTS]; /* a ring */
    uint64_t alert_number;
    struct history history;
    VEC(struct channel_ask) asks;
    VEC(struct channel_answer) answers;
    unsigned watchers; /* clients that want documents */
};

struct channels {
    VEC(struct channel *) list;
    uint64_t hello_number; /* grows when what /api/sources tells changes */
    void (*wake)(void *context); /* something is new; called by any thread */
    void *context;
};

/* Before any thread begins. `word` must outlive it. */
struct channel *channels_add(struct channels *channels, const char *word);
void channels_done(struct channels *channels);
/* The body of /api/sources; with `is_message` its type, too. */
struct parcel *channels_hello(struct channels *channels, bool is_message);

struct channel_about {
    const char *name, *command; /* command NULL: not known */
    enum channel_kind kind;
    bool can_control, can_dump;
    uint64_t start_unix_ns;
};

/* For the thread of the source. Texts are copied, parcels are taken over. */
void channel_name(struct channel *channel, const struct channel_about *about);
void channel_pause(struct channel *channel, bool is_paused);
void channel_state(struct channel *channel, enum channel_state state, const char *why);
/* `is_sent` false: only the history gets it. */
void channel_beat(struct channel *channel, const struct history_point *point, double growth_bytes_s, uint64_t behind_ns, bool is_sent);
uint32_t channel_region(struct channel *channel, const char *name);
void channel_document(struct channel *channel, struct parcel *document);
void channel_alert(struct channel *channel, struct parcel *alert);
/* The next one, waited for at most so long; false: there is none. */
bool channel_next(struct channel *channel, unsigned milliseconds, struct channel_ask *ask);
/* `problem` NULL: done. `value` may be NULL. */
void channel_answer(struct channel *channel, const struct channel_ask *ask, const char *problem, const char *value);
void channel_answer_file(struct channel *channel, const struct channel_ask *ask, struct parcel *parcel, const char *problem);
bool channel_is_watched(struct channel *channel);

/* For the thread of the clients. False: so much is asked that no more is taken. */
bool channel_put(struct channel *channel, const struct channel_ask *ask);
/* False: there is none. The parcel is the caller's. */
bool channel_take(struct channel *channel, struct channel_answer *answer);
void channel_watch(struct channel *channel, bool on);
/* The message about the history, for a client that begins; held for the caller. */
struct parcel *channel_course(struct channel *channel);

/* A message of the given type about the channel is begun on a stream: the rest of its members follow, and json_end. */
void channel_message(struct json *json, FILE *out, const char *type, const struct channel *channel);

#endif
