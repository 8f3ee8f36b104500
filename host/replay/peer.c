/* peer: in a list of requests, out what a real allocator of this machine makes of them. */
#include "peer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/launch/search.h"

const struct peer peers[] = {
    {"real-glibc", "the C library of this machine", NULL, "heaptracer-player", "heaptracer"},
    {"real-jemalloc", "jemalloc", "libjemalloc.so.2", "heaptracer-player", "libjemalloc2"},
    {"real-mimalloc", "mimalloc", "libmimalloc.so.2.0", "heaptracer-player", "libmimalloc2.0"},
    {"real-tcmalloc", "tcmalloc of gperftools", "libtcmalloc_minimal.so.4", "heaptracer-player", "libtcmalloc-minimal4"},
    {"real-musl", "musl", NULL, "heaptracer-player-musl", "musl-tools"},
    {0},
};

const struct peer *peer_find(const char *name)
{
    for (const struct peer *peer = peers; peer->name; peer++)
        if (!strcmp(peer->name, name))
            return peer;
    return NULL;
}

static bool program_find(const struct peer *peer, char *path)
{
    char folder[PATH_MAX];
    for (size_t i = 0; search_installed(i, folder); i++)
        if (snprintf(path, PATH_MAX, "%s%s", folder, peer->program) < PATH_MAX && !access(path, X_OK))
            return true;
    return false;
}

static bool library_find(const char *name, char *path)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/riscv64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (snprintf(path, PATH_MAX, "%s/%s", folders[i], name) < PATH_MAX && !access(path, R_OK))
            return true;
    return false;
}

static bool all_write(int file, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count) {
        ssize_t done = write(file, at, count);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        count -= (size_t)done;
    }
    return true;
}

/* The order, which is written anew for each run, and behind it the list. */
static int list_make(const struct requests *requests)
{
    struct player_order order = {.requests = requests->list.count};
    int file = memfd_create("heaptracer-requests", 0);
    if (file >= 0 && all_write(file, &order, sizeof order) && all_write(file, requests->list.at, requests->list.count * sizeof *requests->list.at))
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

static void child_become(const char *program, const char *library, int list, int answer)
{
    char first[16], second[16];
    snprintf(first, sizeof first, "%d", list);
    snprintf(second, sizeof second, "%d", answer);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    unsetenv("LD_PRELOAD");
    if (*library)
        setenv("LD_PRELOAD", library, 1);
    execl(program, program, first, second, (char *)NULL);
    _exit(126);
}

static bool answer_take(int file, struct player_answer *answer)
{
    ssize_t count;
    do
        count = read(file, answer, sizeof *answer);
    while (count < 0 && errno == EINTR);
    return count == sizeof *answer;
}

static bool play_in(const char *program, const char *library, int list, struct player_answer *answer)
{
    int pair[2], status = 0;
    if (pipe(pair))
        return false;
    pid_t child = fork();
    if (!child) {
        close(pair[0]);
        child_become(program, library, list, pair[1]);
    }
    close(pair[1]);
    bool is_good = child > 0 && answer_take(pair[0], answer);
    close(pair[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return is_good && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Memory is touched in earnest: a trace must not bring the machine down. */
static bool has_room(const struct request_heap *heap)
{
    enum { SHARE = 2 };
    long pages = sysconf(_SC_AVPHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && heap->peak_bytes < (uint64_t)pages * (uint64_t)bytes / SHARE;
}

static bool entry_play(const struct requests *requests, struct peer_entry *entry, int list)
{
    char program[PATH_MAX], library[PATH_MAX] = "";
    const struct peer *peer = entry->peer;
    const struct request_heap *heap = &requests->heaps.at[entry->heap];
    struct player_order order = {requests->list.count, heap->blocks, entry->heap};
    if (!program_find(peer, program) || (peer->library && !library_find(peer->library, library)))
        return error_set(&entry->error, ERROR_USAGE, "not installed (apt-get install %s)", peer->package);
    if (!has_room(heap))
        return error_set(&entry->error, ERROR_MEMORY, "it would need more than half of the memory that is free on this machine");
    if (list < 0 || pwrite(list, &order, sizeof order, 0) != sizeof order)
        return error_set_errno(&entry->error, ERROR_MEMORY, "the requests cannot be handed on");
    return play_in(program, library, list, &entry->answer) || error_set(&entry->error, ERROR_READ, "its process ended before it had answered");
}

void peers_run(const struct requests *requests, struct peer_entry *entries, size_t count)
{
    int list = count ? list_make(requests) : -1;
    for (size_t i = 0; i < count; i++)
        entries[i].is_done = entry_play(requests, &entries[i], list);
    if (list >= 0)
        close(list);
}
