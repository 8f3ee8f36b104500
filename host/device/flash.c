/* flash: segments tell where bytes lie, sections where code is. A part that only is copied to RAM is found by both of its addresses. */
#include "flash.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/vec.h"

static const uint64_t AVR_DATA = 0x800000; /* where avr-gcc's files keep what the program sees at 0 */

struct flash_part {
    uint64_t address, load_address, count;
    const uint8_t *bytes;
};

struct flash_code {
    uint64_t low, high;
};

struct flash {
    char *path;
    int fd;
    Elf *elf;
    unsigned machine;
    uint8_t build_id[FLASH_BUILD_ID_BYTES];
    uint32_t build_id_bytes;
    VEC(struct flash_part) parts;
    VEC(struct flash_code) code;
};

static void parts_read(struct flash *flash)
{
    size_t count = 0, file_bytes = 0;
    const uint8_t *file = (const uint8_t *)elf_rawfile(flash->elf, &file_bytes);
    if (!file || elf_getphdrnum(flash->elf, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr part;
        if (!gelf_getphdr(flash->elf, (int)i, &part) || part.p_type != PT_LOAD || part.p_offset > file_bytes || part.p_filesz > file_bytes - part.p_offset)
            continue;
        vec_push(&flash->parts, ((struct flash_part){part.p_vaddr, part.p_paddr, part.p_filesz, file + part.p_offset}));
        if (part.p_flags & PF_X)
            vec_push(&flash->code, ((struct flash_code){part.p_vaddr, part.p_vaddr + part.p_memsz}));
    }
}

static void build_id_read(struct flash *flash, Elf_Scn *section)
{
    Elf_Data *data = elf_getdata(section, NULL);
    GElf_Nhdr note;
    size_t name, bytes;
    for (size_t at = 0, next; data && (next = gelf_getnote(data, at, &note, &name, &bytes)) > 0; at = next) {
        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp((const char *)data->d_buf + name, "GNU", 4))
            continue;
        flash->build_id_bytes = note.n_descsz < FLASH_BUILD_ID_BYTES ? note.n_descsz : FLASH_BUILD_ID_BYTES;
        memcpy(flash->build_id, (const char *)data->d_buf + bytes, flash->build_id_bytes);
    }
}

/* Sections are exact about code where they are; segments often hold constants too. */
static void sections_read(struct flash *flash)
{
    size_t segments = flash->code.count;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(flash->elf, section));) {
        GElf_Shdr head;
        if (!gelf_getshdr(section, &head))
            continue;
        if (head.sh_type == SHT_NOTE)
            build_id_read(flash, section);
        if (head.sh_flags & SHF_ALLOC && head.sh_flags & SHF_EXECINSTR)
            vec_push(&flash->code, ((struct flash_code){head.sh_addr, head.sh_addr + head.sh_size}));
    }
    if (flash->code.count == segments)
        return;
    memmove(flash->code.at, flash->code.at + segments, (flash->code.count - segments) * sizeof *flash->code.at);
    flash->code.count -= segments;
}

struct flash *flash_open(const char *path, struct error *error)
{
    struct flash *flash = memory_new(1, sizeof *flash);
    GElf_Ehdr head;
    elf_version(EV_CURRENT);
    flash->path = memory_copy_text(path);
    flash->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (flash->fd < 0)
        error_set_errno(error, ERROR_READ, "cannot read the firmware's file '%s'", path);
    else if (!(flash->elf = elf_begin(flash->fd, ELF_C_READ, NULL)) || !gelf_getehdr(flash->elf, &head))
        error_set(error, ERROR_READ, "'%s' is not an ELF file; give the one that the linker wrote, not the image for the flash", path);
    else {
        flash->machine = head.e_machine;
        parts_read(flash);
        sections_read(flash);
        return flash;
    }
    flash_close(flash);
    return NULL;
}

const char *flash_path(const struct flash *flash)
{
    return flash->path;
}

unsigned flash_machine(const struct flash *flash)
{
    return flash->machine;
}

Elf *flash_elf(const struct flash *flash)
{
    return flash->elf;
}

uint32_t flash_build_id(const struct flash *flash, uint8_t id[FLASH_BUILD_ID_BYTES])
{
    memcpy(id, flash->build_id, FLASH_BUILD_ID_BYTES);
    return flash->build_id_bytes;
}

void flash_code_range(const struct flash *flash, uint64_t *start, uint64_t *end)
{
    *start = *end = 0;
    for (size_t i = 0; i < flash->code.count; i++) {
        const struct flash_code *code = flash->code.at + i;
        *start = !i || code->low < *start ? code->low : *start;
        *end = code->high > *end ? code->high : *end;
    }
}

bool flash_is_code(const struct flash *flash, uint64_t address)
{
    for (size_t i = 0; i < flash->code.count; i++)
        if (address >= flash->code.at[i].low && address < flash->code.at[i].high)
            return true;
    return false;
}

/* The file's bytes from `address` on; NULL: it has none there. */
static const uint8_t *bytes_at(const struct flash *flash, uint64_t address, size_t *left)
{
    for (unsigned by_load = 0; by_load < 2; by_load++)
        for (size_t i = 0; i < flash->parts.count; i++) {
            const struct flash_part *part = flash->parts.at + i;
            uint64_t offset = address - (by_load ? part->load_address : part->address);
            if (offset >= part->count)
                continue;
            *left = (size_t)(part->count - offset);
            return part->bytes + offset;
        }
    return NULL;
}

bool flash_bytes(const struct flash *flash, uint64_t address, void *to, size_t count)
{
    for (size_t done = 0, left; done < count; done += left) {
        const uint8_t *from = bytes_at(flash, address + done, &left);
        if (!from)
            return false;
        left = left < count - done ? left : count - done;
        memcpy((uint8_t *)to + done, from, left);
    }
    return true;
}

bool flash_text(const struct flash *flash, uint64_t pointer, struct str *text)
{
    size_t left;
    const uint8_t *from = bytes_at(flash, flash->machine == EM_AVR ? AVR_DATA + pointer : pointer, &left);
    if (!pointer || !from)
        return false;
    const uint8_t *end = memchr(from, 0, left);
    if (!end)
        return false;
    size_t bytes = (size_t)(end - from);
    str_add_bytes(text, (const char *)from, bytes < FLASH_TEXT_MOST ? bytes : FLASH_TEXT_MOST);
    return true;
}

void flash_close(struct flash *flash)
{
    if (!flash)
        return;
    elf_end(flash->elf);
    if (flash->fd >= 0)
        close(flash->fd);
    vec_done(&flash->parts);
    vec_done(&flash->code);
    memory_free(flash->path);
    memory_free(flash);
}
