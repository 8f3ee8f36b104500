/* probe_point: by libelf; the dynamic symbols, and of a static program the others. */
#include "probe_point.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "wire/api.h"

#ifdef __aarch64__
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_X86_64 };
#endif

const struct probe_function probe_functions[PROBE_NAMES] = {
#define PROBE(symbol, api, role, size, other) {#symbol, HT_API_##api, PROBE_##role, size, other},
#include "probe.def"
#undef PROBE
};

static uint64_t offset_of(Elf *elf, uint64_t address)
{
    size_t count = 0;
    elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr program;
        bool is_good = gelf_getphdr(elf, (int)i, &program) && program.p_type == PT_LOAD;
        if (is_good && address >= program.p_vaddr && address - program.p_vaddr < program.p_filesz)
            return address - program.p_vaddr + program.p_offset;
    }
    return 0;
}

static uint64_t base_of(Elf *elf)
{
    size_t count = 0;
    elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr program;
        if (gelf_getphdr(elf, (int)i, &program) && program.p_type == PT_LOAD)
            return program.p_vaddr - program.p_offset;
    }
    return 0;
}

static bool is_known(const struct probe_file *file, uint64_t offset)
{
    for (size_t i = 0; i < PROBE_NAMES; i++)
        if (file->offsets[i] == offset)
            return true;
    return false;
}

static void symbol_take(struct probe_file *file, Elf *elf, const char *name, uint64_t address)
{
    for (size_t i = 0; i < PROBE_NAMES; i++) {
        if (file->offsets[i] || strcmp(probe_functions[i].symbol, name))
            continue;
        uint64_t offset = offset_of(elf, address);
        if (!is_known(file, offset))
            file->offsets[i] = offset;
    }
}

static void section_take(struct probe_file *file, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
            continue;
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name)
            symbol_take(file, elf, name, symbol.st_value);
    }
}

static void functions_take(struct probe_file *file, Elf *elf)
{
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        GElf_Shdr table;
        if (gelf_getshdr(section, &table) && (table.sh_type == SHT_DYNSYM || table.sh_type == SHT_SYMTAB))
            section_take(file, elf, section, &table);
    }
}

static bool elf_take(struct probe_file *file, Elf *elf)
{
    GElf_Ehdr header;
    const void *build_id;
    if (!gelf_getehdr(elf, &header) || header.e_machine != MACHINE)
        return false;
    ssize_t bytes = dwelf_elf_gnu_build_id(elf, &build_id);
    if (bytes > 0 && (size_t)bytes <= sizeof file->build_id) {
        memcpy(file->build_id, build_id, (size_t)bytes);
        file->build_id_bytes = (uint32_t)bytes;
    }
    file->base = base_of(elf);
    return true;
}

static bool file_read(struct probe_file *file, const char *path, bool wants_functions)
{
    *file = (struct probe_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    bool is_good = elf && elf_take(file, elf);
    if (is_good && wants_functions)
        functions_take(file, elf);
    elf_end(elf);
    close(fd);
    return is_good;
}

bool probe_file_read(struct probe_file *file, const char *path)
{
    return file_read(file, path, true);
}

bool probe_file_know(struct probe_file *file, const char *path)
{
    return file_read(file, path, false);
}

bool probe_file_has_any(const struct probe_file *file)
{
    for (size_t i = 0; i < PROBE_NAMES; i++)
        if (file->offsets[i])
            return true;
    return false;
}
