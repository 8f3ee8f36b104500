/* collect: made into the words of a `heaptracer run`, with $HEAPTRACER_OPTIONS as its options and $HEAPTRACER_OUTPUT as its file. */
#include "collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "host/base/memory.h"
#include "host/base/path.h"
#include "run.h"
#include "started_with.h"

enum { WORDS = 5 };

/* Blanks part words. */
static void add_options(struct started_words *words, const char *options)
{
    char *copy = memory_copy_text(options), *rest = copy;
    for (char *word; copy && (word = strsep(&rest, " \t\n"));)
        if (*word)
            started_words_add(words, word);
    memory_free(copy);
}

/* %p is the process's number, %n its name. */
static void add_output(struct started_words *words, const char *pattern, const char *name, const char *pid)
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
    started_words_add(words, str_text(&out));
    str_done(&out);
}

static void fill(struct started_words *words, const char *pid)
{
    const char *output = getenv("HEAPTRACER_OUTPUT");
    struct started_words command = {0};
    started_words_add_all(&command, pid);
    started_words_add(words, "run");
    add_options(words, getenv("HEAPTRACER_OPTIONS"));
    started_words_add(words, "-q");
    started_words_add(words, "-o");
    add_output(words, output && *output ? output : "heaptracer.%n.%p.htrc", path_name(command.at.at[0]), pid);
    started_words_add(words, "--");
    for (size_t i = 0; i < command.at.count; i++)
        vec_push(&words->at, command.at.at[i]);
    vec_done(&command.at);
}

int collect(int argc, char **argv)
{
    struct started_words words = {0};
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
    started_words_done(&words);
    return exit_code;
}
