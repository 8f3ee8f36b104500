/* machine: in the machine of an ELF file, out what who looks into a running one must know of it: where its registers stand, which carry a call, and which QEMU runs it. */
#ifndef HOST_DEVICE_MACHINE_H
#define HOST_DEVICE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MACHINE_REGISTERS = 32, MACHINE_ARGUMENTS = 4 };

struct machine {
    const char *name, *qemu;
    const char *image_option;  /* by which that QEMU takes an ELF file */
    uint16_t elf;              /* e_machine */
    uint16_t frames_as;        /* one whose call frame information libdw reads, where it does not know this machine; 0: it does */
    uint8_t pointer_bytes;
    uint8_t count, word;       /* general registers as debug data numbers them, and their bytes in the stub's order, */
    uint16_t first_at, pc_at;  /* where they begin there, and where the program counter stands */
    uint16_t all_bytes;        /* of the stub's answer; 0: any */
    uint8_t sp, ra, fp;        /* numbers; ra MACHINE_REGISTERS: on the stack */
    uint8_t arguments[MACHINE_ARGUMENTS], result;
    uint8_t argument_bytes;
    uint8_t code_bytes;        /* of a breakpoint */
};

struct machine_state {
    uint64_t pc, sp;
    uint64_t registers[MACHINE_REGISTERS];
};

/* NULL: none that is known. */
const struct machine *machine_find(uint16_t elf, bool is_64);
/* False: there are not so many bytes. */
bool machine_read(const struct machine *machine, const uint8_t *bytes, size_t count, struct machine_state *state);
uint64_t machine_argument(const struct machine *machine, const struct machine_state *state, unsigned index);
uint64_t machine_result(const struct machine *machine, const struct machine_state *state);

#endif
