/* machine: the machines whose stacks are unwound, and whose firmware QEMU runs. */
#include "machine.h"

#include <elf.h>

#include "host/base/little.h"

static const struct machine machines[] = {
    {.name = "Arm Cortex-M", .qemu = "qemu-system-arm", .image_option = "-kernel", .elf = EM_ARM, .pointer_bytes = 4, .count = 16, .word = 4, .pc_at = 15 * 4,
     .sp = 13, .ra = 14, .fp = 7, .arguments = {0, 1, 2, 3}, .result = 0, .argument_bytes = 4, .code_bytes = 2},
    {.name = "RISC-V, 32 bits", .qemu = "qemu-system-riscv32", .image_option = "-kernel", .elf = EM_RISCV, .pointer_bytes = 4, .count = 32, .word = 4,
     .pc_at = 32 * 4, .sp = 2, .ra = 1, .fp = 8, .arguments = {10, 11, 12, 13}, .result = 10, .argument_bytes = 4, .code_bytes = 2},
    {.name = "RISC-V, 64 bits", .qemu = "qemu-system-riscv64", .image_option = "-kernel", .elf = EM_RISCV, .pointer_bytes = 8, .count = 32, .word = 8,
     .pc_at = 32 * 8, .sp = 2, .ra = 1, .fp = 8, .arguments = {10, 11, 12, 13}, .result = 10, .argument_bytes = 8, .code_bytes = 2},
    /* QEMU has a layout for each core: this is the one of lx106, by its length */
    {.name = "Xtensa lx106", .qemu = "qemu-system-xtensa", .image_option = "-kernel", .elf = EM_XTENSA, .pointer_bytes = 4, .count = 16, .word = 4, .pc_at = 16 * 4,
     .all_bytes = 200, .frames_as = EM_RISCV, .sp = 1, .ra = 0, .fp = 15, .arguments = {2, 3, 4, 5}, .result = 2, .argument_bytes = 4, .code_bytes = 3},
};

const struct machine *machine_find(uint16_t elf, bool is_64)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (machines[i].elf == elf && (machines[i].pointer_bytes == 8) == is_64)
            return machines + i;
    return NULL;
}

bool machine_read(const struct machine *machine, const uint8_t *bytes, size_t count, struct machine_state *state)
{
    if (machine->all_bytes && count != machine->all_bytes)
        return false;
    if (count < machine->first_at + (size_t)machine->count * machine->word || count < (size_t)machine->pc_at + machine->pointer_bytes)
        return false;
    *state = (struct machine_state){.pc = little_get(bytes + machine->pc_at, machine->pointer_bytes)};
    for (unsigned i = 0; i < machine->count; i++)
        state->registers[i] = little_get(bytes + machine->first_at + (size_t)i * machine->word, machine->word);
    state->sp = state->registers[machine->sp];
    return true;
}

uint64_t machine_argument(const struct machine *machine, const struct machine_state *state, unsigned index)
{
    return index < MACHINE_ARGUMENTS ? state->registers[machine->arguments[index]] : 0;
}

uint64_t machine_result(const struct machine *machine, const struct machine_state *state)
{
    return state->registers[machine->result];
}
