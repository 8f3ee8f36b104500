/* opt: in one table per command, out its parsed options, its help, its manual page and its completions. popt reads the words; values are parsed here.
 * A table is const data; values go into a struct of the command at the offset that the option names. */
#ifndef HOST_BASE_OPT_H
#define HOST_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "str.h"

enum opt_kind {
    OPT_END,     /* ends a table: {0} */
    OPT_SECTION, /* no option: `about` heads the options below it */
    OPT_FLAG,    /* bool */
    OPT_TEXT,    /* const char *; NULL when not given */
    OPT_LIST,    /* struct opt_list; may be given more than once */
    OPT_WORDS,   /* the same; a comma parts two, but for those in brackets: leak,regions[a,b].used_share>80% */
    OPT_COUNT,   /* uint64_t: 20, 10k */
    OPT_SIZE,    /* uint64_t bytes: 512K */
    OPT_TIME,    /* uint64_t ns: 1.5s, 00:01:02 */
    OPT_CHOICE,  /* int: place of the word in `choices`, from 0 */
    OPT_MODE,    /* int: 0 not given, 1 given as --name, then by --name=WORD: 2 + place of the word in `choices` */
};

struct opt_list {
    const char **at; /* NULL-terminated, or NULL when nothing was given */
    size_t count;
};

struct opt {
    enum opt_kind kind;
    char letter;          /* 0: none */
    const char *name;     /* without the dashes */
    size_t offset;        /* offsetof(struct of the command, field) */
    const char *argument; /* what stands for the value in the help: "FILE"; NULL for flags */
    const char *about;    /* one sentence without a full stop */
    const char *fallback; /* what holds when it is not given, for people; NULL: say nothing */
    const char *choices;  /* "auto|always|never": OPT_CHOICE checks them; for OPT_TEXT they only help completion */
    const char *variable; /* environment variable that gives the value when the option does not; NULL: none */
};

struct opt_example {
    const char *command, *about;
};

struct opt_command {
    const char *name;     /* "heaptracer run" */
    const char *usage;    /* "[options] [--] PROGRAM [ARG...]" */
    const char *about;    /* one line, no full stop */
    const char *manual;   /* paragraphs for the manual page, parted by empty lines; NULL: none */
    const struct opt *options;
    const struct opt_example *examples; /* ends with {0} */
    const char *see_also; /* "heaptracer analyze, heaptracer info" or NULL */
    size_t least_words, most_words;     /* plain words after the options; most 0 with least 0: none are taken */
    bool stops_at_word;   /* options end at the first plain word: the rest belongs to another program */
};
enum { OPT_ANY_WORDS = 1 << 20 };

enum opt_result {
    OPT_OK,
    OPT_HELP, /* --help was asked for: print opt_help and leave with 0 */
    OPT_BAD,  /* `error` says what and how to mend it: leave with 2 */
};

/* What was parsed: the plain words, and the memory of every text in the command's struct. */
struct opt_words {
    char **at; /* NULL-terminated */
    size_t count;
    struct arena arena;
};

/* A value from a configuration: holds where neither the command line nor the option's environment variable says another. */
struct opt_given {
    const char *command, *option; /* "run", "sample"; NULL for each command that has the option */
    const char *text, *place;     /* as it would be typed, and what an error calls its place */
};
/* For all opt_parse that follow; the list is not copied. */
void opt_give(const struct opt_given *list, size_t count);
/* Would the option take this text? */
bool opt_check(const struct opt *opt, const char *place, const char *text, struct error *error);
/* NULL: the command has none of that name. */
const struct opt *opt_find(const struct opt_command *command, const char *name);

/* argv[0] is the command's own word. `values` starts with the defaults. Done with by opt_words_done, also after a failure. */
enum opt_result opt_parse(const struct opt_command *command, void *values, int argc, char **argv, struct opt_words *words, struct error *error);
void opt_words_done(struct opt_words *words);

void opt_help(const struct opt_command *command, struct str *out);
void opt_man(const struct opt_command *command, const char *version, struct str *out); /* roff, section 1 */

/* The section COMMANDS of the manual page of a program with commands. */
void opt_man_commands(const struct opt_command *const *commands, size_t count, struct str *out);

enum opt_shell { OPT_BASH, OPT_ZSH, OPT_FISH };
/* `commands` are all commands of `program`. */
void opt_completion(enum opt_shell shell, const char *program, const struct opt_command *const *commands, size_t count, struct str *out);

/* "run" of "heaptracer run". */
const char *opt_word(const struct opt_command *command);
/* The next of the words parted by `separator` in *rest, or false; for walking `choices`. */
bool opt_next_word(const char **rest, char separator, const char **word, size_t *count);
/* Is `word`, of `count` bytes, one of `words`? */
bool opt_has_word(const char *words, char separator, const char *word, size_t count);

#endif
