/* opt: in a table and argv, out values in the command's struct and the plain words. */
#include "opt.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "number.h"
#include "vec.h"

enum { OPT_HELP_VALUE = 1, OPT_FIRST_VALUE = 2 };

typedef VEC(struct poptOption) popt_table;

static const struct opt_given *given;
static size_t given_count;

const char *opt_word(const struct opt_command *command)
{
    const char *space = strrchr(command->name, ' ');
    return space ? space + 1 : command->name;
}

bool opt_next_word(const char **rest, char separator, const char **word, size_t *count)
{
    if (!*rest || !**rest)
        return false;
    const char *end = strchrnul(*rest, separator);
    *word = *rest;
    *count = (size_t)(end - *rest);
    *rest = *end ? end + 1 : end;
    return true;
}

bool opt_has_word(const char *words, char separator, const char *word, size_t count)
{
    const char *one;
    size_t one_count;
    while (opt_next_word(&words, separator, &one, &one_count))
        if (one_count == count && !memcmp(one, word, count))
            return true;
    return false;
}

static void table_build(const struct opt_command *command, popt_table *table)
{
    vec_push(table, ((struct poptOption){"help", 'h', POPT_ARG_NONE, NULL, OPT_HELP_VALUE, NULL, NULL}));
    for (const struct opt *opt = command->options; opt && opt->kind != OPT_END; opt++)
        if (opt->kind != OPT_SECTION)
            vec_push(table, ((struct poptOption){opt->name, opt->letter, opt->kind == OPT_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING, NULL,
                                                 OPT_FIRST_VALUE + (int)(opt - command->options), NULL, NULL}));
    vec_push(table, ((struct poptOption)POPT_TABLEEND));
}

static bool choice_parse(const char *place, const struct opt *opt, const char *text, int *choice, struct error *error)
{
    const char *rest = opt->choices, *word;
    size_t count, typed = strlen(text);
    for (*choice = 0; opt_next_word(&rest, '|', &word, &count); ++*choice)
        if (count == typed && !memcmp(word, text, count))
            return true;
    return error_set(error, ERROR_USAGE, "%s: '%s' is not one of %s", place, text, opt->choices);
}

static void list_add(struct arena *arena, struct opt_list *list, const char *text)
{
    const char **longer = arena_new(arena, (list->count + 2) * sizeof *longer);
    if (list->count)
        memcpy(longer, list->at, list->count * sizeof *longer);
    longer[list->count++] = text;
    list->at = longer;
}

static void words_add(struct arena *arena, struct opt_list *list, const char *text)
{
    size_t start = 0, at = 0;
    bool is_in_row = false;
    do {
        is_in_row = text[at] == '[' || (is_in_row && text[at] != ']');
        if (text[at] && (text[at] != ',' || is_in_row))
            continue;
        list_add(arena, list, arena_copy_text(arena, text + start, at - start));
        start = at + 1;
    } while (text[at++]);
}

static bool value_put(const struct opt *opt, const char *place, const char *text, void *values, struct opt_words *words, struct error *error)
{
    char *field = (char *)values + opt->offset;
    switch (opt->kind) {
    case OPT_FLAG:
        *(bool *)field = !text || (strcmp(text, "0") && strcmp(text, "false") && *text);
        return true;
    case OPT_TEXT:
        *(const char **)field = arena_copy_text(&words->arena, text, strlen(text));
        return true;
    case OPT_LIST:
        list_add(&words->arena, (struct opt_list *)field, arena_copy_text(&words->arena, text, strlen(text)));
        return true;
    case OPT_WORDS:
        words_add(&words->arena, (struct opt_list *)field, text);
        return true;
    case OPT_COUNT:
        return number_parse_count(place, text, (uint64_t *)field, error);
    case OPT_SIZE:
        return number_parse_size(place, text, (uint64_t *)field, error);
    case OPT_TIME:
        return number_parse_time(place, text, (uint64_t *)field, error);
    case OPT_CHOICE:
        return choice_parse(place, opt, text, (int *)field, error);
    case OPT_MODE:
        *(int *)field = -1;
        if (*text && !choice_parse(place, opt, text, (int *)field, error))
            return false;
        *(int *)field += 2;
        return true;
    case OPT_END:
    case OPT_SECTION:
        break;
    }
    return true;
}

bool opt_check(const struct opt *opt, const char *place, const char *text, struct error *error)
{
    union {
        bool flag;
        const char *text;
        struct opt_list list;
        uint64_t number;
        int choice;
    } value = {0};
    struct opt here = *opt;
    struct opt_words words = {0};
    here.offset = 0;
    bool is_good = value_put(&here, place, text, &value, &words, error);
    opt_words_done(&words);
    return is_good;
}

const struct opt *opt_find(const struct opt_command *command, const char *name)
{
    for (const struct opt *opt = command->options; opt && opt->kind != OPT_END; opt++)
        if (opt->name && !strcmp(opt->name, name))
            return opt;
    return NULL;
}

void opt_give(const struct opt_given *list, size_t count)
{
    given = list;
    given_count = count;
}

static bool given_read(const struct opt_command *command, void *values, struct opt_words *words, struct error *error)
{
    for (size_t i = 0; i < given_count; i++) {
        const struct opt *opt = !given[i].command || !strcmp(given[i].command, opt_word(command)) ? opt_find(command, given[i].option) : NULL;
        if (opt && !value_put(opt, given[i].place, given[i].text, values, words, error))
            return false;
    }
    return true;
}

static bool variables_read(const struct opt_command *command, void *values, struct opt_words *words, struct error *error)
{
    for (const struct opt *opt = command->options; opt && opt->kind != OPT_END; opt++) {
        const char *text = opt->variable ? getenv(opt->variable) : NULL;
        if (text && *text && !value_put(opt, opt->variable, text, values, words, error))
            return false;
    }
    return true;
}

