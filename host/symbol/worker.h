/* worker: in addresses of modules, out spots, resolved by a process of its own: debug data that makes elfutils crash, loop or swell ends that process,
 * not ours. */
#ifndef HOST_SYMBOL_WORKER_H
#define HOST_SYMBOL_WORKER_H

#include <stddef.h>

#include "object.h"

struct worker;

struct worker_address {
    uint64_t pc;
    bool is_return; /* the address behind a call */
};

/* Called for each address in order; the spots are valid during the call. */
typedef void (*worker_answer)(void *context, size_t index, enum object_state state, const struct spots *spots);

/* `search` must live as long as the worker. */
struct worker *worker_new(const struct object_search *search);
/* How many addresses were answered: fewer than `count` means that the first one without an answer did harm; then ask with more care. */
size_t worker_ask(struct worker *worker, uint32_t module, const struct object_request *request, const struct worker_address *addresses, size_t count,
                  worker_answer answer, void *context);
void worker_free(struct worker *worker);

#endif
