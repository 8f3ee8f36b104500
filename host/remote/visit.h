/* visit: in the word of an agent (agent:HOST:PORT/NAME), out a connection to it, and its answers. */
#ifndef HOST_REMOTE_VISIT_H
#define HOST_REMOTE_VISIT_H

#include "greeting.h"

struct visit_options {
    const char *token_file, *fingerprint;
    bool clear;
};

/* Of "agent:HOST:PORT/NAME"; PORT may be left out, and /NAME; tcp: is as good. */
struct agent_place {
    char *host, *port, *name; /* name: "" where there is none */
};

struct visit;

/* Whether the word can only be an agent's: it begins with agent:, or with tcp: and has a name. */
bool agent_is_named(const char *word);
bool agent_place_parse(struct agent_place *place, const char *word, struct error *error);
void agent_place_done(struct agent_place *place);

/* `interrupted`: as in link.h. NULL and `error`. */
struct visit *visit_open(const struct agent_place *place, const struct visit_options *options, const volatile sig_atomic_t *interrupted, struct error *error);
bool visit_allows_memory(const struct visit *visit);

enum visit_end {
    VISIT_DONE,
    VISIT_REFUSED, /* the agent said why */
    VISIT_LOST,    /* the connection is of no more use */
};
/* The answer's parts stay until the next call; its text ends with a 0. `error` unless it is done. */
enum visit_end visit_ask(struct visit *visit, const struct remote_request *request, struct remote_answer *answer, struct error *error);
void visit_close(struct visit *visit);

#endif
