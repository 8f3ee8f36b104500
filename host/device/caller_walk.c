/* caller_walk: one step leads from a frame, whose place in the code and stack pointer are known, to its caller's. */
#include "caller_walk.h"

#include <dwarf.h>
#include <gelf.h>
#include <string.h>

#include "host/base/little.h"
#include "host/base/memory.h"

struct stepper {
    const struct caller_walk *walk;
    const struct machine *machine;
    const struct caller_memory *memory;
    struct machine_state state;
    uint64_t cfa;
    bool is_root;
};

static uint64_t word_cut(const struct machine *machine, uint64_t value)
{
    return machine->pointer_bytes == 8 ? value : (uint32_t)value;
}

static bool word_load(const struct stepper *stepper, uint64_t address, uint64_t *value)
{
    uint8_t bytes[8] = {0};
    size_t count = stepper->machine->pointer_bytes;
    if (stepper->memory->read(stepper->memory->context, address, bytes, count) != count)
        return false;
    *value = little_get(bytes, count);
    return true;
}

enum { STACK_MOST = 8 };

/* Of expressions those that compilers use in frames of C code: a register or the frame's address and an offset, perhaps loaded. */
static bool expression_run(const struct stepper *stepper, const Dwarf_Op *ops, size_t count, uint64_t *value, bool *is_value)
{
    uint64_t stack[STACK_MOST] = {0};
    size_t top = 0;
    *is_value = false;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        bool is_register = ops[i].atom >= DW_OP_breg0 && ops[i].atom <= DW_OP_breg31;
        if (is_register || ops[i].atom == DW_OP_bregx) {
            uint64_t reg = is_register ? (uint64_t)(ops[i].atom - DW_OP_breg0) : ops[i].number;
            number = reg < stepper->machine->count ? stepper->state.registers[reg] + (is_register ? ops[i].number : ops[i].number2) : 0;
        } else if (ops[i].atom == DW_OP_call_frame_cfa)
            number = stepper->cfa;
        else if (ops[i].atom == DW_OP_plus_uconst && top) {
            stack[top - 1] += ops[i].number;
            continue;
        } else if (ops[i].atom == DW_OP_stack_value) {
            *is_value = true;
            continue;
        } else if (ops[i].atom == DW_OP_deref && top) {
            if (!word_load(stepper, stack[top - 1], &stack[top - 1]))
                return false;
            continue;
        } else
            return false;
        if (top == STACK_MOST)
            return false;
        stack[top++] = word_cut(stepper->machine, number);
    }
    *value = top ? word_cut(stepper->machine, stack[top - 1]) : 0;
    return top == 1;
}

enum restored { RESTORED, RESTORED_KEPT /* it is still in the register */, RESTORED_NOT, RESTORED_NEVER /* it has none */ };

static enum restored register_restore(struct stepper *stepper, Dwarf_Frame *frame, unsigned reg, uint64_t *value)
{
    Dwarf_Op memory[3], *ops;
    size_t count;
    bool is_value;
    *value = 0;
    if (dwarf_frame_register(frame, (int)reg, memory, &ops, &count) != 0)
        return RESTORED_NOT;
    if (!count) {
        *value = ops ? 0 : stepper->state.registers[reg];
        return ops ? RESTORED_NEVER : RESTORED_KEPT;
    }
    return expression_run(stepper, ops, count, value, &is_value) && (is_value || word_load(stepper, *value, value)) ? RESTORED : RESTORED_NOT;
}

static Dwarf_Frame *frame_find(const struct caller_walk *walk, uint64_t pc)
{
    Dwarf_Frame *frame = NULL;
    for (size_t i = 0; i < 2; i++)
        if (walk->frames[i] && dwarf_cfi_addrframe(walk->frames[i], pc, &frame) == 0)
            return frame;
    return NULL;
}

