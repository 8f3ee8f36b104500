/* ctl: in a request to a recording that runs, out its answer. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "fetch.h"
#include "host/launch/control.h"

struct ctl_options {
    struct visit_options visit;
};

static const struct opt ctl_options[] = {
    {OPT_SECTION, .about = "Of a recording on another machine"},
    VISIT_OPTIONS(struct ctl_options, visit),
    {0},
};

static const struct opt_example ctl_examples[] = {
    {"heaptracer ctl 4711 stop", "pause the recording of process 4711"},
    {"heaptracer ctl 4711 mark 'cache filled'", "put a mark into the trace"},
    {"heaptracer ctl agent:board7/server mark 'cache filled'", "of a recording on another machine, where an agent runs"},
    {0},
};

const struct opt_command cmd_ctl_table = {
    .name = "heaptracer ctl",
    .usage = "PID|AGENT start|stop|status|flush|detach|mark [LABEL]",
    .about = "Steer a recording that runs: start, stop, mark, flush, ask its state",
    .manual =
        "PID is the number in the name of the trace, that of the first watched process. While a recording is stopped, events are not in the trace: blocks "
        "that were allocated meanwhile are unknown to it, and their frees are left out of the tables.\n\n"
        "AGENT is agent:HOST:PORT/NAME, see 'heaptracer help agent'.\n\n"
        "'flush' makes all that happened so far readable in the trace file. 'detach' ends what 'heaptracer attach' began: the process goes on unwatched.",
    .options = ctl_options,
    .examples = ctl_examples,
    .see_also = "heaptracer run, heaptracer attach, heaptracer agent",
    .least_words = 2,
    .most_words = OPT_ANY_WORDS,
};

static bool ctl_request(const struct opt_words *words, struct str *request, struct error *error)
{
    static const char *const known[] = {"start", "stop", "status", "flush", "mark", "detach"};
    bool is_mark = !strcmp(words->at[1], "mark"), is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        is_known = is_known || !strcmp(words->at[1], known[i]);
    if (!is_known)
        return error_set(error, ERROR_USAGE, "'%s' is not a request; write start, stop, status, flush, detach or mark LABEL", words->at[1]);
    if (is_mark != (words->count > 2))
        return error_set(error, ERROR_USAGE, is_mark ? "mark wants a label" : "only mark takes more words");
    for (size_t i = 1; i < words->count; i++)
        str_add_format(request, "%s%s", i > 1 ? " " : "", words->at[i]);
    if (request->count >= CONTROL_ROOM)
        return error_set(error, ERROR_USAGE, "the label is too long; keep it under %d bytes", CONTROL_ROOM);
    return true;
}

static bool ctl_pid(const char *word, long *pid, struct error *error)
{
    char *end;
    *pid = strtol(word, &end, 10);
    if (*pid > 0 && *pid < 1 << 30 && !*end)
        return true;
    return error_set(error, ERROR_USAGE, "'%s' is not the number of a process", word);
}

static bool ctl_ask_here(const char *word, const char *request, struct str *out, struct error *error)
{
    long pid;
    return ctl_pid(word, &pid, error) && control_ask((pid_t)pid, request, out, error);
}

static bool ctl_ask_agent(const char *word, const struct visit_options *options, const char *text, struct str *out, struct error *error)
{
    struct agent_place place = {0};
    struct remote_answer answer;
    signal(SIGPIPE, SIG_IGN);
    struct visit *visit = agent_place_parse(&place, word, error) ? visit_open(&place, options, NULL, error) : NULL;
    struct remote_request open = {.kind = REMOTE_OPEN}, request = {.kind = REMOTE_ASK, .text = {(const uint8_t *)text, strlen(text)}};
    if (place.name)
        open.text = (struct remote_bytes){(const uint8_t *)place.name, strlen(place.name)};
    bool is_good = visit && visit_ask(visit, &open, &answer, error) == VISIT_DONE && visit_ask(visit, &request, &answer, error) == VISIT_DONE;
    if (is_good)
        str_add(out, (const char *)answer.text.at);
    visit_close(visit);
    agent_place_done(&place);
    return is_good;
}

static bool ctl_ask(const struct opt_words *words, const struct ctl_options *options, struct str *out, struct error *error)
{
    static const char refusal[] = "error: ";
    struct str request = {0};
    const char *word = words->at[0];
    bool is_good = ctl_request(words, &request, error);
    is_good = is_good && (agent_is_named(word) ? ctl_ask_agent(word, &options->visit, str_text(&request), out, error) : ctl_ask_here(word, str_text(&request), out, error));
    const char *text = str_text(out);
    if (is_good && !strncmp(text, refusal, strlen(refusal)))
        is_good = error_set(error, ERROR_USAGE, "%.*s", (int)strcspn(text + strlen(refusal), "\n"), text + strlen(refusal));
    str_done(&request);
    return is_good;
}

int cmd_ctl(int argc, char **argv)
{
    struct ctl_options options = {0};
    struct opt_words words;
    struct error error = {0};
    struct str out = {0};
    int exit_code;
    if (!cmd_parse(&cmd_ctl_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = ctl_ask(&words, &options, &out, &error) ? cmd_print(&out) : cmd_fail(&error);
    str_done(&out);
    opt_words_done(&words);
    return exit_code;
}
