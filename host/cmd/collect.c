/* collect: made into the words of a `heaptracer run`, with $HEAPTRACER_OPTIONS as its options and $HEAPTRACER_OUTPUT as its file. */
#include "collect.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/memory.h"
#include "host/base/path.h"
#include "host/base/vec.h"
#include "run.h"

enum { WORDS = 5 };

struct words {
    VEC(char *) at;
};

static void add(struct words *words, const char *word)
{
    vec_push(&words->at, memory_copy_text(word));
}

/* Blanks part words. */
static void add_options(struct words *words, const char *options)
{
    char *copy = memory_copy_text(options), *rest = copy;
    for (char *word; copy && (word = strsep(&rest, " \t\n"));)
        if (*word)
            add(words, word);
    memory_free(copy);
}

/* All that a program was started with; one that tells nothing has no name here. */
static void add_command(struct words *words, const char *pid)
{
    char path[64], bytes[65536];
    snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : read(fd, bytes, sizeof bytes - 1);
    if (fd >= 0)
        close(fd);
    bytes[count > 0 ? count : 0] = 0;
    for (ssize_t at = 0; at < count; at += (ssize_t)strlen(bytes + at) + 1)
        add(words, bytes + at);
    if (count <= 0)
        add(words, "program");
}

/* %p is the process's number, %n its name. */
static void add_output(struct words *words, const char *pattern, const char *name, const char *pid)
{
    struct str out = {0};
    for (; *pattern; pattern++) {
        char next = pattern[0] == '%' ? pattern[1] : 0;
        if (next == 'p' || next == 'n')
            str_add(&out, next == 'p' ? pid : name);
        else
            str_add_bytes(&out, pattern, 1);
        pattern += next == 'p' || next == 'n';
    }
    add(words, str_text(&out));
    str_done(&out);
}

static void fill(struct words *words, const char *pid)
{
    const char *output = getenv("HEAPTRACER_OUTPUT");
    struct words command = {0};
    add_command(&command, pid);
    add(words, "run");
    add_options(words, getenv("HEAPTRACER_OPTIONS"));
    add(words, "-q");
    add(words, "-o");
    add_output(words, output && *output ? output : "heaptracer.%n.%p.htrc", path_name(command.at.at[0]), pid);
    add(words, "--");
    for (size_t i = 0; i < command.at.count; i++)
        vec_push(&words->at, command.at.at[i]);
    vec_done(&command.at);
}

int collect(int argc, char **argv)
{
    struct words words = {0};
    struct target target;
    if (argc != WORDS || atol(argv[1]) <= 0) {
        fputs("heaptracer: collect is what the runtime starts by itself when a program is run with HEAPTRACER_OUTPUT; yours is 'heaptracer run'\n", stderr);
        return CMD_USAGE;
    }
    target_adopt(&target, (pid_t)atol(argv[1]), (enum ht_clock)atoi(argv[2]), (unsigned)atoi(argv[3]), argv[4][0] == 'b');
    fill(&words, argv[1]);
    int count = (int)words.at.count;
    vec_push(&words.at, NULL);
    int exit_code = run_words(count, words.at.at, &target);
    for (int i = 0; i < count; i++)
        memory_free(words.at.at[i]);
    vec_done(&words.at);
    return exit_code;
}
