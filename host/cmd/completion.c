/* completion: in the name of a shell, out a script on stdout that completes commands and options there. */
#include "cmd.h"

#include <string.h>

static const struct opt_example completion_examples[] = {
    {"heaptracer completion bash >/etc/bash_completion.d/heaptracer", "for every bash on this machine"},
    {"heaptracer completion fish >~/.config/fish/completions/heaptracer.fish", "for your fish"},
    {0},
};

const struct opt_command cmd_completion_table = {
    .name = "heaptracer completion",
    .usage = "bash|zsh|fish",
    .about = "Print a completion script for a shell",
    .manual = "The script completes commands, options and the values of options that are words of a list.",
    .examples = completion_examples,
    .least_words = 1,
    .most_words = 1,
};

static bool shell_parse(const char *text, enum opt_shell *shell, struct error *error)
{
    static const char names[] = "bash|zsh|fish";
    const char *rest = names, *word;
    size_t count;
    for (int i = 0; opt_next_word(&rest, '|', &word, &count); i++)
        if (strlen(text) == count && !memcmp(text, word, count)) {
            *shell = (enum opt_shell)i;
            return true;
        }
    return error_set(error, ERROR_USAGE, "no completion for '%s'; there is one for each of %s", text, names);
}

int cmd_completion(int argc, char **argv)
{
    struct opt_words words;
    struct error error = {0};
    struct str script = {0};
    enum opt_shell shell = OPT_BASH;
    int exit_code;
    if (!cmd_parse(&cmd_completion_table, NULL, argc, argv, &words, &exit_code))
        return exit_code;
    if (shell_parse(words.at[0], &shell, &error)) {
        const struct opt_command *tables[CMD_COMMANDS];
        cmd_tables(tables);
        opt_completion(shell, "heaptracer", tables, CMD_COMMANDS, &script);
        exit_code = cmd_print(&script);
    } else {
        exit_code = cmd_fail(&error);
    }
    opt_words_done(&words);
    return exit_code;
}
