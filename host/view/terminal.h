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
};
enum { TERMINAL_WIDTH = 120, TERMINAL_WIDTH_LEAST = 40, TERMINAL_WIDTH_MOST = 10000 };

struct terminal {
    FILE *out;
    const char *path;
    bool is_paged, is_file;
    bool has_colour, has_unicode;
    bool is_terminal;
    size_t width, height; /* height 0: endless */
};

bool terminal_open(struct terminal *terminal, const struct terminal_config *config, struct error *error);
/* From now on the page goes through $PAGER or less, if it goes to a terminal. Not before anything else is done with the terminal. */
void terminal_start_pager(struct terminal *terminal);
/* Waits for the pager. False when not all could be written; a pager that was left early is no error. */
bool terminal_close(struct terminal *terminal, struct error *error);

#endif
