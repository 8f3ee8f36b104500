/* beside: in the words of one of our own commands, out that command at work beside this one. Its stderr is a file in memory: the terminal may be in use. */
#include "beside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/str.h"

/* Between fork and exec: nothing that takes a lock. */
static _Noreturn void child_become(const struct beside *beside, const char *const *words, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(beside->said, STDOUT_FILENO);
    dup2(beside->said, STDERR_FILENO);
    if (getppid() == parent)
        execv("/proc/self/exe", (char *const *)words);
    _exit(CMD_FAILED);
}

bool beside_start(struct beside *beside, const char *const *words, struct error *error)
{
    pid_t parent = getpid();
    *beside = (struct beside){.said = memfd_create("heaptracer", MFD_CLOEXEC)};
    beside->is_started = beside->said >= 0;
    beside->pid = beside->is_started ? fork() : -1;
    if (beside->pid == 0)
        child_become(beside, words, parent);
    if (beside->pid > 0)
        return true;
    beside->pid = 0;
    return error_set_errno(error, ERROR_READ, "'heaptracer %s' cannot be started", words[1]);
}

static void beside_await(struct beside *beside, int options)
{
    int status;
    pid_t got = beside->pid;
    do
        got = beside->pid ? waitpid(beside->pid, &status, options) : 0;
    while (got < 0 && errno == EINTR);
    if (!got)
        return;
    beside->pid = 0;
    beside->exit_code = got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : CMD_FAILED;
}

bool beside_is_over(struct beside *beside)
{
    beside_await(beside, WNOHANG);
    return beside->is_started && !beside->pid;
}

void beside_settle(struct beside *beside, unsigned patience_ms)
{
    for (unsigned waited = 0; waited < patience_ms && beside->is_started && !beside_is_over(beside); waited += 5)
        usleep(5000);
}

static void said_add(const struct beside *beside, struct str *text)
{
    char bytes[4096];
    off_t at = 0;
    for (ssize_t got; (got = pread(beside->said, bytes, sizeof bytes, at)) > 0; at += got)
        str_add_bytes(text, bytes, (size_t)got);
}

bool beside_why(struct beside *beside, struct error *error)
{
    if (!beside_is_over(beside) || !beside->exit_code)
        return false;
    static const char ours[] = "heaptracer: ", note[] = "note: ";
    struct str text = {0}, last = {0};
    said_add(beside, &text);
    const char *line, *rest = str_text(&text);
    size_t count, skipped = strlen(ours);
    while (opt_next_word(&rest, '\n', &line, &count))
        if (count > skipped && !strncmp(line, ours, skipped) && strncmp(line + skipped, note, strlen(note))) {
            str_clear(&last);
            str_add_bytes(&last, line + skipped, count - skipped);
        }
    enum error_kind kind = beside->exit_code == CMD_USAGE ? ERROR_USAGE : ERROR_READ;
    error_set(error, kind, "%s", last.count ? str_text(&last) : "what was recording beside this was killed");
    str_done(&text);
    str_done(&last);
    return true;
}

static void notes_print(const struct beside *beside)
{
    static const char begin[] = "heaptracer: note: ";
    struct str text = {0};
    said_add(beside, &text);
    const char *line, *rest = str_text(&text);
    size_t count;
    while (opt_next_word(&rest, '\n', &line, &count))
        if (count > strlen(begin) && !strncmp(line, begin, strlen(begin)))
            fprintf(stderr, "%.*s\n", (int)count, line);
    str_done(&text);
}

void beside_end(struct beside *beside)
{
    if (!beside->is_started)
        return;
    if (!beside_is_over(beside))
        kill(beside->pid, SIGTERM);
    beside_await(beside, 0);
    notes_print(beside);
    close(beside->said);
    *beside = (struct beside){0};
}
