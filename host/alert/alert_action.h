/* alert_action: in a rule that began or ended to fire, out a line in a log, a command that runs, a request to a server, a light that blinks. Nothing here makes its caller wait. */
#ifndef HOST_ALERT_ALERT_ACTION_H
#define HOST_ALERT_ALERT_ACTION_H

#include <sys/types.h>

#include "alert_rule.h"

enum { ACTIONS_AT_ONCE = 16 };

struct actions {
    pid_t children[ACTIONS_AT_ONCE]; /* that run; 0: none */
    uint64_t left_out; /* commands and requests, since so many ran at once */
};

struct action_news {
    const struct rule *rule;
    bool fires;
    const char *line; /* what happened, for people */
    double value;
    uint64_t time_ns;
};

void action_take(struct actions *actions, const struct action_news *news);
/* The light of a rule: the level of what fires, RULE_OK when nothing does. */
void action_light(const char *led, enum rule_level level);
/* Waits for what still runs, for at most five seconds, and switches the lights off that rules name. */
void actions_end(struct actions *actions, const struct rules *rules);

#endif
