/* visit: one request, one answer; whoever asks waits, and not for long. */
#include "visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/memory.h"
#include "host/base/now.h"

#define AGENT_PREFIX "agent:"
#define TCP_PREFIX "tcp:"

static const uint64_t ENTER_NS = 10 * 1000000000ull, ANSWER_NS = 20 * 1000000000ull, MILLISECOND_NS = 1000000;

struct visit {
    struct link *link;
    char *name;
    bool allows_memory;
    remote_buffer out, in;
    char text[REMOTE_TEXT_MOST + 1];
};

bool agent_is_named(const char *word)
{
    return !strncmp(word, AGENT_PREFIX, strlen(AGENT_PREFIX)) || (!strncmp(word, TCP_PREFIX, strlen(TCP_PREFIX)) && strchr(word, '/'));
}

static bool port_is_good(const char *port)
{
    return *port && strspn(port, "0123456789") == strlen(port) && strlen(port) <= 5 && atol(port) > 0 && atol(port) <= UINT16_MAX;
}

/* HOST, HOST:PORT, [HOST] or [HOST]:PORT. */
static bool host_parse(struct agent_place *place, char *text, const char *word, struct error *error)
{
    char *host = text, *end = *text == '[' ? strchr(text, ']') : NULL, *colon = strrchr(end ? end : text, ':');
    char usual[8];
    snprintf(usual, sizeof usual, "%d", REMOTE_PORT);
    place->port = memory_copy_text(colon ? colon + 1 : usual);
    if (colon)
        *colon = 0;
    if (end) {
        *end = 0;
        host++;
    }
    place->host = memory_copy_text(host);
    return (*place->host && port_is_good(place->port)) || error_set(error, ERROR_USAGE, "'%s' is no place of an agent; write agent:HOST:PORT/NAME", word);
}

bool agent_place_parse(struct agent_place *place, const char *word, struct error *error)
{
    *place = (struct agent_place){0};
    const char *prefix = strncmp(word, AGENT_PREFIX, strlen(AGENT_PREFIX)) ? TCP_PREFIX : AGENT_PREFIX;
    if (strncmp(word, prefix, strlen(prefix)))
        return error_set(error, ERROR_USAGE, "'%s' is no agent; write agent:HOST:PORT/NAME", word);
    char *text = memory_copy_text(word + strlen(prefix)), *slash = strchr(text, '/');
    place->name = memory_copy_text(slash ? slash + 1 : "");
    if (slash)
        *slash = 0;
    bool is_good = host_parse(place, text, word, error);
    if (is_good && strlen(place->name) > REMOTE_TEXT_MOST)
        is_good = error_set(error, ERROR_USAGE, "the name of the recording is too long");
    memory_free(text);
    return is_good;
}

void agent_place_done(struct agent_place *place)
{
    memory_free(place->host);
    memory_free(place->port);
    memory_free(place->name);
    *place = (struct agent_place){0};
}

struct visit *visit_open(const struct agent_place *place, const struct visit_options *options, const volatile sig_atomic_t *interrupted, struct error *error)
{
    struct str token = {0}, name = {0};
    uint64_t until = now_ns() + ENTER_NS;
    if (options->token_file && !token_read(options->token_file, &token, error))
        return str_done(&token), NULL;
    struct visit *visit = memory_new(1, sizeof *visit);
    str_add_format(&name, "the agent at %s port %s", place->host, place->port);
    visit->name = memory_copy_text(str_text(&name));
    struct greeting_viewer viewer = {.name = visit->name,
                                     .host = place->host,
                                     .token = options->token_file ? str_text(&token) : NULL,
                                     .fingerprint = options->fingerprint,
                                     .may_be_clear = options->clear};
    visit->link = link_connect(place->host, place->port, interrupted, until, error);
    bool is_in = visit->link && greeting_enter(visit->link, &viewer, &visit->allows_memory, until, error);
    str_done(&token);
    str_done(&name);
    if (is_in)
        return visit;
    visit_close(visit);
    return NULL;
}

bool visit_allows_memory(const struct visit *visit)
{
    return visit->allows_memory;
}

enum visit_end visit_ask(struct visit *visit, const struct remote_request *request, struct remote_answer *answer, struct error *error)
{
    uint64_t until = now_ns() + ANSWER_NS + request->wait_ms * MILLISECOND_NS;
    remote_request_put(request, &visit->out);
    if (!link_write(visit->link, visit->out.at, visit->out.count, until) || !message_read(visit->link, &visit->in, REMOTE_ANSWER_MOST, until))
        return error_set(error, ERROR_READ, "%s %s", visit->name, *link_why(visit->link) ? link_why(visit->link) : "sends nonsense"), VISIT_LOST;
    if (!remote_answer_take(visit->in.at, visit->in.count, answer))
        return error_set(error, ERROR_READ, "%s sends nonsense", visit->name), VISIT_LOST;
    memcpy(visit->text, answer->text.at, answer->text.count);
    visit->text[answer->text.count] = 0;
    answer->text.at = (const uint8_t *)visit->text;
    if (!(answer->flags & REMOTE_REFUSED))
        return VISIT_DONE;
    return error_set(error, ERROR_READ, "%s refuses: %s", visit->name, visit->text), VISIT_REFUSED;
}

void visit_close(struct visit *visit)
{
    if (!visit)
        return;
    link_close(visit->link);
    memory_free(visit->name);
    vec_done(&visit->out);
    vec_done(&visit->in);
    memory_free(visit);
}
