/* caller_walk: in the registers of a firmware that stood still, and its memory as far as it is known, out the return addresses of its stack: by call frame
 * information of its ELF file,
 * else by Arm's exception tables, else (RISC-V) by frame pointers. */
#ifndef HOST_DEVICE_CALLER_WALK_H
#define HOST_DEVICE_CALLER_WALK_H

#include <elfutils/libdw.h>

#include "flash.h"
#include "machine.h"
#include "wire/ehabi.h"

enum { CALLER_WALK_MOST = 64 };

/* The target's memory: how many bytes from `address` on could be read. */
struct caller_memory {
    size_t (*read)(void *context, uint64_t address, uint8_t *bytes, size_t count);
    void *context;
};

struct caller_walk {
    const struct flash *flash;
    const struct machine *machine;
    void *copy;           /* of the file, for a machine that libdw does not know */
    Elf *copy_elf;
    Dwarf *dwarf;
    Dwarf_CFI *frames[2]; /* of .debug_frame and .eh_frame; either may be NULL */
    struct ehabi_table exceptions;
};

struct callers {
    uint64_t pc[CALLER_WALK_MOST];
    unsigned count;
    bool is_cut; /* the outermost is not the root */
};

/* NULL of `machine`: nothing can be walked. */
void caller_walk_open(struct caller_walk *walk, const struct flash *flash, const struct machine *machine);
/* `state` is at the first instruction of a function that was called from `ra`, or where that call returned to: callers begins with `ra`. */
void caller_walk(const struct caller_walk *walk, const struct machine_state *state, uint64_t ra, const struct caller_memory *memory, struct callers *callers);
/* The frame pointer of the caller of the function that `pc` is in, whose frame begins below `cfa`; `fp` is what the register held at `pc`. 0: not known. */
uint64_t caller_walk_fp(const struct caller_walk *walk, uint64_t pc, uint64_t cfa, uint64_t fp, const struct caller_memory *memory);
void caller_walk_close(struct caller_walk *walk);

#endif
