/* cmd: in cmd.def, out the command list; option parsing and failing as every command does it. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "host/base/nearest.h"

const struct command commands[] = {
#define HT_COMMAND(word) {#word, cmd_##word, &cmd_##word##_table},
#include "cmd.def"
#undef HT_COMMAND
    {0}};

const struct command *cmd_find(const char *word)
{
    for (const struct command *command = commands; command->word; command++)
        if (!strcmp(command->word, word))
            return command;
    return NULL;
}

void cmd_tables(const struct opt_command *tables[CMD_COMMANDS])
{
    for (size_t i = 0; i < CMD_COMMANDS; i++)
        tables[i] = commands[i].table;
}

int cmd_unknown(const char *word)
{
    struct error error = {0};
    struct nearest nearest = {.wanted = word};
    nearest_offer(&nearest, "help");
    for (const struct command *command = commands; command->word; command++)
        nearest_offer(&nearest, command->word);
    if (nearest.best)
        error_set(&error, ERROR_USAGE, "'%s' is not a command; did you mean 'heaptracer %s'?", word, nearest.best);
    else
        error_set(&error, ERROR_USAGE, "'%s' is not a command; 'heaptracer help' lists them", word);
    return cmd_fail(&error);
}

int cmd_fail(const struct error *error)
{
    fflush(stdout);
    fprintf(stderr, "heaptracer: %s\n", error->text);
    return error_exit_code(error);
}

void cmd_say_notes(const char *notes)
{
    const char *line;
    size_t count;
    while (opt_next_word(&notes, '\n', &line, &count))
        fprintf(stderr, "heaptracer: note: %.*s\n", (int)count, line);
}

int cmd_print(struct str *text)
{
    struct error error = {0};
    if (fwrite(str_text(text), 1, text->count, stdout) != text->count || fflush(stdout))
        error_set_errno(&error, ERROR_WRITE, "cannot write to standard output");
    str_done(text);
    return error.kind == ERROR_NONE ? CMD_DONE : cmd_fail(&error);
}

bool cmd_parse(const struct opt_command *table, void *values, int argc, char **argv, struct opt_words *words, int *exit_code)
{
    struct error error = {0};
    struct str help = {0};
    enum opt_result result = opt_parse(table, values, argc, argv, words, &error);
    if (result == OPT_OK)
        return true;
    opt_words_done(words);
    if (result == OPT_HELP) {
        opt_help(table, &help);
        *exit_code = cmd_print(&help);
    } else {
        *exit_code = cmd_fail(&error);
    }
    return false;
}
