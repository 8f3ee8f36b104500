/* opt_complete: in the tables of all commands, out a completion script for bash, zsh or fish. */
#include "opt.h"

#include <string.h>

static bool is_option(const struct opt *opt)
{
    return opt->kind != OPT_SECTION;
}

#define EACH_OPTION(opt, command) (const struct opt *opt = (command)->options; opt && opt->kind != OPT_END; opt++) if (is_option(opt))

static void choices_add(struct str *out, const char *choices, const char *between)
{
    const char *word;
    size_t count;
    for (bool is_first = true; opt_next_word(&choices, '|', &word, &count); is_first = false) {
        if (!is_first)
            str_add(out, between);
        str_add_bytes(out, word, count);
    }
}

/* Text inside '…' of a shell script; zsh also minds ':' '[' ']' in descriptions. */
static void quoted_add(struct str *out, const char *text, const char *escaped)
{
    for (; *text; text++)
        if (*text == '\'')
            str_add(out, "'\\''");
        else
            str_add_format(out, strchr(escaped, *text) ? "\\%c" : "%c", *text);
}

static void bash_command(const struct opt_command *command, struct str *out)
{
    str_add_format(out, "    %s)\n        case $before in\n", opt_word(command));
    for EACH_OPTION(opt, command) {
        if (!opt->argument)
            continue;
        str_add_format(out, "        --%s", opt->name);
        if (opt->letter)
            str_add_format(out, "|-%c", opt->letter);
        str_add(out, ") ");
        if (opt->choices) {
            str_add(out, "COMPREPLY=($(compgen -W '");
            choices_add(out, opt->choices, " ");
            str_add(out, "' -- \"$word\")); return;;\n");
        } else {
            str_add(out, "compopt -o default; return;;\n");
        }
    }
    str_add(out, "        esac\n        options='--help");
    for EACH_OPTION(opt, command)
        str_add_format(out, " --%s", opt->name);
    str_add(out, "';;\n");
}

static void bash_script(const char *program, const struct opt_command *const *commands, size_t count, struct str *out)
{
    str_add_format(out, "# bash completion for %s\n_%s() {\n", program, program);
    str_add(out, "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n    COMPREPLY=()\n");
    str_add(out, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '--help --version help");
    for (size_t i = 0; i < count; i++)
        str_add_format(out, " %s", opt_word(commands[i]));
    str_add(out, "' -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < count; i++)
        bash_command(commands[i], out);
    str_add(out, "    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\"));;\n    *) compopt -o default;;\n    esac\n}\n");
    str_add_format(out, "complete -F _%s %s\n", program, program);
}

static void zsh_option(const struct opt *opt, struct str *out)
{
    str_add(out, " \\\n            ");
    if (opt->letter)
        str_add_format(out, "{-%c,--%s%s}'[", opt->letter, opt->name, opt->argument ? "=" : "");
    else
        str_add_format(out, "'--%s%s[", opt->name, opt->argument ? "=" : "");
    quoted_add(out, opt->about, "[]:\\");
    str_add(out, "]");
    if (opt->argument) {
        str_add_format(out, ":%s:", opt->argument);
        if (opt->choices) {
            str_add(out, "(");
            choices_add(out, opt->choices, " ");
            str_add(out, ")");
        } else {
            str_add(out, "_files");
        }
    }
    str_add(out, "'");
}

static void zsh_script(const char *program, const struct opt_command *const *commands, size_t count, struct str *out)
{
    str_add_format(out, "#compdef %s\n_%s() {\n    local -a commands=(\n", program, program);
    for (size_t i = 0; i < count; i++) {
        str_add_format(out, "        '%s:", opt_word(commands[i]));
        quoted_add(out, commands[i]->about, ":");
        str_add(out, "'\n");
    }
    str_add(out, "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n    shift words\n    (( CURRENT-- ))\n");
    str_add(out, "    case $words[1] in\n");
    for (size_t i = 0; i < count; i++) {
        str_add_format(out, "    %s)\n        _arguments -s '(-h --help)'{-h,--help}'[show help]'", opt_word(commands[i]));
        for EACH_OPTION(opt, commands[i])
            zsh_option(opt, out);
        str_add(out, commands[i]->stops_at_word ? " \\\n            '*::program:_normal';;\n" : " \\\n            '*:file:_files';;\n");
    }
    str_add_format(out, "    esac\n}\n_%s \"$@\"\n", program);
}

static void fish_option(const char *program, const struct opt_command *command, const struct opt *opt, struct str *out)
{
    str_add_format(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -l %s", program, opt_word(command), opt->name);
    if (opt->letter)
        str_add_format(out, " -s %c", opt->letter);
    if (opt->argument && opt->choices) {
        str_add(out, " -x -a '");
        choices_add(out, opt->choices, " ");
        str_add(out, "'");
    } else if (opt->argument) {
        str_add(out, " -r");
    }
    str_add(out, " -d '");
    quoted_add(out, opt->about, "\\");
    str_add(out, "'\n");
}

static void fish_script(const char *program, const struct opt_command *const *commands, size_t count, struct str *out)
{
    str_add_format(out, "# fish completion for %s\n", program);
    for (size_t i = 0; i < count; i++) {
        str_add_format(out, "complete -c %s -f -n __fish_use_subcommand -a %s -d '", program, opt_word(commands[i]));
        quoted_add(out, commands[i]->about, "\\");
        str_add(out, "'\n");
    }
    for (size_t i = 0; i < count; i++)
        for EACH_OPTION(opt, commands[i])
            fish_option(program, commands[i], opt, out);
}

void opt_completion(enum opt_shell shell, const char *program, const struct opt_command *const *commands, size_t count, struct str *out)
{
    if (shell == OPT_BASH)
        bash_script(program, commands, count, out);
    else if (shell == OPT_ZSH)
        zsh_script(program, commands, count, out);
    else
        fish_script(program, commands, count, out);
}
