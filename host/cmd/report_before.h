/* report_before: in an earlier trace and one that was read, out what differs, for a report. */
#ifndef HOST_CMD_REPORT_BEFORE_H
#define HOST_CMD_REPORT_BEFORE_H

#include "host/compare/compare.h"
#include "host/view/report_document.h"
#include "reading.h"

struct report_earlier {
    struct reading_config config;
    struct reading reading;
    struct same *same;
    VEC(struct table) changes;
    uint32_t *stacks; /* by site of the earlier model */
    struct str note;
    struct report_before before; /* what the report gets */
};

/* Opens the earlier trace, after `now` and before it is run, whose `config` gets what it must know. report_earlier_close ends it, also after a failure. */
bool report_earlier_open(struct report_earlier *earlier, const char *path, const struct reading *now, struct reading_config *config, struct error *error);
/* Reads it and compares; after `now` was run. */
bool report_earlier_run(struct report_earlier *earlier, const struct reading *now, struct error *error);
void report_earlier_close(struct report_earlier *earlier);

#endif
