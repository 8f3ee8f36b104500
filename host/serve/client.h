/* client: in what a page sends and what the sources have, out the next thing to send to it. Only the newest beat and document wait for a client that reads slowly;
 * what it missed is counted. Knows no network. */
#ifndef HOST_SERVE_CLIENT_H
#define HOST_SERVE_CLIENT_H

#include "channel.h"
#include "door.h"
#include "serve_message.h"

enum { CLIENT_BROKEN_MOST = 3, CLIENT_ANSWERS_MOST = 64 };

/* What a client knows of one source. */
struct client_view {
    bool is_subscribed, wants_document, wants_history;
    uint64_t beat_number, document_number, alert_number; /* got so far */
};

struct client {
    struct channels *channels;
    const struct door *door;
    uint64_t number; /* its name in asks */
    bool is_admitted; /* said the token, where one is wanted */
    bool is_done;     /* to be closed when `answers` are sent */
    bool is_stream;   /* text/event-stream */
    unsigned broken;  /* messages */
    uint64_t hello_number, dropped;
    struct client_view *views; /* one a source */
    size_t next_view;          /* whose turn it is: none starves another */
    VEC(struct parcel *) answers;
    struct parcel *sending; /* NULL: nothing */
    bool is_document;       /* what is being sent */
    uint64_t document_began, document_due; /* clock; due: none before, so that beats get most of a slow client's time */
    size_t sent;
    char tail[48]; /* of a beat: what only this client missed */
};

void client_begin(struct client *client, struct channels *channels, const struct door *door, uint64_t number);
/* Source 0: all. One that is subscribed to already goes on: only whether its documents are wanted may change. */
void client_subscribe(struct client *client, unsigned source, bool wants_document, bool wants_history);
/* A whole message of the page. */
void client_hear(struct client *client, const char *bytes, size_t count);
/* A message that is none: cut, too long, binary. */
void client_hear_broken(struct client *client, const char *problem);
/* Takes the parcel over. */
void client_answer(struct client *client, struct parcel *answer);
/* Has something to send: `sending` is set, from `sent` on. */
bool client_next(struct client *client);
/* A document waits for its time: in so many ns; 0: none does. */
uint64_t client_wait(const struct client *client);
/* All of `sending` was sent. */
void client_sent(struct client *client);
void client_end(struct client *client);

#endif
