/* man: in the name of a command, out its manual page in roff on stdout. */
#include "cmd.h"

#include <string.h>

static const struct opt_example man_examples[] = {{"heaptracer man run | man -l -", "read the manual of run"}, {0}};

const struct opt_command cmd_man_table = {
    .name = "heaptracer man",
    .usage = "[COMMAND]",
    .about = "Print the manual page of a command, for man(1)",
    .manual = "Manual pages are made from the same tables as the options themselves, so they are never older than the command. "
              "Without COMMAND it is the page of heaptracer itself.",
    .examples = man_examples,
    .most_words = 1,
};

int cmd_man(int argc, char **argv)
{
    struct opt_words words;
    struct str page = {0};
    int exit_code;
    if (!cmd_parse(&cmd_man_table, NULL, argc, argv, &words, &exit_code))
        return exit_code;
    bool is_of_command = words.count && strcmp(words.at[0], "heaptracer");
    const struct command *command = is_of_command ? cmd_find(words.at[0]) : NULL;
    if (is_of_command && !command) {
        exit_code = cmd_unknown(words.at[0]);
    } else {
        const struct opt_command *tables[CMD_COMMANDS];
        cmd_tables(tables);
        opt_man(command ? command->table : &cmd_heaptracer_table, HT_VERSION, &page);
        if (!command)
            opt_man_commands(tables, CMD_COMMANDS, &page);
        exit_code = cmd_print(&page);
    }
    opt_words_done(&words);
    return exit_code;
}
