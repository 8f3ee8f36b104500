/* phase: in one or two marks and the changes of the model, out the stacks that made blocks between them that live on. */
#ifndef HOST_CMD_PHASE_H
#define HOST_CMD_PHASE_H

#include <heaptracer/model.h>

#include "host/base/error.h"
#include "host/base/map.h"

struct phase {
    const struct model *model;
    const char *since, *between, *iteration; /* NULL: not asked for */
    struct map births;           /* stack and millisecond of birth of what lives on -> the birth */
    struct map stacks;
    uint64_t from_ns, to_ns;
};

/* A mark is its label, or LABEL#N, the Nth of these. `iteration` is from such a mark to the next one of its label, or to the end. */
void phase_begin(struct phase *phase, const struct model *model, const char *since, const char *between, const char *iteration);
/* For the model's changes. */
void phase_see(struct phase *phase, const struct changes *changes);
/* After the last event. False: there is no such mark. */
bool phase_end(struct phase *phase, struct error *error);
bool phase_has(const struct phase *phase, uint32_t stack);
void phase_done(struct phase *phase);

#endif
