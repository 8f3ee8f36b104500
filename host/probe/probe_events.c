/* probe_events: lines in uprobe_events (Documentation/trace/uprobetracer.rst); each event is named by our process, so that nobody else's is touched. */
#include "probe_events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "host/base/memory.h"

#define GROUP "heaptracer_"

static bool line_write(const struct probe_events *events, const char *line)
{
    struct str path = {0};
    str_add_format(&path, "%s/uprobe_events", events->folder);
    int file = open(str_text(&path), O_WRONLY | O_APPEND | O_CLOEXEC);
    bool is_good = file >= 0 && write(file, line, strlen(line)) == (ssize_t)strlen(line);
    int code = errno;
    if (file >= 0)
        close(file);
    errno = code;
    str_done(&path);
    return is_good;
}

static void event_remove(const struct probe_events *events, const char *name)
{
    struct str line = {0};
    str_add_format(&line, "-:%s\n", name);
    line_write(events, str_text(&line));
    str_done(&line);
}

/* "p:heaptracer_4711/e0 /lib/libc.so.6:0x..." */
static void stale_find(const char *line, struct probe_events *stale)
{
    const char *name = strchr(line, ':');
    if (!name || strncmp(name + 1, GROUP, strlen(GROUP)))
        return;
    pid_t pid = atoi(name + 1 + strlen(GROUP));
    if (pid > 0 && kill(pid, 0) && errno == ESRCH)
        vec_push(&stale->names, memory_copy_text(name + 1));
}

static void stale_remove(struct probe_events *events)
{
    struct str path = {0};
    struct probe_events stale = {.folder = events->folder};
    char *line = NULL;
    size_t room = 0;
    str_add_format(&path, "%s/uprobe_events", events->folder);
    FILE *in = fopen(str_text(&path), "re");
    while (in && getline(&line, &room, in) > 0)
        stale_find(line, &stale);
    if (in)
        fclose(in);
    for (size_t i = 0; i < stale.names.count; i++) {
        stale.names.at[i][strcspn(stale.names.at[i], " ")] = 0;
        event_remove(events, stale.names.at[i]);
        memory_free(stale.names.at[i]);
    }
    vec_done(&stale.names);
    free(line);
    str_done(&path);
}

/* In a world of mounts of our own: nobody else sees it. */
static bool mount_own(void)
{
    const char *place = "/sys/kernel/tracing";
    return !unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) && !mount("none", place, "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

bool probe_events_open(struct probe_events *events, struct error *error)
{
    static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    char path[64];
    *events = (struct probe_events){0};
    for (int round = 0; round < 2 && !events->folder; round++) {
        for (size_t i = 0; i < sizeof places / sizeof *places && !events->folder; i++) {
            snprintf(path, sizeof path, "%s/uprobe_events", places[i]);
            if (!access(path, W_OK))
                events->folder = memory_copy_text(places[i]);
        }
        if (!events->folder && !round && !mount_own())
            break;
    }
    if (!events->folder)
        return error_set(error, ERROR_USAGE, "the kernel's uprobes cannot be set (tracefs, CONFIG_UPROBE_EVENTS): they are for root, outside of most containers; or use "
                                             "'heaptracer attach'");
    stale_remove(events);
    return true;
}

static bool id_read(const struct probe_events *events, const char *name, uint64_t *id)
{
    struct str path = {0};
    str_add_format(&path, "%s/events/%s/id", events->folder, name);
    FILE *in = fopen(str_text(&path), "re");
    bool is_good = in && fscanf(in, "%" SCNu64, id) == 1;
    if (in)
        fclose(in);
    str_done(&path);
    return is_good;
}

bool probe_events_add(struct probe_events *events, const char *path, uint64_t offset, bool is_return, uint64_t *id, struct error *error)
{
    struct str line = {0}, name = {0};
    str_add_format(&name, GROUP "%d/e%u", (int)getpid(), events->number++);
    str_add_format(&line, "%c:%s %s:0x%" PRIx64 "\n", is_return ? 'r' : 'p', str_text(&name), path, offset);
    bool is_made = !strpbrk(path, " \n") && line_write(events, str_text(&line));
    if (is_made)
        vec_push(&events->names, memory_copy_text(str_text(&name)));
    bool is_good = is_made && id_read(events, str_text(&name), id);
    str_done(&line);
    str_done(&name);
    return is_good || error_set_errno(error, ERROR_READ, "the kernel puts no probe into %s", path);
}

void probe_events_close(struct probe_events *events)
{
    for (size_t i = 0; i < events->names.count; i++) {
        event_remove(events, events->names.at[i]);
        memory_free(events->names.at[i]);
    }
    vec_done(&events->names);
    memory_free(events->folder);
}