static bool step_by_frame(struct stepper *stepper, Dwarf_Frame *frame)
{
    struct machine_state next = stepper->state;
    Dwarf_Op *ops;
    size_t count;
    bool is_value;
    int ra = dwarf_frame_info(frame, NULL, NULL, NULL);
    if (ra < 0 || ra >= stepper->machine->count || dwarf_frame_cfa(frame, &ops, &count) != 0)
        return false;
    if (!expression_run(stepper, ops, count, &stepper->cfa, &is_value))
        return false;
    for (unsigned reg = 0; reg < stepper->machine->count; reg++) {
        enum restored restored = register_restore(stepper, frame, reg, &next.registers[reg]);
        if (reg != (unsigned)ra || restored == RESTORED)
            continue;
        stepper->is_root = restored == RESTORED_NEVER && !stepper->machine->frames_as; /* else it calls, and keeps no return address: it is one that does not return */
        return false;
    }
    next.sp = next.registers[stepper->machine->sp] = stepper->cfa;
    next.pc = next.registers[ra];
    stepper->state = next;
    return true;
}

static bool step_by_exceptions(struct stepper *stepper)
{
    const struct machine *machine = stepper->machine;
    struct ehabi_rule rule = stepper->walk->exceptions.count ? ht__ehabi_find(&stepper->walk->exceptions, (uint32_t)stepper->state.pc - 1) : (struct ehabi_rule){0};
    stepper->is_root = rule.kind == EHABI_END;
    if ((rule.kind != EHABI_FROM_SP && rule.kind != EHABI_FROM_FP) || !rule.ra_below)
        return false;
    uint64_t cfa = word_cut(machine, (rule.kind == EHABI_FROM_SP ? stepper->state.sp : stepper->state.registers[machine->fp]) + rule.cfa), ra, fp;
    if (!word_load(stepper, cfa - rule.ra_below, &ra))
        return false;
    if (rule.fp_below)
        stepper->state.registers[machine->fp] = word_load(stepper, cfa - rule.fp_below, &fp) ? fp : 0;
    stepper->state.sp = stepper->state.registers[machine->sp] = cfa;
    stepper->state.pc = ra;
    return true;
}

static bool step_by_frame_pointer(struct stepper *stepper)
{
    uint64_t fp = stepper->state.registers[stepper->machine->fp], ra, next;
    size_t word = stepper->machine->pointer_bytes;
    if (stepper->machine->elf != EM_RISCV || fp <= stepper->state.sp || fp & (word - 1) || !word_load(stepper, fp - word, &ra) || !word_load(stepper, fp - 2 * word, &next))
        return false;
    stepper->state.registers[stepper->machine->fp] = next;
    stepper->state.sp = stepper->state.registers[stepper->machine->sp] = fp;
    stepper->state.pc = ra;
    return true;
}

/* A return address without the bit for Thumb. The codes that end an exception, and what the register holds at reset, are the root. */
static bool place_check(struct stepper *stepper)
{
    if (stepper->machine->elf == EM_ARM) {
        stepper->is_root = stepper->state.pc >= 0xf0000000u;
        stepper->state.pc &= ~(uint64_t)1;
    }
    stepper->is_root |= !stepper->state.pc;
    return !stepper->is_root && flash_is_code(stepper->walk->flash, stepper->state.pc - 1);
}

static bool step(struct stepper *stepper)
{
    uint64_t sp = stepper->state.sp, pc = stepper->state.pc;
    Dwarf_Frame *frame = frame_find(stepper->walk, pc - 1);
    bool stepped = frame ? step_by_frame(stepper, frame) : step_by_exceptions(stepper) || (!stepper->is_root && step_by_frame_pointer(stepper));
    return stepped && place_check(stepper) && stepper->state.sp >= sp && (stepper->state.sp > sp || stepper->state.pc != pc);
}

void caller_walk(const struct caller_walk *walk, const struct machine_state *state, uint64_t ra, const struct caller_memory *memory, struct callers *callers)
{
    struct stepper stepper = {.walk = walk, .machine = walk->machine, .memory = memory, .state = *state};
    stepper.state.pc = ra;
    *callers = (struct callers){0};
    bool goes_on = flash_is_code(walk->flash, ra - 1);
    while (goes_on) {
        callers->pc[callers->count++] = stepper.state.pc;
        goes_on = callers->count < CALLER_WALK_MOST && step(&stepper);
    }
    callers->is_cut = !stepper.is_root;
}

