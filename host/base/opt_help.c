/* opt_help: in a command's table, out its help for a terminal of 80 columns. */
#include "opt.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { HELP_WIDTH = 79, HELP_ABOUT_COLUMN = 27 };

static void option_about(const struct opt *opt, struct str *text)
{
    str_add(text, (char[]){(char)toupper((unsigned char)*opt->about), 0});
    str_add(text, opt->about + 1);
    if (opt->kind == OPT_CHOICE && opt->choices)
        str_add_format(text, " (%s)", opt->choices);
    if (opt->fallback)
        str_add_format(text, " [%s]", opt->fallback);
    if (opt->variable)
        str_add_format(text, " ($%s)", opt->variable);
}

static void option_help(const struct opt *opt, struct str *out)
{
    struct str left = {0}, about = {0};
    if (opt->letter)
        str_add_format(&left, "  -%c, --%s", opt->letter, opt->name);
    else
        str_add_format(&left, "      --%s", opt->name);
    if (opt->argument)
        str_add_format(&left, " %s", opt->argument);
    option_about(opt, &about);
    str_add(out, str_text(&left));
    if (left.count + 2 > HELP_ABOUT_COLUMN)
        str_add_format(out, "\n%*s", HELP_ABOUT_COLUMN, "");
    else
        str_add_format(out, "%*s", (int)(HELP_ABOUT_COLUMN - left.count), "");
    str_add_wrapped(out, str_text(&about), HELP_ABOUT_COLUMN, HELP_ABOUT_COLUMN, HELP_WIDTH);
    str_done(&left);
    str_done(&about);
}

static void examples_help(const struct opt_command *command, struct str *out)
{
    size_t widest = 0;
    bool is_wide = false;
    if (!command->examples || !command->examples->command)
        return;
    str_add(out, "\nExamples:\n");
    for (const struct opt_example *example = command->examples; example->command; example++)
        widest = strlen(example->command) > widest ? strlen(example->command) : widest;
    for (const struct opt_example *example = command->examples; example->command; example++)
        is_wide |= widest + 4 + strlen(example->about) > HELP_WIDTH;
    for (const struct opt_example *example = command->examples; example->command; example++) {
        if (is_wide)
            str_add_format(out, "  %s\n      %s\n", example->command, example->about);
        else
            str_add_format(out, "  %-*s  %s\n", (int)widest, example->command, example->about);
    }
}

static void options_help(const struct opt_command *command, struct str *out)
{
    static const struct opt help = {OPT_FLAG, 'h', "help", 0, NULL, "show this", NULL, NULL, NULL};
    const struct opt *opt = command->options;
    if (!opt || opt->kind != OPT_SECTION)
        str_add(out, "\nOptions:\n");
    for (; opt && opt->kind != OPT_END; opt++)
        if (opt->kind == OPT_SECTION)
            str_add_format(out, "\n%s:\n", opt->about);
        else
            option_help(opt, out);
    option_help(&help, out);
}

void opt_help(const struct opt_command *command, struct str *out)
{
    str_add_format(out, "%s.\n\nUsage: ", command->about);
    size_t indent = strlen("Usage: ") + strlen(command->name) + 1;
    str_add_format(out, "%s ", command->name);
    str_add_wrapped(out, command->usage, indent, indent, HELP_WIDTH);
    examples_help(command, out);
    options_help(command, out);
    if (command->see_also)
        str_add_format(out, "\nSee also: %s.\nManual: %.*s man %s\n", command->see_also, (int)strcspn(command->name, " "), command->name, opt_word(command));
}
