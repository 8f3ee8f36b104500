/* cfi: in an .eh_frame_hdr in memory and a code address, out the CFI row that holds there (DWARF 5 section 6.4, LSB "Exception Frames"). */
#include "cfi.h"

#include "arch.h"

#include <stddef.h>
#include <string.h>

struct reader {
    const uint8_t *at, *end;
    bool bad;
};

static uint64_t read_bytes(struct reader *in, unsigned count)
{
    uint64_t value = 0;
    if ((size_t)(in->end - in->at) < count) {
        in->bad = true;
        in->at = in->end;
        return 0;
    }
    memcpy(&value, in->at, count); /* little-endian hosts only: each Linux that we support is */
    in->at += count;
    return value;
}

static uint64_t read_uleb(struct reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = (uint8_t)read_bytes(in, 1);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80) || in->bad)
            return value;
    }
}

static int64_t read_sleb(struct reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0;;) {
        uint8_t byte = (uint8_t)read_bytes(in, 1);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if (byte & 0x80 && !in->bad)
            continue;
        if (byte & 0x40 && shift < 64)
            value |= ~(uint64_t)0 << shift;
        return (int64_t)value;
    }
}

enum { PE_OMIT = 0xff, PE_ULEB = 1, PE_U2 = 2, PE_U4 = 3, PE_U8 = 4, PE_SLEB = 9, PE_S2 = 10, PE_S4 = 11, PE_S8 = 12, PE_PCREL = 0x10, PE_DATAREL = 0x30 };

static uint64_t read_encoded(struct reader *in, uint8_t encoding, uint64_t data)
{
    uint64_t place = (uint64_t)(uintptr_t)in->at, value = 0;
    switch (encoding & 0x0f) {
    case 0: value = read_bytes(in, sizeof(void *)); break;
    case PE_ULEB: value = read_uleb(in); break;
    case PE_U2: value = read_bytes(in, 2); break;
    case PE_U4: value = read_bytes(in, 4); break;
    case PE_U8: case PE_S8: value = read_bytes(in, 8); break;
    case PE_SLEB: value = (uint64_t)read_sleb(in); break;
    case PE_S2: value = (uint64_t)(int64_t)(int16_t)read_bytes(in, 2); break;
    case PE_S4: value = (uint64_t)(int64_t)(int32_t)read_bytes(in, 4); break;
    default: in->bad = true;
    }
    if ((encoding & 0x70) == PE_PCREL)
        value += place;
    else if ((encoding & 0x70) == PE_DATAREL)
        value += data;
    else if (encoding & 0x70)
        in->bad = true;
    return (uintptr_t)value;
}

struct cie {
    uint64_t code_align;
    int64_t data_align;
    uint64_t ra_register;
    uint8_t pointer_encoding;
    bool has_augmentation, signal_frame;
    struct reader program;
};

/* `in` stands behind a record's length; its end is the record's. */
static bool read_augmentation(struct reader *in, const char *text, struct cie *cie)
{
    cie->has_augmentation = true;
    uint64_t bytes = read_uleb(in);
    const uint8_t *program = in->at + bytes;
    if (bytes > (size_t)(in->end - in->at))
        return false;
    for (const char *letter = text + 1; *letter && !in->bad; letter++) {
        if (*letter == 'R')
            cie->pointer_encoding = (uint8_t)read_bytes(in, 1);
        else if (*letter == 'L')
            read_bytes(in, 1);
        else if (*letter == 'P') {
            uint8_t encoding = (uint8_t)read_bytes(in, 1);
            read_encoded(in, encoding & 0x0f, 0);
        } else if (*letter == 'S')
            cie->signal_frame = true;
        else if (*letter != 'B')
            break;
    }
    in->at = program;
    return !in->bad;
}

static bool read_cie(uint64_t address, uint64_t low, uint64_t high, struct cie *cie)
{
    if (address < low || address + 12 > high)
        return false;
    struct reader in = {(const uint8_t *)(uintptr_t)address, (const uint8_t *)(uintptr_t)high, false};
    uint64_t length = read_bytes(&in, 4);
    if (length == 0xffffffffu || length > (size_t)(in.end - in.at))
        return false;
    in.end = in.at + length;
    if (read_bytes(&in, 4) != 0)
        return false;
    uint8_t version = (uint8_t)read_bytes(&in, 1);
    const char *text = (const char *)in.at;
    while (read_bytes(&in, 1) && !in.bad)
        ;
    *cie = (struct cie){0};
    cie->code_align = read_uleb(&in);
    cie->data_align = read_sleb(&in);
    cie->ra_register = version == 1 ? read_bytes(&in, 1) : read_uleb(&in);
    if (in.bad || (text[0] && text[0] != 'z'))
        return false;
    if (text[0] == 'z' && !read_augmentation(&in, text, cie))
        return false;
    cie->program = in;
    return true;
}

