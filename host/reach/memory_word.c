/* memory_word: variables are looked for in the symbol tables of all mapped files, in the order of their addresses. */
#include "memory_word.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/number.h"

/* "NAME+SIZE": how long the name is, and the size; 0: none is given. */
static bool word_split(const char *option, const char *word, size_t *name, uint64_t *size, struct error *error)
{
    const char *plus = strrchr(word, '+');
    *name = plus ? (size_t)(plus - word) : strlen(word);
    *size = 0;
    return !plus || number_parse_size(option, plus + 1, size, error);
}

static bool is_address(const char *word)
{
    return *word >= '0' && *word <= '9';
}

bool memory_word_check(const char *option, const char *word, struct error *error)
{
    size_t name;
    uint64_t size;
    char *end;
    if (!word_split(option, word, &name, &size, error))
        return false;
    bool is_good = name && (!is_address(word) || (size && (strtoull(word, &end, 0), end == word + name)));
    return is_good || error_set(error, ERROR_USAGE, "%s %s: write VARIABLE, VARIABLE+SIZE or 0xADDRESS+SIZE", option, word);
}

struct wanted {
    const char *name;
    size_t length;
    GElf_Sym found;
};

static bool table_look(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct wanted *wanted)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_OBJECT)
            continue;
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name && !strncmp(name, wanted->name, wanted->length) && !name[wanted->length]) {
            wanted->found = symbol;
            return true;
        }
    }
    return false;
}

static bool elf_look(Elf *elf, struct wanted *wanted)
{
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        bool is_table = gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM);
        if (is_table && table_look(elf, section, &header, wanted))
            return true;
    }
    return false;
}

/* What is added to the file's addresses: its first mapping begins with its first loaded page. */
static uint64_t elf_bias(Elf *elf, uint64_t start)
{
    size_t count = 0;
    elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD)
            return start - (header.p_vaddr & ~(uint64_t)(WINDOW_PAGE - 1));
    }
    return start;
}

static bool file_look(const struct mapping *mapping, struct wanted *wanted, uint64_t *address)
{
    int file = open(mapping->path, O_RDONLY | O_CLOEXEC);
    Elf *elf = file < 0 ? NULL : elf_begin(file, ELF_C_READ, NULL);
    bool is_found = elf && elf_kind(elf) == ELF_K_ELF && elf_look(elf, wanted);
    if (is_found)
        *address = wanted->found.st_value + elf_bias(elf, mapping->start);
    elf_end(elf);
    if (file >= 0)
        close(file);
    return is_found;
}

bool memory_word_find(const char *word, const struct mappings *mappings, struct reach_range *range)
{
    struct wanted wanted = {.name = word};
    uint64_t size;
    if (!word_split("", word, &wanted.length, &size, NULL))
        return false;
    if (is_address(word)) {
        uint64_t start = strtoull(word, NULL, 0);
        *range = (struct reach_range){start, start + size};
        return range->end > start;
    }
    elf_version(EV_CURRENT);
    for (size_t i = 0; i < mappings->at.count; i++) {
        const struct mapping *mapping = mappings->at.at + i;
        bool is_first = mapping->path[0] == '/' && (!i || strcmp(mapping->path, mapping[-1].path));
        if (!is_first || !file_look(mapping, &wanted, &range->start))
            continue;
        range->end = range->start + (size ? size : wanted.found.st_size);
        return range->end > range->start;
    }
    return false;
}

static bool bits_add(const char *part, size_t length, uint64_t *bits)
{
    char *end;
    unsigned long low = strtoul(part, &end, 10), high = low;
    if (end == part)
        return false;
    if (*end == '-')
        high = strtoul(end + 1, &end, 10);
    if (end != part + length || low > high || high > 63)
        return false;
    *bits |= (high == 63 ? ~0ull : (1ull << (high + 1)) - 1) & ~((1ull << low) - 1);
    return true;
}

bool memory_word_tag_bits(const char *text, uint64_t *bits, struct error *error)
{
    char *end;
    *bits = 0;
    if (!strncmp(text, "0x", 2)) {
        *bits = strtoull(text, &end, 16);
        return (!*end && end > text + 2) || error_set(error, ERROR_USAGE, "--tag-bits %s: write numbers of bits, like 0-2,56-63, or a mask, like 0x7", text);
    }
    for (const char *part = text; *part;) {
        size_t length = strcspn(part, ",");
        if (!bits_add(part, length, bits))
            return error_set(error, ERROR_USAGE, "--tag-bits %s: write numbers of bits, like 0-2,56-63, or a mask, like 0x7", text);
        part += length + (part[length] == ',');
    }
    return *bits || error_set(error, ERROR_USAGE, "--tag-bits: no bit is named");
}
