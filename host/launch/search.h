/* search: in a word, out the program in PATH that it names. */
#ifndef HOST_LAUNCH_SEARCH_H
#define HOST_LAUNCH_SEARCH_H

#include <stdbool.h>

/* `found` has room for PATH_MAX. */
bool search_path(const char *word, char *found);

#endif