/* Binary search in the table of .eh_frame_hdr: the address of the FDE that may cover `pc`, or 0. */
static uint64_t find_fde(uint64_t hdr, uint64_t high, uint64_t pc)
{
    struct reader in = {(const uint8_t *)(uintptr_t)hdr, (const uint8_t *)(uintptr_t)high, false};
    uint8_t version = (uint8_t)read_bytes(&in, 1), eh_encoding = (uint8_t)read_bytes(&in, 1);
    uint8_t count_encoding = (uint8_t)read_bytes(&in, 1), table_encoding = (uint8_t)read_bytes(&in, 1);
    if (version != 1 || table_encoding != (PE_DATAREL | PE_S4) || count_encoding == PE_OMIT)
        return 0;
    read_encoded(&in, eh_encoding, hdr);
    uint64_t count = read_encoded(&in, count_encoding, hdr);
    if (in.bad || !count || count > (size_t)(in.end - in.at) / 8)
        return 0;
    const int32_t *table = (const int32_t *)(const void *)in.at;
    int64_t wanted = (int64_t)(pc - hdr);
    size_t first = 0, last = count; /* the answer is the last entry that starts at or before pc */
    while (last - first > 1) {
        size_t middle = first + (last - first) / 2;
        if (table[2 * middle] <= wanted)
            first = middle;
        else
            last = middle;
    }
    return table[2 * first] <= wanted ? hdr + (uint64_t)(int64_t)table[2 * first + 1] : 0;
}

enum { CFI_SAVED_ROWS = 8 };

struct machine {
    struct cfi_row row, first, saved[CFI_SAVED_ROWS];
    unsigned saved_count;
    uint64_t pc; /* where the row so far begins */
};

static void set_place(struct machine *m, uint64_t reg, uint64_t ra, uint8_t where, int64_t offset)
{
    if (reg == ARCH_DWARF_FP) {
        m->row.fp_where = where;
        m->row.fp_offset = offset;
    }
    if (reg == ra) {
        m->row.ra_where = where;
        m->row.ra_offset = offset;
    }
}

static void restore_place(struct machine *m, uint64_t reg, uint64_t ra)
{
    set_place(m, reg, ra, reg == ra ? m->first.ra_where : m->first.fp_where, reg == ra ? m->first.ra_offset : m->first.fp_offset);
}

/* Reads an expression block; true and *offset if it is "frame pointer + offset", followed by a dereference if `deref`. */
static bool read_fp_expression(struct reader *in, bool deref, int64_t *offset)
{
    uint64_t bytes = read_uleb(in);
    if (in->bad || bytes > (size_t)(in->end - in->at)) {
        in->bad = true;
        return false;
    }
    struct reader expression = {in->at, in->at + bytes, false};
    in->at += bytes;
    if (read_bytes(&expression, 1) != 0x70u + ARCH_DWARF_FP)
        return false;
    *offset = read_sleb(&expression);
    if (deref && read_bytes(&expression, 1) != 0x06)
        return false;
    return !expression.bad && expression.at == expression.end;
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
    m->row.cfa_is_expression = false;
    m->row.cfa_register = (uint8_t)reg;
    m->row.cfa_offset = offset;
}

