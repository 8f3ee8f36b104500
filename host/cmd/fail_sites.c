/* fail_sites: in a program's words, out what becomes of it when the first allocation of each of its sites is refused, a run for each.
 *
 * The first run, as ever, says which of the process's allocations is the first of its site. Each further run refuses that one; it is the same one as long as
 * the program does the same up to there. */
#include "fail_sites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <heaptracer/trace.h>

#include "cmd.h"
#include "host/base/map.h"
#include "host/base/now.h"
#include "host/base/vec.h"
#include "host/symbol/symbol.h"
#include "host/view/cell.h"

enum {
    STACK_COLUMNS = 110,
    LEAST_SECONDS = 5, /* that a run may take; else ten times the first one */
};

struct fail_site {
    uint64_t nth;
    uint32_t stack;
};

struct fail_sites {
    VEC(struct fail_site) at;
    struct map seen; /* stacks */
    struct symbols *symbols;
    uint64_t lost_count, calls;
    double seconds;
    char path[64];
    int null;
    uint32_t survived, leaked, crashed, hung;
};

/* Runs the command once more for the program. Its status, as that of the program; -1: it took too long. */
static int trial(const struct fail_sites *sites, const struct opt_words *words, uint64_t nth, bool quiet, double limit)
{
    char number[32];
    VEC(char *) line = {0};
    snprintf(number, sizeof number, "--fail-nth=%llu", (unsigned long long)nth);
    const char *first[] = {"heaptracer", "run", "-q", "-f", "--guard", "--leaks", number, "-o", sites->path, "--"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        vec_push(&line, (char *)(uintptr_t)first[i]);
    for (size_t i = 0; i < words->count; i++)
        vec_push(&line, words->at[i]);
    vec_push(&line, NULL);
    pid_t pid = fork();
    if (!pid) {
        if (quiet)
            setpgid(0, 0);
        for (int fd = 0; quiet && fd < 3; fd++)
            dup2(sites->null, fd);
        execv("/proc/self/exe", line.at);
        _exit(127);
    }
    vec_done(&line);
    int status = 0;
    for (double end = (double)now_ns() / 1e9 + limit; pid > 0 && !waitpid(pid, &status, WNOHANG); nanosleep(&(struct timespec){0, 2000000}, NULL))
        if (quiet && (double)now_ns() / 1e9 > end) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
    return pid < 0 ? 127 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The calls that the target counts: those that ask for memory. */
static bool is_call(const struct event *event)
{
    return event->process == 1 && (event->kind == EVENT_ALLOC || event->kind == EVENT_REFUSE || event->kind == EVENT_RESIZE_END);
}

/* Blocks that nothing points to any more: what a program that gave up early can still find is none. */
static uint64_t lost_in(const struct event *event)
{
    const struct scan_definition *scan = event->define;
    return event->kind == EVENT_SCAN ? scan->of[CLASS_DIRECT].count + scan->of[CLASS_INDIRECT].count : 0;
}

static bool read_sites(struct fail_sites *sites, struct error *error)
{
    struct event event;
    struct trace_reader *reader = trace_open(sites->path, error);
    if (!reader)
        return false;
    while (trace_next(reader, &event, error)) {
        symbols_see(sites->symbols, &event);
        sites->lost_count += lost_in(&event);
        if (!is_call(&event))
            continue;
        bool is_new;
        sites->calls++;
        map_put(&sites->seen, event.stack, &is_new);
        if (is_new)
            vec_push(&sites->at, ((struct fail_site){sites->calls, event.stack}));
    }
    trace_close(reader);
    return true;
}

static uint64_t lost_count(const char *path)
{
    struct error error = {0};
    struct event event;
    uint64_t count = 0;
    struct trace_reader *reader = trace_open(path, &error);
    while (reader && trace_next(reader, &event, &error))
        count += lost_in(&event);
    if (reader)
        trace_close(reader);
    return count;
}

static void say_site(const struct fail_sites *sites, const struct fail_site *site, const char *what)
{
    struct view view = {.symbols = sites->symbols, .has_unicode = true};
    fprintf(stderr, "  %-20s call %-8llu ", what, (unsigned long long)site->nth);
    cell_put_stack(stderr, &view, site->stack, STACK_COLUMNS);
    fputs("\n", stderr);
}

/* Of the statuses above 128 those that are a signal's: exit(-1) is 255. */
static const char *signal_of(int status)
{
    return status > 128 && status < 128 + NSIG ? sigabbrev_np(status - 128) : NULL;
}

/* Leaked: more blocks than in the first run were lost, though it ended by itself. */
static void judge(struct fail_sites *sites, const struct fail_site *site, int status)
{
    char what[64];
    uint64_t lost = lost_count(sites->path);
    if (status < 0) {
        sites->hung++;
        snprintf(what, sizeof what, "did not end");
    } else if (signal_of(status)) {
        sites->crashed++;
        snprintf(what, sizeof what, "crashed (%s)", signal_of(status));
    } else if (lost > sites->lost_count) {
        sites->leaked++;
        snprintf(what, sizeof what, "leaked %llu more", (unsigned long long)(lost - sites->lost_count));
    } else {
        sites->survived++;
        snprintf(what, sizeof what, "survived, %d", status);
    }
    say_site(sites, site, what);
}

static int run_all(struct fail_sites *sites, const struct opt_words *words, struct error *error)
{
    double start = (double)now_ns() / 1e9;
    int first = trial(sites, words, 0, false, 0);
    sites->seconds = (double)now_ns() / 1e9 - start;
    if (access(sites->path, R_OK) || !read_sites(sites, error))
        return first;
    double limit = sites->seconds * 10 > LEAST_SECONDS ? sites->seconds * 10 : LEAST_SECONDS;
    fprintf(stderr, "heaptracer: %zu sites, each refused its first allocation once\n", sites->at.count);
    for (size_t i = 0; i < sites->at.count; i++)
        judge(sites, &sites->at.at[i], trial(sites, words, sites->at.at[i].nth, true, limit));
    fprintf(stderr, "heaptracer: %u survived, %u leaked, %u crashed, %u did not end\n", sites->survived, sites->leaked, sites->crashed, sites->hung);
    return sites->crashed || sites->hung ? CMD_FOUND : first;
}

int fail_sites_run(const struct opt_words *words, struct error *error)
{
    struct fail_sites sites = {.path = "/tmp/heaptracer-XXXXXX", .null = open("/dev/null", O_RDWR | O_CLOEXEC), .symbols = symbols_new(NULL)};
    int fd = mkstemp(sites.path), exit_code = CMD_FAILED;
    if (fd >= 0) {
        close(fd);
        exit_code = run_all(&sites, words, error);
        unlink(sites.path);
    } else
        error_set(error, ERROR_WRITE, "%s: %s", sites.path, strerror(errno));
    close(sites.null);
    symbols_free(sites.symbols);
    map_done(&sites.seen);
    vec_done(&sites.at);
    return exit_code;
}
