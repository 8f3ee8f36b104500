/* report_advice: in the events of a report's trace, out the table `advice` for it, within what a report may cost. */
#ifndef HOST_CMD_REPORT_ADVICE_H
#define HOST_CMD_REPORT_ADVICE_H

#include "advising.h"
#include "reading.h"

enum report_advice_how { REPORT_ADVICE_AUTO, REPORT_ADVICE_ALL, REPORT_ADVICE_NONE };

struct report_advice_options {
    int how;
    struct allocator_wish wish;
};

#define REPORT_ADVICE_OPTIONS(type, field)                                                                                                                    \
    {OPT_SECTION, 0, NULL, 0, NULL, "Advice", NULL, NULL, NULL},                                                                                              \
        {OPT_CHOICE, 0, "advice", offsetof(type, field.how), "HOW",                                                                                           \
         "changes of the program, each replayed on its requests: as many as take about a second, all, or none", "auto", "auto|all|none", NULL},               \
        ADVISING_OPTIONS(type, field.wish)

struct report_advice {
    const struct report_advice_options *options;
    struct advising advising;
    bool is_on;
};

/* Between reading_open and reading_run; the config of the reading gets what it must know. */
bool report_advice_begin(struct report_advice *advice, const struct report_advice_options *options, struct reading_config *config, const struct reading *reading,
                         struct error *error);
/* After reading_run: the table comes behind the others of the reading. */
bool report_advice_add(struct report_advice *advice, struct reading *reading, struct error *error);
void report_advice_end(struct report_advice *advice);

#endif
