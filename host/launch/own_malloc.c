/* own_malloc: by its symbol tables; a file that cannot be read has none. */
#include "own_malloc.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool is_malloc(Elf *elf, const GElf_Shdr *header, const GElf_Sym *symbol)
{
    if (symbol->st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol->st_info) != STT_FUNC)
        return false;
    const char *name = elf_strptr(elf, header->sh_link, symbol->st_name);
    return name && !strcmp(name, "malloc");
}

static bool section_has(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) && is_malloc(elf, header, &symbol))
            return true;
    }
    return false;
}

static bool has_in(Elf *elf, unsigned type)
{
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == type && section_has(elf, section, &header))
            return true;
    }
    return false;
}

enum own_malloc own_malloc_find(const char *path)
{
    enum own_malloc found = OWN_MALLOC_NONE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return found;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (elf && has_in(elf, SHT_DYNSYM))
        found = OWN_MALLOC_ALL;
    else if (elf && has_in(elf, SHT_SYMTAB))
        found = OWN_MALLOC_INSIDE;
    elf_end(elf);
    close(fd);
    return found;
}
