/* terminal: in the environment and the user's wishes, out where the page goes: a terminal through a pager, or a stream; its width, colours and letters. */
#ifndef HOST_VIEW_TERMINAL_H
#define HOST_VIEW_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "host/base/error.h"

enum terminal_colour { TERMINAL_COLOUR_AUTO, TERMINAL_COLOUR_ALWAYS, TERMINAL_COLOUR_NEVER };

struct terminal_config {
    const char *path; /* NULL: standard output */
    int colour;       /* enum terminal_colour */
    size_t width;     /* 0: the terminal's, or TERMINAL_WIDTH */
    bool no_pager;
};
enum { TERMINAL_WIDTH = 120, TERMINAL_WIDTH_LEAST = 40 };

struct terminal {
    FILE *out;
    const char *path;
    bool is_paged, is_file;
    bool has_colour, has_unicode;
    size_t width;
};

bool terminal_open(struct terminal *terminal, const struct terminal_config *config, struct error *error);
/* Waits for the pager. False when not all could be written; a pager that was left early is no error. */
bool terminal_close(struct terminal *terminal, struct error *error);

#endif
