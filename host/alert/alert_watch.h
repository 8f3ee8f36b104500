/* alert_watch: in tables, again and again, out which rules fire; each change is handed to what was asked for, and shown as a table. */
#ifndef HOST_ALERT_ALERT_WATCH_H
#define HOST_ALERT_ALERT_WATCH_H

#include "alert_action.h"
#include "alert_rule.h"

/* Of the whole, as a firmware's own: nothing to look at yet; looking; a rule fires; the run is over and what came of it stands. */
enum alert_phase { ALERT_IDLE, ALERT_TRACKING, ALERT_ALERTING, ALERT_REPORTING };
const char *alert_phase_word(enum alert_phase phase);

enum alert_state { ALERT_QUIET, ALERT_WAITING /* beyond, but not for long enough */, ALERT_FIRES };

struct rule_watch {
    enum alert_state state;
    uint64_t since_ns, fired; /* beyond since; how often it began to fire */
    double value;             /* seen last */
    bool has_value;
};

struct alerts {
    const struct rules *rules;
    VEC(struct rule_watch) list; /* one a rule */
    struct actions actions;
    enum alert_phase phase;
    /* Told of each rule that begins or ends to fire, with one line of text; may be NULL. */
    void (*say)(void *context, const struct rule *rule, const char *line);
    void *context;
};

/* Zero-filled but for `rules`, which must outlive it, and `say`. */
void alerts_begin(struct alerts *alerts);
/* The answers of one moment of the session; a rule whose table is not among them stays as it is. False and `error` when a rule does not fit its table. */
bool alerts_look(struct alerts *alerts, const struct table *tables, size_t count, uint64_t time_ns, struct error *error);
/* No more will come. */
void alerts_end(struct alerts *alerts);
/* The table "alert_rules". */
void alerts_table(const struct alerts *alerts, struct table *table);
void alerts_done(struct alerts *alerts);

#endif
