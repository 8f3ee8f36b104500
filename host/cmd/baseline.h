/* baseline: in a trace, or a file that was saved from one, out the figures that a later run is compared with, and how much each call stack had then. */
#ifndef HOST_CMD_BASELINE_H
#define HOST_CMD_BASELINE_H

#include <stdio.h>

#include "allocator_wish.h"
#include "figures.h"

struct baseline_site {
    enum figure figure;
    const char *stack; /* functions, innermost first: lines and addresses move with every build */
    double amount;
};

/* Zero-filled is empty. */
struct baseline {
    const char *path;
    bool is_known[FIGURES];
    double values[FIGURES];
    const char *replayed;            /* "tlsf-esp 180K": its figures are those of a replay; "": of the recorded run */
    VEC(struct baseline_site) sites; /* by figure, the largest first */
    struct arena arena;
};

/* `path` is a trace, or, if its name ends in .toml, a saved baseline. With `replay` a trace is replayed so, and a saved one must be of such a replay.
 * baseline_done ends it, also after a failure. */
bool baseline_read(struct baseline *baseline, const char *path, const struct page_options *names, const struct allocator_wish *replay, struct error *error);
/* Of figures that were taken, of a replay if `replay` is not NULL. */
void baseline_take(struct baseline *baseline, const struct figures *figures, const struct allocator_wish *replay, struct symbols *symbols);
void baseline_put(FILE *out, const struct baseline *baseline, const struct trace_header *header);
/* What the stack had; 0 when it was not there, or below the sites that a baseline keeps. */
double baseline_before(const struct baseline *baseline, enum figure figure, const char *stack);
/* The functions of a stack as sites have them; the next call for `text` replaces it. */
void baseline_stack(struct str *text, struct frames *frames, struct symbols *symbols, uint32_t stack);
void baseline_done(struct baseline *baseline);

#endif
