/* monitor_line: in what a heap is and did in an interval, out one line of text, JSON or CSV. */
#ifndef HOST_VIEW_MONITOR_LINE_H
#define HOST_VIEW_MONITOR_LINE_H

#include <stdio.h>

#include <heaptracer/model.h>

#include "host/analysis/pulse.h"
#include "view.h"

enum monitor_form { MONITOR_HUMAN, MONITOR_JSON, MONITOR_CSV };

struct monitor_line {
    const struct view *view;
    const struct model *model;
    const struct pulse_beat *beat;
    const struct table *regions, *faults, *alerts;
    size_t old_faults, old_alerts; /* that earlier lines told */
    uint64_t behind_ns;            /* how much later the program is; 0: not worth telling */
    bool is_last;                  /* the program has ended */
};

/* Goes before the first line. */
void monitor_line_head(FILE *out, enum monitor_form form);
void monitor_line_put(FILE *out, enum monitor_form form, const struct monitor_line *line);

#endif
