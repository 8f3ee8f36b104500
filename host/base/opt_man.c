/* opt_man: in a command's table, out its manual page in roff (man macros). */
#include "opt.h"

#include <ctype.h>
#include <string.h>

/* Text made safe for roff: backslashes, dashes that are typed, and dots or quotes that begin a line. */
static void roff_add(struct str *out, const char *text, size_t count)
{
    bool starts_line = !out->count || out->at[out->count - 1] == '\n';
    for (size_t i = 0; i < count; i++) {
        if (starts_line && (text[i] == '.' || text[i] == '\''))
            str_add(out, "\\&");
        if (text[i] == '\\')
            str_add(out, "\\e");
        else if (text[i] == '-')
            str_add(out, "\\-");
        else
            str_add_bytes(out, text + i, 1);
        starts_line = text[i] == '\n';
    }
}

static void roff_text(struct str *out, const char *text)
{
    roff_add(out, text, strlen(text));
}

static void paragraphs_add(struct str *out, const char *text)
{
    while (text && *text) {
        const char *end = strstr(text, "\n\n");
        size_t count = end ? (size_t)(end - text) : strlen(text);
        str_add(out, ".PP\n");
        if (*text == ' ')
            str_add(out, ".nf\n");
        roff_add(out, text, count);
        str_add(out, *text == ' ' ? "\n.fi\n" : "\n");
        text = end ? end + 2 : NULL;
    }
}

static void option_man(const struct opt *opt, struct str *out)
{
    str_add(out, ".TP\n");
    if (opt->letter)
        str_add_format(out, "\\fB\\-%c\\fR, ", opt->letter);
    str_add(out, "\\fB\\-\\-");
    roff_text(out, opt->name);
    str_add(out, "\\fR");
    if (opt->argument) {
        str_add(out, " \\fI");
        roff_text(out, opt->argument);
        str_add(out, "\\fR");
    }
    str_add(out, "\n");
    str_add(out, (char[]){(char)toupper((unsigned char)*opt->about), 0});
    roff_text(out, opt->about + 1);
    str_add(out, ".\n");
    if (opt->kind == OPT_CHOICE) {
        str_add(out, "One of ");
        roff_text(out, opt->choices);
        str_add(out, ".\n");
    }
    if (opt->fallback) {
        str_add(out, "Default: ");
        roff_text(out, opt->fallback);
        str_add(out, ".\n");
    }
    if (opt->variable)
        str_add_format(out, "The environment variable \\fB%s\\fR gives it too.\n", opt->variable);
}

static void options_man(const struct opt_command *command, struct str *out)
{
    static const struct opt help = {OPT_FLAG, 'h', "help", 0, NULL, "Show a short help", NULL, NULL, NULL};
    str_add(out, ".SH OPTIONS\n");
    for (const struct opt *opt = command->options; opt && opt->kind != OPT_END; opt++)
        if (opt->kind == OPT_SECTION) {
            str_add(out, ".SS ");
            roff_text(out, opt->about);
            str_add(out, "\n");
        } else {
            option_man(opt, out);
        }
    option_man(&help, out);
}

static void examples_man(const struct opt_command *command, struct str *out)
{
    if (!command->examples || !command->examples->command)
        return;
    str_add(out, ".SH EXAMPLES\n");
    for (const struct opt_example *example = command->examples; example->command; example++) {
        str_add(out, ".TP\n\\fB");
        roff_text(out, example->command);
        str_add(out, "\\fR\n");
        str_add(out, (char[]){(char)toupper((unsigned char)*example->about), 0});
        roff_text(out, example->about + 1);
        str_add(out, ".\n");
    }
}

/* "heaptracer run" is the page heaptracer-run. */
static void page_name(const struct opt_command *command, struct str *out)
{
    for (const char *c = command->name; *c; c++)
        str_add(out, *c == ' ' ? "\\-" : (char[]){*c, 0});
}

static void see_also_man(const struct opt_command *command, struct str *out)
{
    const char *rest = command->see_also, *word;
    size_t count;
    str_add(out, ".SH SEE ALSO\n");
    for (bool is_first = true; opt_next_word(&rest, ',', &word, &count); is_first = false) {
        while (count && *word == ' ')
            word++, count--;
        str_add(out, is_first ? ".BR " : " ,\n.BR ");
        for (size_t i = 0; i < count; i++)
            str_add(out, word[i] == ' ' ? "\\-" : (char[]){word[i], 0});
        str_add(out, " (1)");
    }
    str_add(out, "\n");
}

void opt_man(const struct opt_command *command, const char *version, struct str *out)
{
    str_add(out, ".TH \"");
    for (const char *c = command->name; *c; c++)
        str_add(out, *c == ' ' ? "\\-" : (char[]){(char)toupper((unsigned char)*c), 0});
    str_add_format(out, "\" 1 \"\" \"%.*s %s\" \"User commands\"\n.SH NAME\n", (int)strcspn(command->name, " "), command->name, version);
    page_name(command, out);
    str_add(out, " \\- ");
    roff_text(out, command->about);
    str_add(out, "\n.SH SYNOPSIS\n\\fB");
    roff_text(out, command->name);
    str_add(out, "\\fR ");
    roff_text(out, command->usage);
    str_add(out, "\n");
    if (command->manual) {
        str_add(out, ".SH DESCRIPTION\n");
        paragraphs_add(out, command->manual);
    }
    options_man(command, out);
    examples_man(command, out);
    if (command->see_also)
        see_also_man(command, out);
}

void opt_man_commands(const struct opt_command *const *commands, size_t count, struct str *out)
{
    str_add(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < count; i++) {
        str_add(out, ".TP\n.BR ");
        page_name(commands[i], out);
        str_add(out, " (1)\n");
        roff_text(out, commands[i]->about);
        str_add(out, ".\n");
    }
}
