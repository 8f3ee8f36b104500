/* search: in a word, out the program in PATH that it names; and where our own files are. */
#ifndef HOST_LAUNCH_SEARCH_H
#define HOST_LAUNCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* `found` and `folder` have room for PATH_MAX. */
bool search_path(const char *word, char *found);
/* The folders in which what is installed with this command may be, ended by a slash: the number-th of them; false: there are no more. */
bool search_installed(size_t number, char *folder);

#endif
