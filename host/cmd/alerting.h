/* alerting: in a trace that is followed and the rules of the configuration, out their alerts, while it goes on. */
#ifndef HOST_CMD_ALERTING_H
#define HOST_CMD_ALERTING_H

#include "feed.h"
#include "host/alert/alert_watch.h"

/* The tables that the rules are about, and `more` (ends with NULL; may be NULL) before them: each once, NULL-terminated, to be freed by memory_free. */
const char **alerting_tables(const struct rules *rules, const char *const *more);
/* Asks for these tables, of all that was read, and looks at the rules. */
bool alerting_look(struct alerts *alerts, const struct feed *feed, uint64_t time_ns, struct error *error);

#endif
