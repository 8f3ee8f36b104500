/* main: in the words of the command line, out the exit code of the command that they name. */
#include <stdio.h>
#include <string.h>

#include "host/cmd/cmd.h"
#include "host/cmd/collect.h"
#include "host/cmd/configured.h"

static const struct opt_example main_examples[] = {
    {"heaptracer run -- ./server --port 8080", "record every allocation of a program, not rebuilt"},
    {"heaptracer analyze server.4711.htrc", "say where its memory went"},
    {0},
};

const struct opt_command cmd_heaptracer_table = {
    .name = "heaptracer",
    .usage = "COMMAND [options] ...",
    .about = "Record where a program's memory goes, every event with its full stack",
    .manual = "heaptracer records every allocation, free and resize of any dynamically linked Linux program, with full stack, thread and time, into a compact trace, "
              "and answers questions about it. Each command has its own page: heaptracer-run(1) and so on, also printed by 'heaptracer man COMMAND'.\n\n"
              "Exit codes of the commands that read traces: 0 done, 1 something was found and --fail-on asked to be told, 2 wrong usage, 3 something cannot be read or written. "
              "'heaptracer run' ends with the exit code of the program that it ran.",
    .examples = main_examples,
};

static void main_help(struct str *text)
{
    str_add_format(text, "%s.\n\nUsage: heaptracer COMMAND [options] ...\n\nExamples:\n", cmd_heaptracer_table.about);
    for (const struct opt_example *example = main_examples; example->command; example++)
        str_add_format(text, "  %s\n      %s\n", example->command, example->about);
    str_add(text, "\nCommands:\n");
    for (const struct command *command = commands; command->word; command++)
        str_add_format(text, "  %-12s %s\n", command->word, command->table->about);
    str_add_format(text, "  %-12s %s\n", "help", "Show this, or the help of a command: heaptracer help run");
    str_add(text, "\n'heaptracer COMMAND --help' shows the options of a command, 'heaptracer --version' the version.\n");
}

/* NULL: the help of the whole. */
static int help_print(const char *word)
{
    const struct command *command = word ? cmd_find(word) : NULL;
    struct str help = {0};
    if (word && !command)
        return cmd_unknown(word);
    if (command)
        opt_help(command->table, &help);
    else
        main_help(&help);
    return cmd_print(&help);
}

static int without_command(void)
{
    struct str help = {0};
    main_help(&help);
    fputs(str_text(&help), stderr);
    str_done(&help);
    return CMD_USAGE;
}

static bool is_either(const char *word, const char *a, const char *b)
{
    return !strcmp(word, a) || !strcmp(word, b);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return without_command();
    if (is_either(argv[1], "--version", "-V"))
        return puts("heaptracer " HT_VERSION) < 0 ? CMD_FAILED : CMD_DONE;
    if (is_either(argv[1], "--help", "-h") || !strcmp(argv[1], "help"))
        return help_print(argc > 2 ? argv[2] : NULL);
    if (!strcmp(argv[1], "collect"))
        return collect(argc - 1, argv + 1);
    const struct command *command = cmd_find(argv[1]);
    struct error error = {0};
    if (!command)
        return cmd_unknown(argv[1]);
    return configured_read(&error) ? command->function(argc - 1, argv + 1) : cmd_fail(&error);
}
