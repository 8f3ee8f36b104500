/* health: in the tables of a run and its time slices, out a judgement: a score, findings that name their evidence, and metrics. Every figure is taken or
 * computed from the tables; the thresholds and the score's formula stand in docs/report.md. */
#ifndef HOST_ANALYSIS_HEALTH_H
#define HOST_ANALYSIS_HEALTH_H

#include "host/base/arena.h"
#include "host/base/vec.h"
#include "slices.h"

enum health_severity { HEALTH_OK, HEALTH_WARN, HEALTH_CRITICAL };

struct health_finding {
    const char *id, *title;
    enum health_severity severity;
    const char *evidence;       /* one or two sentences with the figures and the threshold */
    const char *recommendation; /* NULL: nothing to do */
    double value;
    const char *unit;  /* "B", "ratio", "count", "B/s" */
    bool is_detail;    /* points at a site of another finding, and costs no points */
    bool has_stack;    /* the finding is about one site */
    uint32_t stack;
    const char *table; /* where the figures come from */
};

struct health_metric {
    const char *name, *title, *unit, *about; /* unit: "B", "count", "ns", "ratio", "/s" */
    double value;
};

enum { HEALTH_NO_SCORE = -1, HEALTH_CRITICAL_POINTS = 25, HEALTH_WARN_POINTS = 8 };

struct health {
    int score; /* 0 to 100, or HEALTH_NO_SCORE: there is too little to judge */
    enum health_severity verdict;
    VEC(const char *) summary;
    VEC(struct health_finding) findings; /* the worst first */
    VEC(struct health_metric) metrics;
    struct arena texts;
};

struct health_input {
    const struct table *tables; /* of all analyses */
    size_t table_count;
    const struct slices_answer *slices; /* with sites by their number in the model */
    const struct model *model;
    bool complete; /* the trace was read to its end */
};

void health_make(struct health *health, const struct health_input *input);
void health_done(struct health *health);

#endif
