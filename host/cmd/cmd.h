/* cmd: what every command shares: the list of commands, option parsing that answers --help and mistakes, and the one way to fail. */
#ifndef HOST_CMD_CMD_H
#define HOST_CMD_CMD_H

#include "host/base/opt.h"

enum cmd_exit {
    CMD_DONE = 0,
    CMD_FOUND = 1, /* something was found, and the user asked to be told so (--fail-on) */
    CMD_USAGE = 2,
    CMD_FAILED = 3, /* an input cannot be read or an output cannot be written */
};

struct command {
    const char *word;
    int (*function)(int argc, char **argv);
    const struct opt_command *table;
};

#define HT_COMMAND(word)                                                                                                                                      \
    int cmd_##word(int argc, char **argv);                                                                                                                    \
    extern const struct opt_command cmd_##word##_table;
#include "cmd.def"
#undef HT_COMMAND

extern const struct command commands[]; /* ends with a NULL word */
extern const struct opt_command cmd_heaptracer_table; /* the command itself, for its manual page */

enum { CMD_COMMANDS = 0
#define HT_COMMAND(word) +1
#include "cmd.def"
#undef HT_COMMAND
};
/* Their tables, in the same order. */
void cmd_tables(const struct opt_command *tables[CMD_COMMANDS]);
/* NULL if there is no such command. */
const struct command *cmd_find(const char *word);
/* Says on stderr that there is no such command, and which was meant. */
int cmd_unknown(const char *word);
/* opt_parse, with help and errors printed: true when the command shall go on, else it returns *exit_code (and opt_words_done is not needed). */
bool cmd_parse(const struct opt_command *table, void *values, int argc, char **argv, struct opt_words *words, int *exit_code);
/* Prints "heaptracer: sentence" on stderr; returns the exit code for it. */
int cmd_fail(const struct error *error);
/* Prints each line of `notes`, as "heaptracer: note: line" on stderr. */
void cmd_say_notes(const char *notes);
/* Writes all of `text` to stdout; the exit code. */
int cmd_print(struct str *text);

#endif
