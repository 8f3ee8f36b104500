/* choice: in the words of --table, out the tables that they name. */
#include "choice.h"

#include <string.h>

#include <heaptracer/analysis.h>

#include "host/base/nearest.h"

#define ANALYSIS(name) "|" #name
const char choice_tables[] = "all"
#include "host/analysis/analysis.def"
    ;
#undef ANALYSIS

bool choice_split(const char *text, struct opt_words *words, const char *const **names, struct error *error)
{
    struct opt_list list = {0};
    const char *word;
    size_t count;
    list.at = arena_new(&words->arena, (strlen(text) + 2) * sizeof *list.at);
    while (opt_next_word(&text, ',', &word, &count)) {
        const char *name = arena_copy_text(&words->arena, word, count);
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
