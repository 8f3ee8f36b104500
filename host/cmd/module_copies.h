/* module_copies: in the modules that a trace names, out copies of those that are not on this machine, from an agent, in a folder beside the trace. */
#ifndef HOST_CMD_MODULE_COPIES_H
#define HOST_CMD_MODULE_COPIES_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/remote/visit.h"

struct module_copies {
    char *folder;   /* where names are looked for later; made by the first copy */
    struct map seen; /* build-ids, by their first bytes */
    uint64_t bytes, copies, missing;
    struct error why; /* the first one that is missing */
};

/* False: the connection was lost; the same module may be asked for again. */
bool module_copies_see(struct module_copies *copies, struct visit *visit, const struct module_definition *module);
void module_copies_done(struct module_copies *copies);

#endif
