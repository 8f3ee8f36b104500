/* running: a recorder listens at the names of its first program and of itself (host/launch/control.h); both write one trace. */
#include "running.h"

#include <stdio.h>
#include <stdlib.h>
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
static void socket_see(struct running *running, const char *word)
{
    struct str trace = {0};
    struct error error = {0};
    if (control_ask_trace((pid_t)strtol(word, NULL, 10), CONTROL_PATIENCE_MS, &trace, NULL, &error) && !trace_known(running, str_text(&trace))) {
        vec_push(&running->words, memory_copy_text(word));
        vec_push(&running->traces, memory_copy_text(str_text(&trace)));
    }
    str_done(&trace);
}

void running_find(struct running *running)
{
    static const char name[] = "@heaptracer-";
    char *line = NULL;
    size_t room = 0;
    FILE *sockets = fopen("/proc/net/unix", "re");
    while (sockets && getline(&line, &room, sockets) > 0) {
        char *found = strstr(line, name);
        size_t digits = found ? strspn(found + strlen(name), "0123456789") : 0;
        if (!digits || digits > 9 || found[strlen(name) + digits] != '\n')
            continue;
        found[strlen(name) + digits] = 0;
        socket_see(running, found + strlen(name));
    }
    free(line);
    if (sockets)
        fclose(sockets);
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