static void nearest_option(const struct opt_command *command, struct nearest *nearest)
{
    nearest_offer(nearest, "help");
    for (const struct opt *opt = command->options; opt && opt->kind != OPT_END; opt++)
        if (opt->name)
            nearest_offer(nearest, opt->name);
}

static const struct opt *option_named(const struct opt_command *command, const char *text)
{
    size_t dashes = strspn(text, "-"), count = strcspn(text + dashes, "=");
    for (const struct opt *opt = command->options; opt && opt->kind != OPT_END; opt++)
        if (dashes == 1 ? opt->letter && opt->letter == text[1] : opt->name && strlen(opt->name) == count && !strncmp(opt->name, text + dashes, count))
            return opt;
    return NULL;
}

static enum opt_result option_refused(const struct opt_command *command, const char *typed, int code, struct error *error)
{
    struct nearest nearest = {.wanted = typed + strspn(typed, "-")};
    const struct opt *opt = option_named(command, typed);
    if (code == POPT_ERROR_NOARG && opt)
        error_set(error, ERROR_USAGE, "option '%s' needs a value: %s %s", typed, typed, opt->argument ? opt->argument : "VALUE");
    else if (code != POPT_ERROR_BADOPT)
        error_set(error, ERROR_USAGE, "option '%s': %s; see '%s --help'", typed, code == POPT_ERROR_UNWANTEDARG ? "takes no value" : poptStrerror(code), command->name);
    else {
        nearest_option(command, &nearest);
        if (nearest.best)
            error_set(error, ERROR_USAGE, "unknown option '%s'; did you mean '--%s'? See '%s --help'", typed, nearest.best, command->name);
        else
            error_set(error, ERROR_USAGE, "unknown option '%s'; '%s --help' lists them", typed, command->name);
    }
    return OPT_BAD;
}

static enum opt_result options_read(const struct opt_command *command, void *values, poptContext context, struct opt_words *words, struct error *error)
{
    int value;
    while ((value = poptGetNextOpt(context)) > 0) {
        if (value == OPT_HELP_VALUE)
            return OPT_HELP;
        const struct opt *opt = &command->options[value - OPT_FIRST_VALUE];
        char place[64], *text = poptGetOptArg(context);
        snprintf(place, sizeof place, "--%s", opt->name);
        bool is_good = value_put(opt, place, text, values, words, error);
        free(text);
        if (!is_good)
            return OPT_BAD;
    }
    return value < -1 ? option_refused(command, poptBadOption(context, 0), value, error) : OPT_OK;
}

static enum opt_result words_read(const struct opt_command *command, poptContext context, struct opt_words *words, struct error *error)
{
    const char **rest = poptGetArgs(context);
    while (rest && rest[words->count])
        words->count++;
    words->at = arena_new(&words->arena, (words->count + 1) * sizeof *words->at);
    for (size_t i = 0; i < words->count; i++)
        words->at[i] = arena_copy_text(&words->arena, rest[i], strlen(rest[i]));
    if (words->count < command->least_words)
        error_set(error, ERROR_USAGE, "something is missing; usage: %s %s", command->name, command->usage);
    else if (words->count > command->most_words)
        error_set(error, ERROR_USAGE, "'%s' is one word too many; usage: %s %s", words->at[command->most_words], command->name, command->usage);
    return error->kind == ERROR_NONE ? OPT_OK : OPT_BAD;
}

/* The word behind it is its value. */
static bool takes_next(const struct opt_command *command, const char *text)
{
    const struct opt *opt = *text == '-' ? option_named(command, text) : NULL;
    return opt && opt->kind != OPT_FLAG && opt->kind != OPT_MODE && !strchr(text, '=') && (text[1] == '-' || !text[2]);
}

/* An option whose value may be left out gets an empty one, so that the next word is not taken for it. */
static const char **modes_fill(const struct opt_command *command, int argc, char **argv, struct arena *arena)
{
    const char **filled = arena_new(arena, ((size_t)argc + 1) * sizeof *filled);
    bool is_over = false, is_value = true; /* the command's own word is no option */
    for (int i = 0; i < argc; i++) {
        const struct opt *opt = !is_over && !is_value && !strncmp(argv[i], "--", 2) ? option_named(command, argv[i]) : NULL;
        is_over |= !is_value && (!strcmp(argv[i], "--") || (command->stops_at_word && argv[i][0] != '-'));
        is_value = !is_value && takes_next(command, argv[i]);
        filled[i] = argv[i];
        if (!opt || opt->kind != OPT_MODE || strchr(argv[i], '='))
            continue;
        char *longer = arena_new(arena, strlen(argv[i]) + 2);
        filled[i] = strcat(strcpy(longer, argv[i]), "=");
    }
    return filled;
}

enum opt_result opt_parse(const struct opt_command *command, void *values, int argc, char **argv, struct opt_words *words, struct error *error)
{
    popt_table table = {0};
    *words = (struct opt_words){0};
    if (!given_read(command, values, words, error) || !variables_read(command, values, words, error))
        return OPT_BAD;
    table_build(command, &table);
    poptContext context = poptGetContext(command->name, argc, modes_fill(command, argc, argv, &words->arena), table.at, command->stops_at_word ? POPT_CONTEXT_POSIXMEHARDER : 0);
    enum opt_result result = options_read(command, values, context, words, error);
    if (result == OPT_OK)
        result = words_read(command, context, words, error);
    poptFreeContext(context);
    vec_done(&table);
    return result;
}

void opt_words_done(struct opt_words *words)
{
    arena_done(&words->arena);
    *words = (struct opt_words){0};
}
