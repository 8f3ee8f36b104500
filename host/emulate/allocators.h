/* allocators: in the ELF file of a firmware, out its functions that give out and take memory, and what else of the file a debugger asks for. */
#ifndef HOST_EMULATE_ALLOCATORS_H
#define HOST_EMULATE_ALLOCATORS_H

#include "host/base/error.h"
#include "host/base/vec.h"
#include "host/device/flash.h"
#include "host/device/machine.h"

enum allocator_role { ALLOCATOR_ALLOC, ALLOCATOR_FREE, ALLOCATOR_RESIZE };

struct allocator {
    uint64_t low, high; /* its code */
    uint8_t api;        /* enum ht_api */
    uint8_t role;       /* enum allocator_role */
    int8_t size, other; /* see allocators.def */
};

struct firmware {
    struct flash *flash;
    const struct machine *machine;
    VEC(struct allocator) allocators; /* one for an address */
};

bool firmware_open(struct firmware *firmware, const char *path, struct error *error);
/* "NAME:ARGUMENT" of --function and --free-function. */
bool firmware_add(struct firmware *firmware, const char *text, enum allocator_role role, struct error *error);
/* That begins at pc; NULL. */
const struct allocator *firmware_allocator(const struct firmware *firmware, uint64_t pc);
bool firmware_is_inside(const struct firmware *firmware, uint64_t pc); /* one of them */
void firmware_close(struct firmware *firmware);

#endif
