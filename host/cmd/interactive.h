/* interactive: the full-screen view, for the commands that open it. */
#ifndef HOST_CMD_INTERACTIVE_H
#define HOST_CMD_INTERACTIVE_H

#include "feed.h"
#include "host/tui/tui.h"

struct interactive_end {
    bool is_over;         /* the user saw the end of the run */
    struct error problem; /* what the trace could not give */
};

/* Shows the run until the user leaves; `from` may be NULL. False and `error`: it could not. */
bool interactive_show(const char *word, const struct source_options *from, enum theme theme, const struct page_options *names, struct interactive_end *end, struct error *error);

#endif
