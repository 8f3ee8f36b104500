/* attach_check: in a process, out the first reason why it cannot be joined, with its mend. Nothing is done to the process. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "host/base/str.h"
#include "control.h"
#include "standstill.h"

/* The letter in /proc/PID/status: "S (sleeping)". */
static char state_of(pid_t pid)
{
    char path[64], line[256], state = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && !state && fgets(line, sizeof line, file))
        if (sscanf(line, "State: %c", &state) != 1)
            state = 0;
    if (file)
        fclose(file);
    return state;
}

static bool check_state(pid_t pid, struct error *error)
{
    char state = state_of(pid);
    long group = standstill_status(pid, "Tgid:", 10), tracer = standstill_status(pid, "TracerPid:", 10);
    if (!state)
        return error_set(error, ERROR_USAGE, "there is no process %d; 'ps ax' lists them", (int)pid);
    if (group > 0 && group != pid)
        return error_set(error, ERROR_USAGE, "%d is a thread of process %ld; attach to that", (int)pid, group);
    if (pid == getpid())
        return error_set(error, ERROR_USAGE, "%d is heaptracer itself; name another process", (int)pid);
    if (state == 'Z' || state == 'X')
        return error_set(error, ERROR_USAGE, "process %d has ended, and waits only for its parent to ask how", (int)pid);
    if (tracer > 0)
        return standstill_say_why(pid, EPERM, error);
    if (state == 'T' || state == 't')
        return error_set(error, ERROR_USAGE, "process %d is stopped; let it go on first: 'kill -CONT %d'", (int)pid, (int)pid);
    if (standstill_status(pid, "VmSize:", 10) < 0)
        return error_set(error, ERROR_USAGE, "%d is a thread of the kernel, which has no heap of a program's", (int)pid);
    return true;
}

static bool check_user(pid_t pid, struct error *error)
{
    long user = standstill_status(pid, "Uid:", 10);
    struct passwd *entry = user >= 0 ? getpwuid((uid_t)user) : NULL;
    if (!geteuid() || user < 0 || (uid_t)user == geteuid())
        return true;
    return error_set(error, ERROR_USAGE, "process %d belongs to %s (user %ld): run heaptracer as root ('sudo heaptracer attach %d') or as that user", (int)pid,
                     entry ? entry->pw_name : "another user", user, (int)pid);
}

static bool is_same_space(pid_t pid, const char *name)
{
    char path[64], ours[64] = "", theirs[64] = "";
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, name);
    ssize_t count = readlink(path, theirs, sizeof theirs - 1);
    snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    return count <= 0 || readlink(path, ours, sizeof ours - 1) <= 0 || !strcmp(ours, theirs);
}

/* The runtime asks by number whether its recorder lives. */
static bool check_space(pid_t pid, struct error *error)
{
    if (is_same_space(pid, "pid"))
        return true;
    return error_set(error, ERROR_USAGE, "process %d is in a container, where processes have other numbers: run heaptracer in there ('nsenter -t %d -m -p heaptracer "
                     "attach PID', with the number that it has in the container)", (int)pid, (int)pid);
}

static bool check_filter(pid_t pid, bool despite_seccomp, struct error *error)
{
    long mode = standstill_status(pid, "Seccomp:", 10);
    if (mode <= 0 || (mode == 2 && despite_seccomp))
        return true;
    if (mode == 1)
        return error_set(error, ERROR_USAGE, "process %d may only read and write (seccomp, strict): start it by 'heaptracer run'", (int)pid);
    return error_set(error, ERROR_USAGE, "process %d has a filter for its system calls (seccomp), which may end it when it opens and maps a file for us: --despite-seccomp "
                     "tries it, if the filter is a container's, which only refuses", (int)pid);
}

/* Code of ours is come back to without having been called, which a shadow stack takes for an attack. */
static bool check_shadow_stack(pid_t pid, struct error *error)
{
    char path[64], line[256];
    bool has = false;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && !has && fgets(line, sizeof line, file))
        has = !strncmp(line, "x86_Thread_features:", 20) && strstr(line, "shstk");
    if (file)
        fclose(file);
    return !has || error_set(error, ERROR_USAGE, "process %d runs with a shadow stack (CET), which no call can be put into: start it by 'heaptracer run'", (int)pid);
}

/* A call comes back to us by a fault, which would not be told. */
static bool check_faults(pid_t pid, struct error *error)
{
    long ignored = standstill_status(pid, "SigIgn:", 16);
    return ignored < 0 || !(ignored >> (SIGSEGV - 1) & 1) ||
           error_set(error, ERROR_USAGE, "process %d ignores SIGSEGV, so that no call in it can be followed: start it by 'heaptracer run'", (int)pid);
}

static bool check_recorder(pid_t pid, struct error *error)
{
    struct str path = {0};
    struct error none = {0};
    bool is_recorded = control_ask_trace(pid, CONTROL_PATIENCE_MS, &path, NULL, &none);
    if (is_recorded)
        error_set(error, ERROR_USAGE, "process %d is being recorded already, into %s; look at it with 'heaptracer interactive %d'", (int)pid, str_text(&path), (int)pid);
    str_done(&path);
    return !is_recorded;
}

bool attach_check(pid_t pid, bool despite_seccomp, struct error *error)
{
    return check_state(pid, error) && check_user(pid, error) && check_space(pid, error) && check_filter(pid, despite_seccomp, error) &&
           check_shadow_stack(pid, error) && check_faults(pid, error) && check_recorder(pid, error);
}
