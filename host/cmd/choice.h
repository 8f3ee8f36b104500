/* choice: in words that name something of a list, out whether they do, and the tables that --table and --fail-on name: the same for every command. */
#ifndef HOST_CMD_CHOICE_H
#define HOST_CMD_CHOICE_H

#include "host/base/opt.h"

extern const char choice_tables[]; /* "all|summary|...", for completion */

/* The names of "summary,leaks", NULL-terminated; memory of the words. False and `error` with the name that was meant. */
bool choice_split(const char *text, struct opt_words *words, const char *const **names, struct error *error);

/* The same of "summary,leaks" and behind them of the tables of `fail_on`, which are not among the first *shown_count and so not printed. */
bool choice_take(const char *shown, const struct opt_list *fail_on, struct opt_words *words, const char *const **names, size_t *shown_count, struct error *error);
/* False and `error`, with the one that was meant, when `word` is none of `names`, "csv|json|..."; `noun` is what they are called. */
bool choice_check(const char *noun, const char *names, const char *word, struct error *error);

#endif