static uint64_t fp_by_exceptions(const struct stepper *stepper, uint64_t pc, uint64_t fp)
{
    struct ehabi_rule rule = stepper->walk->exceptions.count ? ht__ehabi_find(&stepper->walk->exceptions, (uint32_t)pc) : (struct ehabi_rule){0};
    if (rule.kind != EHABI_FROM_SP && rule.kind != EHABI_FROM_FP)
        return 0;
    return !rule.fp_below || word_load(stepper, stepper->cfa - rule.fp_below, &fp) ? fp : 0;
}

uint64_t caller_walk_fp(const struct caller_walk *walk, uint64_t pc, uint64_t cfa, uint64_t fp, const struct caller_memory *memory)
{
    struct stepper stepper = {.walk = walk, .machine = walk->machine, .memory = memory, .cfa = cfa};
    Dwarf_Frame *frame = frame_find(walk, pc);
    uint64_t restored;
    stepper.state.registers[walk->machine->fp] = fp;
    if (!frame)
        return fp_by_exceptions(&stepper, pc, fp);
    register_restore(&stepper, frame, walk->machine->fp, &restored);
    return restored;
}

/* The table and what it points to are read where the file has them, in one segment. */
static void exceptions_take(struct caller_walk *walk, const GElf_Shdr *table)
{
    size_t file_bytes = 0, segments = 0;
    const char *file = elf_rawfile(flash_elf(walk->flash), &file_bytes);
    elf_getphdrnum(flash_elf(walk->flash), &segments);
    for (size_t i = 0; file && i < segments; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(flash_elf(walk->flash), (int)i, &segment) || segment.p_type != PT_LOAD || table->sh_addr < segment.p_vaddr)
            continue;
        uint64_t inside = table->sh_addr - segment.p_vaddr, offset = segment.p_offset + inside;
        bool is_in_file = segment.p_offset <= file_bytes && segment.p_filesz <= file_bytes - segment.p_offset;
        if (is_in_file && inside <= segment.p_filesz && table->sh_size <= segment.p_filesz - inside && !(offset & 3))
            walk->exceptions = (struct ehabi_table){(const uint32_t *)(const void *)(file + offset), (uint32_t)table->sh_addr, (uint32_t)(table->sh_size / 8),
                                                    (uint32_t)segment.p_vaddr, (uint32_t)(segment.p_vaddr + segment.p_filesz)};
    }
}

static void exceptions_open(struct caller_walk *walk)
{
    GElf_Shdr head;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(flash_elf(walk->flash), section));)
        if (gelf_getshdr(section, &head) && head.sh_type == SHT_ARM_EXIDX)
            exceptions_take(walk, &head);
}

/* Tables of frames are alike on all machines; what one has by custom they say again for what is needed here: the stack pointer and the return address. */
static Elf *elf_of(struct caller_walk *walk)
{
    size_t bytes = 0;
    const char *file = elf_rawfile(flash_elf(walk->flash), &bytes);
    if (!walk->machine->frames_as || !file || bytes < sizeof(Elf32_Ehdr))
        return flash_elf(walk->flash);
    walk->copy = memory_new(1, bytes);
    memcpy(walk->copy, file, bytes);
    ((Elf32_Ehdr *)walk->copy)->e_machine = walk->machine->frames_as;
    walk->copy_elf = elf_memory(walk->copy, bytes);
    return walk->copy_elf;
}

void caller_walk_open(struct caller_walk *walk, const struct flash *flash, const struct machine *machine)
{
    *walk = (struct caller_walk){.flash = flash, .machine = machine};
    if (!machine)
        return;
    Elf *elf = elf_of(walk);
    walk->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    walk->frames[0] = walk->dwarf ? dwarf_getcfi(walk->dwarf) : NULL;
    walk->frames[1] = dwarf_getcfi_elf(elf);
    if (machine->elf == EM_ARM)
        exceptions_open(walk);
}

void caller_walk_close(struct caller_walk *walk)
{
    if (walk->frames[1])
        dwarf_cfi_end(walk->frames[1]);
    if (walk->dwarf)
        dwarf_end(walk->dwarf);
    if (walk->copy_elf)
        elf_end(walk->copy_elf);
    memory_free(walk->copy);
}
