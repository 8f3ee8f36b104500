/* ctl: in a request to a recording that runs, out its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "host/launch/control.h"

static const struct opt_example ctl_examples[] = {
    {"heaptracer ctl 4711 stop", "pause the recording of process 4711"},
    {"heaptracer ctl 4711 mark 'cache filled'", "put a mark into the trace"},
    {0},
};

const struct opt_command cmd_ctl_table = {
    .name = "heaptracer ctl",
    .usage = "PID start|stop|status|flush|detach|mark [LABEL]",
    .about = "Steer a recording that runs: start, stop, mark, flush, ask its state",
    .manual =
        "PID is the number in the name of the trace, that of the first watched process. While a recording is stopped, events are not in the trace: blocks "
        "that were allocated meanwhile are unknown to it, and their frees are left out of the tables.\n\n"
        "'flush' makes all that happened so far readable in the trace file. 'detach' ends what 'heaptracer attach' began: the process goes on unwatched.",
    .examples = ctl_examples,
    .see_also = "heaptracer run, heaptracer attach",
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

int cmd_ctl(int argc, char **argv)
{
    struct opt_words words;
    struct error error = {0};
    struct str request = {0}, out = {0};
    int exit_code;
    long pid;
    if (!cmd_parse(&cmd_ctl_table, NULL, argc, argv, &words, &exit_code))
        return exit_code;
    if (ctl_pid(words.at[0], &pid, &error) && ctl_request(&words, &request, &error) && control_ask((pid_t)pid, str_text(&request), &out, &error) &&
        !strncmp(str_text(&out), "error: ", 7))
        error_set(&error, ERROR_USAGE, "%.*s", (int)strcspn(str_text(&out) + 7, "\n"), str_text(&out) + 7);
    exit_code = error.kind == ERROR_NONE ? cmd_print(&out) : cmd_fail(&error);
    str_done(&request);
    str_done(&out);
    opt_words_done(&words);
    return exit_code;
}
