/* elf_check: reads the ELF header and the program headers, of either class and byte order; a broken file is ELF_CHECK_OTHER. */
#include "elf_check.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/lane.h"

static uint64_t get(const unsigned char *at, unsigned bytes, bool big_endian)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << 8 * (big_endian ? bytes - 1 - i : i);
    return value;
}

static void read_script(const unsigned char *bytes, size_t count, struct elf_check *check)
{
    size_t from = 2, to;
    while (from < count && (bytes[from] == ' ' || bytes[from] == '\t'))
        from++;
    for (to = from; to < count && bytes[to] > ' ' && to - from < sizeof check->interpreter - 1;)
        to++;
    memcpy(check->interpreter, bytes + from, to - from);
    check->interpreter[to - from] = 0;
    check->kind = to > from ? ELF_CHECK_SCRIPT : ELF_CHECK_OTHER;
}

static void read_interpreter(int fd, uint64_t offset, uint64_t bytes, struct elf_check *check)
{
    size_t room = sizeof check->interpreter - 1;
    ssize_t count = pread(fd, check->interpreter, bytes < room ? bytes : room, (off_t)offset);
    check->interpreter[count > 0 ? count : 0] = 0;
    check->kind = ELF_CHECK_DYNAMIC;
}

/* Notes of one segment; of ours what it says. */
static void read_notes(int fd, uint64_t offset, uint64_t bytes, bool big, struct elf_check *check)
{
    unsigned char notes[4096];
    ssize_t count = pread(fd, notes, bytes < sizeof notes ? bytes : sizeof notes, (off_t)offset);
    size_t end = count > 0 ? (size_t)count : 0;
    for (size_t at = 0; at + 12 <= end;) {
        uint64_t name_bytes = get(notes + at, 4, big), content_bytes = get(notes + at + 4, 4, big), content = at + 12 + (name_bytes + 3) / 4 * 4;
        bool is_ours = name_bytes == sizeof HT_NOTE_NAME && content_bytes == 4 && content + 4 <= end && !memcmp(notes + at + 12, HT_NOTE_NAME, sizeof HT_NOTE_NAME);
        if (is_ours && get(notes + at + 8, 4, big) == HT_NOTE_SESSION)
            check->session = (uint32_t)get(notes + content, 4, big);
        at = content + (content_bytes + 3) / 4 * 4;
    }
}

static void read_elf(int fd, const unsigned char *bytes, struct elf_check *check)
{
    bool wide = bytes[EI_CLASS] == ELFCLASS64, big = bytes[EI_DATA] == ELFDATA2MSB;
    uint64_t type = get(bytes + 16, 2, big), offset = wide ? get(bytes + 32, 8, big) : get(bytes + 28, 4, big);
    uint64_t entry = get(bytes + (wide ? 54 : 42), 2, big), count = get(bytes + (wide ? 56 : 44), 2, big);
    check->machine = (uint16_t)get(bytes + 18, 2, big);
    check->pointer_bytes = wide ? 8 : 4;
    check->big_endian = big;
    check->kind = type == ET_EXEC || type == ET_DYN ? ELF_CHECK_STATIC : ELF_CHECK_OTHER;
    for (uint64_t i = 0; i < count && check->kind == ELF_CHECK_STATIC; i++) {
        unsigned char head[56] = {0};
        bool is_there = pread(fd, head, sizeof head, (off_t)(offset + i * entry)) >= 32;
        uint64_t kind = get(head, 4, big), from = wide ? get(head + 8, 8, big) : get(head + 4, 4, big), length = wide ? get(head + 32, 8, big) : get(head + 16, 4, big);
        if (!is_there)
            check->kind = ELF_CHECK_OTHER;
        else if (kind == PT_INTERP)
            read_interpreter(fd, from, length, check);
        else if (kind == PT_NOTE)
            read_notes(fd, from, length, big, check);
    }
}

void elf_check(const char *path, struct elf_check *check)
{
    unsigned char bytes[4096];
    *check = (struct elf_check){.kind = ELF_CHECK_UNREADABLE};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    ssize_t count = read(fd, bytes, sizeof bytes);
    int saved = errno;
    if (count >= 0)
        check->kind = ELF_CHECK_OTHER;
    if (count >= 2 && bytes[0] == '#' && bytes[1] == '!')
        read_script(bytes, (size_t)count, check);
    else if (count >= 64 && !memcmp(bytes, ELFMAG, SELFMAG))
        read_elf(fd, bytes, check);
    close(fd);
    errno = saved;
}

static const struct {
    uint16_t machine;
    const char *name;
} machines[] = {
    {EM_X86_64, "x86-64"}, {EM_386, "i386"},  {EM_AARCH64, "aarch64"}, {EM_ARM, "arm"},     {EM_RISCV, "riscv"},
    {EM_PPC64, "ppc64"},   {EM_S390, "s390"}, {EM_MIPS, "mips"},       {EM_PPC, "powerpc"}, {EM_LOONGARCH, "loongarch"},
};

const char *elf_check_machine(uint16_t machine, unsigned pointer_bytes)
{
    static char text[48];
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i].machine == machine) {
            snprintf(text, sizeof text, "%s (%u bit)", machines[i].name, pointer_bytes * 8);
            return text;
        }
    snprintf(text, sizeof text, "machine %u (%u bit)", machine, pointer_bytes * 8);
    return text;
}
