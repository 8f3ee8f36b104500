/* advising: in a trace and the allocator of its program, out the page with the table `advice`: what `advise` and `analyze --table advice` print. */
#ifndef HOST_CMD_ADVISING_H
#define HOST_CMD_ADVISING_H

#include "page.h"

struct advising_wish {
    const char *allocator;
    struct opt_list arenas;
};

/* The rows of an option table for the field `field` (a struct advising_wish) of `type`. */
#define ADVISING_OPTIONS(type, field)                                                                                                                         \
    {OPT_TEXT, 0, "allocator", offsetof(type, field.allocator), "NAME[:OPTION,...]", "the allocator of the program, for the table advice; 'heaptracer replay --list' names them", \
     "glibc for a program of 64 bits", NULL, NULL},                                                                                                           \
        {OPT_LIST, 0, "arena", offsetof(type, field.arenas), "[HEAP=]SIZE[@BASE][,...]", "and its memory; may be given again",                                \
         "what the trace knows, else half more than the smallest that holds all", NULL, NULL}

/* The exit code. */
int advising_run(const char *path, const struct advising_wish *wish, const struct page_options *page, const struct opt_list *fail_on);

#endif
