/* names: in the symbol tables of one module, out the function symbol at or before an address. elfutils reads .symtab, .dynsym, .gnu_debugdata and
 * the separate debug file; its own search goes through the whole table for each address, so the sorted table is ours. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAMES_LOOK_BACK = 16,           /* symbols inside a function (labels) that may hide it */
    NAMES_LIMIT = 64 * 1000 * 1000, /* a table that claims more is not believed: memory stays bounded */
};

/* $a, $t, $d, $x (also "$d.12"): marks of ARM, AArch64 and RISC-V assemblers, not functions. */
static bool is_mark(const char *text)
{
    return text[0] == '$' && text[1] && (text[2] == 0 || text[2] == '.');
}

static bool is_function(const GElf_Sym *symbol, GElf_Word section, const char *text)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    if (!text || !text[0] || section == SHN_UNDEF || section == SHN_ABS || section == SHN_COMMON)
        return false;
    if (type == STT_NOTYPE)
        return !is_mark(text);
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

/* Aliases abound (malloc, __libc_malloc, __malloc): wanted is the one that people write. */
static uint32_t rank_of(const GElf_Sym *symbol, const char *text)
{
    unsigned binding = GELF_ST_BIND(symbol->st_info), type = GELF_ST_TYPE(symbol->st_info);
    uint32_t underscores = (uint32_t)strspn(text, "_");
    uint32_t bind_rank = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
    size_t length = strnlen(text, 0xFFFF);
    return (uint32_t)(type == STT_NOTYPE) << 31 | (underscores > 7 ? 7 : underscores) << 20 | bind_rank << 16 | (uint32_t)length;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *left = a, *right = b;
    if (left->address != right->address)
        return left->address < right->address ? -1 : 1;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return strcmp(left->text, right->text);
}

static uint64_t end_of(const GElf_Sym *symbol, uint64_t address, Elf *elf, GElf_Word section)
{
    GElf_Shdr head;
    uint64_t most = symbol->st_size ? symbol->st_size : NAMES_REACH_BYTES;
    Elf_Scn *place = symbol->st_size || !elf ? NULL : elf_getscn(elf, section);
    if (place && gelf_getshdr(place, &head) && symbol->st_value - head.sh_addr < head.sh_size) {
        uint64_t left = head.sh_addr + head.sh_size - symbol->st_value;
        most = left < most ? left : most;
    }
    return address + most;
}

/* One name for each address; it takes over the largest size that an alias told. */
static void merge_same(struct names *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < names->list.count; i++) {
        struct name *name = &names->list.at[i], *last = kept ? &names->list.at[kept - 1] : NULL;
        if (!last || last->address != name->address)
            names->list.at[kept++] = *name;
        else if (name->size > last->size) {
            last->size = name->size;
            last->end = name->end;
        }
    }
    names->list.count = kept;
}

void names_read(struct names *names, Dwfl_Module *module, int machine)
{
    int count = dwfl_module_getsymtab(module);
    names->thumb = machine == EM_ARM;
    for (int i = 1; i < count && i < NAMES_LIMIT; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        Elf *elf;
        Dwarf_Addr bias;
        const char *text = dwfl_module_getsym_info(module, i, &symbol, &address, &section, &elf, &bias);
        if (!is_function(&symbol, section, text))
            continue;
        address -= names->thumb ? address & 1 : 0;
        vec_push(&names->list, ((struct name){address, symbol.st_size, end_of(&symbol, address, elf, section), text, rank_of(&symbol, text)}));
    }
    if (names->list.count)
        qsort(names->list.at, names->list.count, sizeof *names->list.at, compare_names);
    merge_same(names);
}

bool name_covers(const struct name *name, uint64_t pc)
{
    return pc - name->address < name->size;
}

/* How many names start at or before `pc`. */
static size_t count_before(const struct names *names, uint64_t pc)
{
    size_t low = 0, high = names->list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names->list.at[middle].address <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct name *names_find(const struct names *names, uint64_t pc)
{
    size_t count = count_before(names, pc);
    if (!count)
        return NULL;
    for (size_t back = 0; back < NAMES_LOOK_BACK && back < count; back++)
        if (name_covers(&names->list.at[count - 1 - back], pc))
            return &names->list.at[count - 1 - back];
    const struct name *nearest = &names->list.at[count - 1];
    return pc < nearest->end ? nearest : NULL;
}

void names_done(struct names *names)
{
    vec_done(&names->list);
}
