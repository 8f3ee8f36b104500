/* qemu: a process with one end of a pair of sockets, which its gdb stub listens on, and a page of memory, where its plugin counts. */
#include "qemu.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/launch/search.h"

enum { ADDED_WORDS = 16, CLOCK_BYTES = 8 };
static const char plugin_name[] = "libheaptracer-count.so";

struct start {
    char program[PATH_MAX], plugin[PATH_MAX + 64], chardev[64];
    char **words;
    size_t count;
    int stub, clock; /* what QEMU inherits */
};

static bool has_display(char **words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(words[i], "-display") || !strcmp(words[i], "-nographic"))
            return true;
    return false;
}

/* Some option already loads a firmware. */
static bool has_image(char **words, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (!strcmp(words[i], "-kernel") || !strcmp(words[i], "-pflash") || (!strcmp(words[i], "-bios") && strcmp(words[i + 1], "none") != 0) ||
            (!strcmp(words[i], "-device") && !strncmp(words[i + 1], "loader", 6)))
            return true;
    return false;
}

static bool plugin_find(char *found)
{
    char folder[PATH_MAX];
    for (size_t i = 0; search_installed(i, folder); i++) {
        int wrote = snprintf(found, PATH_MAX, "%s%s", folder, plugin_name);
        if (wrote > 0 && wrote < PATH_MAX && !access(found, R_OK))
            return true;
    }
    return false;
}

static bool program_find(struct start *start, const struct machine *machine, char ***words, size_t *count, struct error *error)
{
    bool is_named = *count && (*words)[0][0] != '-';
    const char *word = is_named ? (*words)[0] : machine->qemu;
    *words += is_named;
    *count -= is_named;
    if (strchr(word, '/'))
        snprintf(start->program, sizeof start->program, "%s", word);
    else if (!search_path(word, start->program))
        return error_set(error, ERROR_USAGE, "there is no program '%s'; install QEMU (Debian: qemu-system-arm, qemu-system-misc), or name it as the first word behind --", word);
    return true;
}

static void word_add(struct start *start, const char *word)
{
    start->words[start->count++] = (char *)(uintptr_t)word;
}

static void words_make(struct start *start, const struct machine *machine, const char *image, char **words, size_t count)
{
    start->words = memory_new(count + ADDED_WORDS, sizeof *start->words);
    word_add(start, start->program);
    for (size_t i = 0; i < count; i++)
        word_add(start, words[i]);
    const char *const added[] = {"-S", "-chardev", start->chardev, "-gdb", "chardev:heaptracer", "-plugin", start->plugin};
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++)
        word_add(start, added[i]);
    if (!has_display(words, count)) {
        word_add(start, "-display");
        word_add(start, "none");
    }
    if (!has_image(words, count)) {
        word_add(start, machine->image_option);
        word_add(start, image);
    }
}

static void child_become(const struct start *start)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execv(start->program, start->words);
    fprintf(stderr, "heaptracer: cannot start '%s': %s\n", start->program, strerror(errno));
    _exit(126);
}

static bool lines_make(struct qemu *qemu, struct start *start, struct error *error)
{
    int pair[2];
    start->clock = memfd_create("heaptracer-count", 0);
    if (start->clock < 0 || ftruncate(start->clock, CLOCK_BYTES) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return error_set_errno(error, ERROR_READ, "cannot make a line to the emulator");
    qemu->fd = pair[0];
    start->stub = pair[1];
    void *shared = mmap(NULL, CLOCK_BYTES, PROT_READ, MAP_SHARED, start->clock, 0);
    if (shared == MAP_FAILED)
        return error_set_errno(error, ERROR_MEMORY, "cannot share a page with the emulator");
    qemu->instructions = shared;
    snprintf(start->chardev, sizeof start->chardev, "socket,id=heaptracer,fd=%d", start->stub);
    size_t used = strlen(start->plugin);
    snprintf(start->plugin + used, sizeof start->plugin - used, ",fd=%d", start->clock);
    return true;
}

bool qemu_start(struct qemu *qemu, const struct machine *machine, const char *image, char **words, size_t count, struct error *error)
{
    struct start start = {.stub = -1, .clock = -1};
    *qemu = (struct qemu){.pid = -1, .fd = -1};
    if (!program_find(&start, machine, &words, &count, error))
        return false;
    if (!plugin_find(start.plugin))
        return error_set(error, ERROR_USAGE, "%s is not found; install heaptracer whole", plugin_name);
    if (lines_make(qemu, &start, error)) {
        words_make(&start, machine, image, words, count);
        qemu->pid = fork();
        if (qemu->pid == 0) {
            close(qemu->fd);
            child_become(&start);
        }
        if (qemu->pid < 0)
            error_set_errno(error, ERROR_MEMORY, "cannot start a process");
    }
    close(start.stub);
    close(start.clock);
    memory_free(start.words);
    return qemu->pid > 0;
}

void qemu_end(struct qemu *qemu, bool at_once)
{
    if (qemu->fd >= 0)
        close(qemu->fd);
    if (qemu->pid > 0) {
        if (at_once)
            kill(qemu->pid, SIGTERM);
        while (waitpid(qemu->pid, &qemu->status, 0) < 0 && errno == EINTR)
            ;
    }
    if (qemu->instructions)
        munmap((void *)(uintptr_t)qemu->instructions, CLOCK_BYTES);
}
