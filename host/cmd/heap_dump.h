/* heap_dump: in a SOURCE, out its live blocks as they are now, and what is in some of them. */
#ifndef HOST_CMD_HEAP_DUMP_H
#define HOST_CMD_HEAP_DUMP_H

#include "page.h"
#include "spool.h"

struct heap_dump_options {
    const struct page_options *page;
    const struct source_options *source;
    struct opt_list pieces; /* "ADDRESS:COUNT" */
    bool has_blocks;
};

/* The exit code; what failed is printed. */
int heap_dump(const struct heap_dump_options *options, const char *word);

#endif
