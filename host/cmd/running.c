/* running: a recorder listens at the names of its first program and of itself (host/launch/control.h); both write one trace. */
#include "running.h"

#include <string.h>

#include "host/launch/control.h"

static bool trace_known(const struct running *running, const char *trace)
{
    for (size_t i = 0; i < running->traces.count; i++)
        if (!strcmp(running->traces.at[i], trace))
            return true;
    return false;
}

/* One that has just ended, or is another user's, does not answer. */
static void recorder_see(void *context, pid_t pid)
{
    struct running *running = context;
    struct str trace = {0}, word = {0};
    struct error error = {0};
    if (control_ask_trace(pid, CONTROL_PATIENCE_MS, &trace, NULL, &error) && !trace_known(running, str_text(&trace))) {
        str_add_format(&word, "%d", (int)pid);
        vec_push(&running->words, memory_copy_text(str_text(&word)));
        vec_push(&running->traces, memory_copy_text(str_text(&trace)));
    }
    str_done(&word);
    str_done(&trace);
}

void running_find(struct running *running)
{
    control_each(recorder_see, running);
}

void running_done(struct running *running)
{
    for (size_t i = 0; i < running->words.count; i++) {
        memory_free(running->words.at[i]);
        memory_free(running->traces.at[i]);
    }
    vec_done(&running->words);
    vec_done(&running->traces);
}