/* One instruction of the less common kind. */
static void step_extended(struct machine *m, struct reader *in, const struct cie *cie, uint8_t op)
{
    uint64_t ra = cie->ra_register, reg;
    int64_t offset = 0;
    switch (op) {
    case 0x00: break;
    case 0x01: m->pc = read_encoded(in, cie->pointer_encoding, 0); break;
    case 0x02: m->pc += read_bytes(in, 1) * cie->code_align; break;
    case 0x03: m->pc += read_bytes(in, 2) * cie->code_align; break;
    case 0x04: m->pc += read_bytes(in, 4) * cie->code_align; break;
    case 0x05: reg = read_uleb(in); set_place(m, reg, ra, CFI_OFFSET, (int64_t)read_uleb(in) * cie->data_align); break;
    case 0x06: restore_place(m, read_uleb(in), ra); break;
    case 0x07: set_place(m, read_uleb(in), ra, CFI_UNDEFINED, 0); break;
    case 0x08: set_place(m, read_uleb(in), ra, CFI_SAME, 0); break;
    case 0x09: reg = read_uleb(in); read_uleb(in); set_place(m, reg, ra, CFI_OTHER, 0); break;
    case 0x0a:
        if (m->saved_count < CFI_SAVED_ROWS)
            m->saved[m->saved_count] = m->row;
        m->saved_count++;
        break;
    case 0x0b:
        if (!m->saved_count || --m->saved_count >= CFI_SAVED_ROWS)
            in->bad = true;
        else
            m->row = m->saved[m->saved_count];
        break;
    case 0x0c: reg = read_uleb(in); set_cfa(m, reg, (int64_t)read_uleb(in)); break;
    case 0x0d: set_cfa(m, read_uleb(in), m->row.cfa_offset); break;
    case 0x0e: m->row.cfa_offset = (int64_t)read_uleb(in); break;
    case 0x0f:
        m->row.cfa_is_expression = true;
        m->row.deref = read_fp_expression(in, true, &offset);
        m->row.cfa_offset = offset;
        break;
    case 0x10:
        reg = read_uleb(in);
        if (read_fp_expression(in, false, &offset) && offset == 0)
            set_place(m, reg, ra, CFI_AT_FP, 0);
        else
            set_place(m, reg, ra, CFI_OTHER, 0);
        break;
    case 0x11: reg = read_uleb(in); set_place(m, reg, ra, CFI_OFFSET, read_sleb(in) * cie->data_align); break;
    case 0x12: reg = read_uleb(in); set_cfa(m, reg, read_sleb(in) * cie->data_align); break;
    case 0x13: m->row.cfa_offset = read_sleb(in) * cie->data_align; break;
    case 0x14: reg = read_uleb(in); read_uleb(in); set_place(m, reg, ra, CFI_OTHER, 0); break;
    case 0x15: reg = read_uleb(in); read_sleb(in); set_place(m, reg, ra, CFI_OTHER, 0); break;
    case 0x16: reg = read_uleb(in); read_fp_expression(in, false, &offset); set_place(m, reg, ra, CFI_OTHER, 0); break;
    case 0x2d: break; /* AArch64 negate_ra_state: the return address is signed from here on */
    case 0x2e: read_uleb(in); break;
    case 0x2f: reg = read_uleb(in); set_place(m, reg, ra, CFI_OFFSET, -(int64_t)read_uleb(in) * cie->data_align); break;
    default: in->bad = true;
    }
}

/* Runs a program up to `pc`. */
static bool run(struct machine *m, struct reader in, const struct cie *cie, uint64_t pc)
{
    while (in.at < in.end && !in.bad) {
        uint8_t byte = *in.at++;
        uint64_t before = m->pc;
        if (byte >> 6 == 1)
            m->pc += (byte & 0x3fu) * cie->code_align;
        else if (byte >> 6 == 2)
            set_place(m, byte & 0x3fu, cie->ra_register, CFI_OFFSET, (int64_t)read_uleb(&in) * cie->data_align);
        else if (byte >> 6 == 3)
            restore_place(m, byte & 0x3fu, cie->ra_register);
        else
            step_extended(m, &in, cie, byte);
        if (m->pc != before && m->pc > pc)
            break;
    }
    return !in.bad;
}

bool ht__cfi_find(uint64_t hdr, uint64_t low, uint64_t high, uint64_t pc, struct cfi_row *row)
{
    uint64_t fde = find_fde(hdr, high, pc);
    if (!fde || fde < low || fde + 16 > high)
        return false;
    struct reader in = {(const uint8_t *)(uintptr_t)fde, (const uint8_t *)(uintptr_t)high, false};
    uint64_t length = read_bytes(&in, 4);
    if (!length || length == 0xffffffffu || length > (size_t)(in.end - in.at))
        return false;
    in.end = in.at + length;
    uint64_t place = (uint64_t)(uintptr_t)in.at;
    struct cie cie;
    if (!read_cie(place - read_bytes(&in, 4), low, high, &cie))
        return false;
    uint64_t start = read_encoded(&in, cie.pointer_encoding, 0);
    uint64_t range = read_encoded(&in, cie.pointer_encoding & 0x0f, 0);
    if (in.bad || pc < start || pc - start >= range)
        return false;
    if (cie.has_augmentation) {
        uint64_t bytes = read_uleb(&in);
        if (bytes > (size_t)(in.end - in.at))
            return false;
        in.at += bytes;
    }
    struct machine m = {.pc = start};
    m.row.ra_where = m.row.fp_where = CFI_SAME;
    if (!run(&m, cie.program, &cie, ~(uint64_t)0))
        return false;
    m.first = m.row;
    m.pc = start;
    if (!run(&m, in, &cie, pc))
        return false;
    m.row.signal_frame = cie.signal_frame;
    *row = m.row;
    return true;
}
