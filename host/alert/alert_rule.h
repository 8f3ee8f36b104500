/* alert_rule: in the [[alerts.rule]] tables of a configuration, out what to look for and what to do then. */
#ifndef HOST_ALERT_ALERT_RULE_H
#define HOST_ALERT_ALERT_RULE_H

#include "host/base/vec.h"
#include "host/config/settings.h"
#include "host/view/gate.h"

/* From the mildest; the numbers are those of a firmware's alerts. */
enum rule_level { RULE_OK, RULE_WARN, RULE_CRITICAL };

struct rule {
    const char *name, *when; /* texts are the configuration's, or lasting */
    struct gate gate;        /* `when`, parsed */
    const char *slack;       /* NULL: none; what the value must go back by before it counts as well again */
    uint64_t for_ns;         /* so long without a break */
    enum rule_level level;
    const char *log, *command, *webhook, *led; /* NULL: not wanted */
};

struct rules {
    VEC(struct rule) list;
    struct arena arena;
};

/* "ok", "warn", "critical": as in the configuration. */
extern const char *const rule_level_words[];

/* The first words of a key about rules: "alerts.". Those of them that are no options. */
bool rule_owns(const char *key);
/* False and `error` with file and line. The settings must outlive the rules. */
bool rules_read(struct rules *rules, const struct settings *settings, struct error *error);
void rules_done(struct rules *rules);

#endif
