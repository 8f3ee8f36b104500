/* toml_file: in a file or a descriptor that is open, out the values of its text: the one place that reads TOML files of people. */
#ifndef HOST_CONFIG_TOML_FILE_H
#define HOST_CONFIG_TOML_FILE_H

#include "toml.h"

enum { TOML_FILE_MOST = 1 << 20 }; /* bytes; one that has more is refused */

typedef void (*toml_see)(void *context, const struct toml_value *value);

/* From where the descriptor stands to its end; `name` is what an error calls it. As toml_read. */
bool toml_file_read(const char *name, int file, toml_see see, void *context, struct error *error);
bool toml_file_open(const char *path, toml_see see, void *context, struct error *error);

#endif
