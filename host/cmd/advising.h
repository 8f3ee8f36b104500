/* advising: in the events of a trace and the allocator of its program, out the table `advice`. */
#ifndef HOST_CMD_ADVISING_H
#define HOST_CMD_ADVISING_H

#include "allocator_wish.h"
#include "host/advice/advice.h"
#include "host/view/frames.h"
#include "page.h"

/* The rows of an option table for the field `field` (a struct allocator_wish) of `type`. */
#define ADVISING_OPTIONS(type, field)                                                                                                                         \
    ALLOCATOR_WISH_OPTIONS(type, field, "the allocator of the program, for the table advice", "glibc for a program of 64 bits",                               \
                           "what the trace knows, else half more than the smallest that holds all")

struct advising {
    const struct allocator_wish *wish;
    const struct trace_header *header;
    struct symbols *symbols;
    struct requests requests;
    struct arena_wishes wishes;
    struct advice advice;
    struct frames frames; /* reused */
    struct map places;    /* digest of a frame: number */
    char *options;
};

/* Says what is wrong with a wish. advising_done ends it, also after a failure. */
bool advising_begin(struct advising *advising, const struct allocator_wish *wish, const struct trace_header *header, struct symbols *symbols, struct error *error);
/* For reading loops: every event of the trace, whose definitions the symbols get, too. */
void advising_see(void *advising, const struct event *event);
/* `most_played` as struct advice_config has it. The table is there also after a failure, without rows. */
bool advising_answer(struct advising *advising, uint64_t most_played, struct table *table, struct error *error);
void advising_done(struct advising *advising);

/* What `advise` and `analyze --table advice` print; the exit code. */
int advising_run(const char *path, const struct allocator_wish *wish, const struct page_options *page, const struct opt_list *fail_on);

#endif
