/* choice: in words that name something of a list, out whether they do, and the tables that --table and --fail-on name. */
#include "choice.h"

#include <string.h>

#include <heaptracer/analysis.h>

#include "host/base/nearest.h"
#include "host/view/gate.h"

#define ANALYSIS(name) "|" #name
const char choice_tables[] = "all"
#include "host/analysis/analysis.def"
    ;
#undef ANALYSIS

/* "heapmap" and "heap-map" are heap_map: people do not remember which it was. */
static bool is_alike(const char *name, const char *word)
{
    for (;; name++, word++) {
        name += *name == '_';
        word += *word == '_' || *word == '-';
        if (*name != *word || !*name)
            return *name == *word;
    }
}

static const char *table_name(const char *word)
{
    for (const struct analysis *const *at = analysis_list(); *at; at++)
        if (is_alike((*at)->name, word))
            return (*at)->name;
    return word;
}

bool choice_split(const char *text, struct opt_words *words, const char *const **names, struct error *error)
{
    struct opt_list list = {0};
    const char *word;
    size_t count;
    list.at = arena_new(&words->arena, (strlen(text) + 2) * sizeof *list.at);
    while (opt_next_word(&text, ',', &word, &count)) {
        const char *name = table_name(arena_copy_text(&words->arena, word, count));
        struct nearest nearest = {.wanted = name};
        for (const struct analysis *const *at = analysis_list(); *at; at++)
            nearest_offer(&nearest, (*at)->name);
        if (!analysis_find(name) && nearest.best)
            return error_set(error, ERROR_USAGE, "there is no table '%s'; did you mean '%s'?", name, nearest.best);
        if (!analysis_find(name))
            return error_set(error, ERROR_USAGE, "there is no table '%s'; 'heaptracer analyze --list' names them", name);
        list.at[list.count++] = name;
    }
    *names = list.at;
    return true;
}

bool choice_take(const char *shown, const struct opt_list *fail_on, struct opt_words *words, const char *const **names, size_t *shown_count, struct error *error)
{
    struct str list = {0};
    struct gate gate;
    bool is_good = choice_split(shown, words, names, error);
    for (*shown_count = 0; is_good && (*names)[*shown_count];)
        ++*shown_count;
    str_add(&list, shown);
    for (size_t i = 0; is_good && i < fail_on->count; i++) {
        is_good = gate_parse(&gate, "--fail-on", fail_on->at[i], error);
        str_add_format(&list, ",%s", gate.table);
    }
    is_good = is_good && choice_split(str_text(&list), words, names, error);
    str_done(&list);
    return is_good;
}

bool choice_check(const char *noun, const char *names, const char *word, struct error *error)
{
    const char *rest = names, *name;
    size_t count;
    bool is_known = false;
    struct arena arena = {0};
    struct nearest nearest = {.wanted = word};
    while (!is_known && opt_next_word(&rest, '|', &name, &count)) {
        const char *copy = arena_copy_text(&arena, name, count);
        nearest_offer(&nearest, copy);
        is_known = !strcmp(copy, word);
    }
    if (!is_known && nearest.best)
        error_set(error, ERROR_USAGE, "there is no %s '%s'; did you mean '%s'?", noun, word, nearest.best);
    else if (!is_known)
        error_set(error, ERROR_USAGE, "there is no %s '%s'; it is one of %s", noun, word, names);
    arena_done(&arena);
    return is_known;
}
