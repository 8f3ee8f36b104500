/* choice: in the words of --table and --fail-on, out the tables that they name: the same for every command that answers tables. */
#ifndef HOST_CMD_CHOICE_H
#define HOST_CMD_CHOICE_H

#include "host/base/opt.h"

extern const char choice_tables[]; /* "all|summary|...", for completion */

/* The names of "summary,leaks", NULL-terminated; memory of the words. False and `error` with the name that was meant. */
bool choice_split(const char *text, struct opt_words *words, const char *const **names, struct error *error);

#endif
