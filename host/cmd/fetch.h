/* fetch: in the place of a recording on another machine, out a copy of its trace that grows as it does; and how its options are shared with those that start it. */
#ifndef HOST_CMD_FETCH_H
#define HOST_CMD_FETCH_H

#include "host/remote/visit.h"

/* The rows of an option table for the field `field` (a struct visit_options) of `type`. */
#define VISIT_OPTIONS(type, field)                                                                                                                           \
    {OPT_TEXT, 0, "token-file", offsetof(type, field.token_file), "FILE", "prove to an agent that we know the token in FILE", NULL, NULL, NULL},              \
        {OPT_TEXT, 0, "fingerprint", offsetof(type, field.fingerprint), "PRINT", "take only the agent that has this one", NULL, NULL, NULL},                  \
        {OPT_FLAG, 0, "clear", offsetof(type, field.clear), NULL, "take an agent on another machine without TLS, too", NULL, NULL, NULL}

#endif
