/* output: in a file name and the user's leave, out a stream that never overwrites a file without it, and never leaves half of one behind. */
#ifndef HOST_CMD_OUTPUT_H
#define HOST_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "host/base/error.h"

struct output {
    FILE *out;
    const char *path; /* NULL: standard output */
    bool made_file;
};

/* False when `path` is the file `input`, which no leave to replace files means. */
bool output_differs(const char *path, const char *input, struct error *error);
/* NULL or "-" is standard output. */
bool output_open(struct output *output, const char *path, const char *input, bool may_replace, struct error *error);
/* False when not all could be written. A file is removed then, and when `is_good` is false. */
bool output_close(struct output *output, bool is_good, struct error *error);

#endif
