/* configured: in the configuration files of this user and this folder, out values for the options of every command. */
#ifndef HOST_CMD_CONFIGURED_H
#define HOST_CMD_CONFIGURED_H

#include "host/base/opt.h"
#include "host/alert/alert_rule.h"
#include "host/config/settings.h"

struct configured_key {
    const char *key, *command, *option; /* as in setting.def */
};
extern const struct configured_key configured_keys[]; /* ends with a NULL key */

/* Reads the files, checks every key and value, and gives the values to opt_parse. $HEAPTRACER_CONFIG is the one file to read, or "none"; else they are ./heaptracer.toml,
 * ./.heaptracer.toml, and heaptracer/config.toml in $XDG_CONFIG_HOME (~/.config). False and `error` with file and line. */
bool configured_read(struct error *error);
/* The option that a key is about, of the first command that has it; NULL: there is no such option. */
const struct opt *configured_option(const struct configured_key *key);
/* Sets `error`: there is no such setting, and which was meant. `place` is what stands in front: "FILE:LINE: " or "". Returns false. */
bool configured_unknown(const char *place, const char *key, struct error *error);
/* The rules of its alerts. */
const struct rules *configured_rules(void);
/* What was read. */
const struct settings *configured_settings(void);

#endif
