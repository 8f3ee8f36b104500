/* fault: in what a guard found broken, out its record in the calling thread's lane. */
#ifndef TARGET_GUARD_FAULT_H
#define TARGET_GUARD_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "seal.h"
#include "wire/finding.h"

struct finding {
    enum ht_told_fault kind;
    enum ht_told_found found_by;
    const void *address; /* what was given or hit */
    const void *block;   /* NULL: none is meant */
    uint64_t block_bytes;
    struct damage damage;
};

/* The first one ends the program, once its record is read. */
void fault_begin(bool stop);
void fault_tell(const struct finding *finding);

#endif
