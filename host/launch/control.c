/* control: one request per connection, ended by the asker's shutdown. Both ends see who the other is. */
#include "control.h"

#include <errno.h>
#include <stddef.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* What the names of the sockets begin with; the number of the process follows. */
#define CONTROL_NAME "heaptracer-"

enum {
    SERVE_MS = 50,   /* a recorder waits no longer for who asks: it has to record */
    TRIES_MOST = 20, /* of who was slower than that */
};

static socklen_t control_name(struct sockaddr_un *name, pid_t pid)
{
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    int count = snprintf(name->sun_path + 1, sizeof name->sun_path - 1, CONTROL_NAME "%d", (int)pid);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)count);
}

static bool control_is_trusted(int socket)
{
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    return !getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) && (peer.uid == geteuid() || peer.uid == 0);
}

static void control_limit(int socket, long milliseconds)
{
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int control_open(pid_t pid)
{
    struct sockaddr_un name;
    socklen_t bytes = control_name(&name, pid);
    int at = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (at < 0)
        return -1;
    if (!bind(at, (struct sockaddr *)&name, bytes) && !listen(at, 8))
        return at;
    close(at);
    return -1;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 1234 @heaptracer-4711" */
void control_each(void (*see)(void *context, pid_t pid), void *context)
{
    static const char mark[] = " @" CONTROL_NAME;
    char *line = NULL;
    size_t room = 0;
    FILE *list = fopen("/proc/net/unix", "re");
    while (list && getline(&line, &room, list) > 0) {
        const char *at = strstr(line, mark), *number = at ? at + strlen(mark) : "";
        size_t digits = strspn(number, "0123456789");
        if (digits && digits <= 9 && number[digits] == '\n')
            see(context, (pid_t)strtol(number, NULL, 10));
    }
    free(line);
    if (list)
        fclose(list);
}

static ssize_t control_read(int at, char *text, size_t room)
{
    size_t count = 0;
    for (ssize_t got; count < room - 1 && (got = recv(at, text + count, room - 1 - count, 0)) != 0;) {
        if (got < 0)
            return -1;
        count += (size_t)got;
    }
    text[count] = 0;
    return (ssize_t)count;
}

void control_serve(int socket, void (*answer)(void *context, char *request, struct str *out), void *context)
{
    char request[CONTROL_ROOM];
    for (int at; socket >= 0 && (at = accept4(socket, NULL, NULL, SOCK_CLOEXEC)) >= 0; close(at)) {
        struct str out = {0};
        control_limit(at, SERVE_MS);
        if (!control_is_trusted(at) || control_read(at, request, sizeof request) < 0)
            continue;
        answer(context, request, &out);
        send(at, str_text(&out), out.count, MSG_NOSIGNAL);
        str_done(&out);
    }
}

/* *is_dropped: the recorder did not read all of the request, since we were slow to say it. */
static bool control_talk(int at, pid_t pid, const char *request, long patience_ms, struct str *out, bool *is_dropped, struct error *error)
{
    char text[CONTROL_ROOM];
    struct sockaddr_un name;
    socklen_t bytes = control_name(&name, pid);
    control_limit(at, patience_ms); /* one that is stopped may have more askers than it has room for: then connect waits */
    bool is_there = !connect(at, (struct sockaddr *)&name, bytes);
    if (!is_there && errno == EAGAIN)
        return error_set(error, ERROR_READ, "the recorder of process %d does not answer", (int)pid);
    if (!is_there)
        return error_set(error, ERROR_USAGE, "no recording of process %d runs here; what is wanted is the number of the first watched process, which stands in the "
                         "name of the trace", (int)pid);
    if (!control_is_trusted(at))
        return error_set(error, ERROR_USAGE, "the recording of process %d belongs to another user", (int)pid);
    bool is_answered = send(at, request, strlen(request), MSG_NOSIGNAL) >= 0 && !shutdown(at, SHUT_WR) && control_read(at, text, sizeof text) >= 0;
    if (is_answered && !*text)
        errno = ECONNRESET;
    *is_dropped = is_answered ? !*text : errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN;
    if (!is_answered || !*text)
        return error_set_errno(error, ERROR_READ, "the recorder of process %d does not answer", (int)pid);
    str_add(out, text);
    return true;
}

static bool control_ask_within(pid_t pid, const char *request, long patience_ms, struct str *out, struct error *error)
{
    for (int tries = 1;; tries++) {
        bool is_dropped = false;
        struct error problem = {0};
        int at = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (at < 0)
            return error_set_errno(error, ERROR_READ, "cannot open a socket");
        bool good = control_talk(at, pid, request, patience_ms, out, &is_dropped, &problem);
        close(at);
        if (!good && is_dropped && tries < TRIES_MOST)
            continue;
        return good || error_set(error, problem.kind, "%s", problem.text);
    }
}

bool control_ask(pid_t pid, const char *request, struct str *out, struct error *error)
{
    return control_ask_within(pid, request, CONTROL_PATIENCE_MS, out, error);
}

void control_tell_trace(const char *path, pid_t first, struct str *out)
{
    char whole[PATH_MAX];
    if (realpath(path, whole))
        str_add_format(out, "%s\n%d\n", whole, (int)first);
    else
        str_add_format(out, "error: the trace %s is not there any more\n", path);
}

bool control_ask_trace(pid_t pid, long patience_ms, struct str *path, pid_t *first, struct error *error)
{
    struct str answer = {0};
    bool is_good = control_ask_within(pid, CONTROL_TRACE, patience_ms, &answer, error);
    const char *text = str_text(&answer);
    if (is_good && *text != '/')
        is_good = error_set(error, ERROR_READ, "the recorder of process %d does not tell its trace: %.*s", (int)pid, (int)strcspn(text, "\n"), text);
    if (is_good)
        str_add_bytes(path, text, strcspn(text, "\n"));
    if (is_good && first)
        *first = (pid_t)atoi(text + strcspn(text, "\n"));
    str_done(&answer);
    return is_good;
}
