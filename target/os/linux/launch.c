/* launch: `heaptracer collect`, started so that the program never sees it: no child of its own, no SIGCHLD, no descriptor, no output. It answers once, with
 * the path of the session file or a sentence that says why there is none. Raw system calls only: other threads may hold any lock when this forks. */
#include "launch.h"

#include "environment.h"
#include "os.h"

#include "target/process/port_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PATH_BYTES = 4096, ANSWER_MILLISECONDS = 30000, FIRST_FREE = 10 };

static char library[PATH_BYTES], answer[PATH_BYTES];

/* The path of this library: one of its addresses lies in a mapping of it. */
static bool see_library(const struct ht_mapping *mapping, void *context)
{
    uint64_t here = (uint64_t)(uintptr_t)see_library;
    (void)context;
    if (here < mapping->start || here >= mapping->end)
        return true;
    strcpy(library, mapping->path);
    return false;
}

/* folder[0 .. bytes) + rest, as a program to become; returns if there is none. */
static void try_command(const char *folder, size_t bytes, const char *rest, char *const words[], char *const variables[])
{
    char path[PATH_BYTES];
    if (bytes + strlen(rest) >= sizeof path)
        return;
    memcpy(path, folder, bytes);
    strcpy(path + bytes, rest);
    syscall(SYS_execve, path, words, variables);
}

/* Beside the library, where it is built, or in bin/ of a folder above it, where it is installed; else where programs are. */
static void find_command(char *const words[], char *const variables[])
{
    const char *given = getenv("HEAPTRACER_COMMAND"), *path = getenv("PATH");
    if (given && *given) {
        try_command(given, strlen(given), "", words, variables);
        return;
    }
    for (size_t bytes = strlen(library); bytes > 0; bytes--) {
        if (library[bytes - 1] != '/')
            continue;
        try_command(library, bytes, "heaptracer", words, variables);
        try_command(library, bytes, "bin/heaptracer", words, variables);
    }
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t count = strcspn(at, ":");
        try_command(at, count, "/heaptracer", words, variables);
        at += count + (at[count] == ':');
    }
}

/* Nothing of the program's is left open, and what is said goes into the pipe. */
static void arrange_descriptors(int report)
{
    int kept = (int)syscall(SYS_fcntl, report, F_DUPFD, FIRST_FREE);
    int nothing = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    for (int fd = 0; fd < 2; fd++)
        if (nothing != fd)
            syscall(SYS_dup3, nothing, fd, 0);
    syscall(SYS_dup3, kept, 2, 0);
    if (syscall(SYS_close_range, 3, ~0u, 0) == 0)
        return;
    for (int fd = 3; fd < 65536; fd++)
        syscall(SYS_close, fd);
}

/* In the child's child. */
static __attribute__((noreturn)) void become_collector(int report, char *const words[], char *const variables[])
{
    static const char sorry[] = "heaptracer: the command heaptracer is neither beside the runtime nor in PATH, so nothing is recorded; set HEAPTRACER_COMMAND to its path\n";
    arrange_descriptors(report);
    syscall(SYS_setsid);
    ht__signals_restore(0);
    find_command(words, variables);
    syscall(SYS_write, 2, sorry, sizeof sorry - 1);
    syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

/* With no signal at its end; an emulator may know only the usual one. */
static int fork_quietly(int end_signal)
{
    return (int)syscall(SYS_clone, (long)end_signal, 0L, 0L, 0L, 0L);
}

/* The child is waited for at once, and its child belongs to nobody: the program's own waits never find either. */
static bool start_collector(int report, char *const words[], char *const variables[])
{
    int child = fork_quietly(0);
    if (child < 0)
        child = fork_quietly(SIGCHLD);
    if (child == 0) {
        int second = fork_quietly(SIGCHLD);
        if (second == 0)
            become_collector(report, words, variables);
        syscall(SYS_exit_group, second < 0);
    }
    return child > 0 && syscall(SYS_wait4, child, NULL, __WALL, NULL) == child;
}

/* The collector is not to be watched. */
static char **without_preload(void)
{
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **variables = ht__pages_get((count + 1) * sizeof *variables, 0);
    if (variables == MAP_FAILED)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!ht__is_named(environ[i], "LD_PRELOAD") && !ht__is_named(environ[i], HT_ENV_SESSION))
            variables[kept++] = environ[i];
    return variables;
}

/* All that comes until the other end is closed, as text. */
static void read_answer(int from)
{
    struct pollfd entry = {.fd = from, .events = POLLIN};
    size_t used = 0;
    for (long got = 1; got > 0 && used < sizeof answer - 1 && poll(&entry, 1, ANSWER_MILLISECONDS) > 0; used += got > 0 ? (size_t)got : 0)
        got = syscall(SYS_read, from, answer + used, sizeof answer - 1 - used);
    answer[used] = 0;
}

static bool ask(char *const variables[])
{
    char pid[12];
    *ht__decimal(pid, (uint32_t)getpid()) = 0;
    const uint32_t one = 1;
    char clock[] = {'0' + PORT_CLOCK_REGISTER, 0}, bytes[] = {'0' + sizeof(void *), 0}, order[] = {*(const char *)&one ? 'l' : 'b', 0};
    char *const words[] = {(char *)"heaptracer", (char *)"collect", pid, clock, bytes, order, NULL};
    int ends[2];
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) < 0)
        return false;
    bool good = start_collector(ends[1], words, variables);
    syscall(SYS_close, ends[1]);
    if (good)
        read_answer(ends[0]);
    syscall(SYS_close, ends[0]);
    return good;
}

static const char *launch(void)
{
    static const char sorry[] = "heaptracer: its collector cannot be started from here, so nothing is recorded\n";
    char **variables = without_preload();
    bool good = variables && ht__maps_each(see_library, NULL) && library[0] && ask(variables);
    if (good && answer[0] == '/') {
        ht__environment_adopt(answer, library);
        return answer;
    }
    const char *text = good && answer[0] ? answer : sorry;
    syscall(SYS_write, 2, text, strlen(text));
    return NULL;
}

const char *ht__launch(bool asked)
{
    const char *output = getenv("HEAPTRACER_OUTPUT");
    bool wanted = asked || (output && *output);
    return wanted && !getauxval(AT_SECURE) ? launch() : NULL;
}
