/* allocators: symbols, and the list of names that give out memory. */
#include "allocators.h"

#include <gelf.h>
#include <string.h>

#include "wire/api.h"

static const struct {
    const char *name;
    uint8_t api, role;
    int8_t size, other;
} known[] = {
#define HT_ALLOCATOR(name, API, ROLE, size, other) {name, HT_API_##API, ALLOCATOR_##ROLE, size, other},
#include "allocators.def"
#undef HT_ALLOCATOR
};
enum { KNOWN = sizeof known / sizeof known[0] };

static Elf_Scn *section_find(Elf *elf, uint32_t type, GElf_Shdr *head)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));)
        if (gelf_getshdr(section, head) && head->sh_type == type)
            return section;
    return NULL;
}

/* Where Thumb code begins, its lowest bit says so. */
static uint64_t address_of(const struct firmware *firmware, const GElf_Sym *symbol)
{
    return firmware->machine->elf == EM_ARM ? symbol->st_value & ~(uint64_t)1 : symbol->st_value;
}

static void allocator_put(struct firmware *firmware, struct allocator allocator)
{
    if (!firmware_allocator(firmware, allocator.low))
        vec_push(&firmware->allocators, allocator);
}

/* Calls `take` for each function of the symbol table. */
static void functions_each(struct firmware *firmware, void (*take)(struct firmware *, const char *name, const GElf_Sym *symbol, void *context), void *context)
{
    GElf_Shdr head;
    Elf_Scn *section = section_find(flash_elf(firmware->flash), SHT_SYMTAB, &head);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    for (int i = 0; data && head.sh_entsize && (size_t)i < data->d_size / head.sh_entsize; i++) {
        GElf_Sym symbol;
        const char *name = gelf_getsym(data, i, &symbol) ? elf_strptr(flash_elf(firmware->flash), head.sh_link, symbol.st_name) : NULL;
        if (name && symbol.st_shndx != SHN_UNDEF && (GELF_ST_TYPE(symbol.st_info) == STT_FUNC || GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE))
            take(firmware, name, &symbol, context);
    }
}

static void known_take(struct firmware *firmware, const char *name, const GElf_Sym *symbol, void *context)
{
    uint64_t low = address_of(firmware, symbol);
    (void)context;
    for (size_t i = 0; i < KNOWN; i++)
        if (!strcmp(known[i].name, name))
            allocator_put(firmware, (struct allocator){low, low + symbol->st_size, known[i].api, known[i].role, known[i].size, known[i].other});
}

struct wanted {
    const char *name;
    size_t bytes;
    struct allocator allocator;
    bool is_found;
};

static void wanted_take(struct firmware *firmware, const char *name, const GElf_Sym *symbol, void *context)
{
    struct wanted *wanted = context;
    if (strlen(name) != wanted->bytes || memcmp(name, wanted->name, wanted->bytes) != 0)
        return;
    wanted->allocator.low = address_of(firmware, symbol);
    wanted->allocator.high = wanted->allocator.low + symbol->st_size;
    wanted->is_found = true;
    allocator_put(firmware, wanted->allocator);
}

bool firmware_add(struct firmware *firmware, const char *text, enum allocator_role role, struct error *error)
{
    const char *colon = strrchr(text, ':');
    int argument = colon && colon[1] >= '0' && colon[1] < '0' + MACHINE_ARGUMENTS && !colon[2] ? colon[1] - '0' : -1;
    if (argument < 0)
        return error_set(error, ERROR_USAGE, "'%s' is not NAME:ARGUMENT, with the number (0 to 3) of the argument that is the %s", text,
                         role == ALLOCATOR_FREE ? "block" : "size");
    struct wanted wanted = {.name = text, .bytes = (size_t)(colon - text), .allocator = {.api = HT_API_CUSTOM, .role = (uint8_t)role, .size = -1, .other = -1}};
    *(role == ALLOCATOR_FREE ? &wanted.allocator.other : &wanted.allocator.size) = (int8_t)argument;
    functions_each(firmware, wanted_take, &wanted);
    return wanted.is_found || error_set(error, ERROR_USAGE, "the firmware has no function '%.*s'", (int)wanted.bytes, text);
}

/* An Xtensa says which calls it makes in its note: "ABI=1" are those without windows. */
static bool is_call0(Elf *elf)
{
    static const char note[] = ".xtensa.info", word[] = "ABI=1";
    size_t names;
    GElf_Shdr head;
    for (Elf_Scn *section = NULL; !elf_getshdrstrndx(elf, &names) && (section = elf_nextscn(elf, section));) {
        const char *name = gelf_getshdr(section, &head) ? elf_strptr(elf, names, head.sh_name) : NULL;
        Elf_Data *data = name && !strcmp(name, note) ? elf_rawdata(section, NULL) : NULL;
        if (data && data->d_buf && memmem(data->d_buf, data->d_size, word, sizeof word - 1))
            return true;
    }
    return false;
}

bool firmware_open(struct firmware *firmware, const char *path, struct error *error)
{
    GElf_Ehdr head;
    *firmware = (struct firmware){.flash = flash_open(path, error)};
    if (!firmware->flash || !gelf_getehdr(flash_elf(firmware->flash), &head))
        return false;
    if (head.e_machine == EM_XTENSA && !is_call0(flash_elf(firmware->flash)))
        return error_set(error, ERROR_READ, "'%s' is for an Xtensa with register windows (ESP32 and its like), which is not watched; one without (lx106, ESP8266) is", path);
    firmware->machine = machine_find(head.e_machine, head.e_ident[EI_CLASS] == ELFCLASS64);
    if (!firmware->machine || head.e_ident[EI_DATA] != ELFDATA2LSB)
        return error_set(error, ERROR_READ, "'%s' is for a processor that is not watched in QEMU: Arm Cortex-M, RISC-V (32 and 64 bits) and Xtensa lx106, little-endian, are",
                         path);
    functions_each(firmware, known_take, NULL);
    return true;
}

const struct allocator *firmware_allocator(const struct firmware *firmware, uint64_t pc)
{
    for (size_t i = 0; i < firmware->allocators.count; i++)
        if (firmware->allocators.at[i].low == pc)
            return firmware->allocators.at + i;
    return NULL;
}

bool firmware_is_inside(const struct firmware *firmware, uint64_t pc)
{
    for (size_t i = 0; i < firmware->allocators.count; i++)
        if (pc > firmware->allocators.at[i].low && pc <= firmware->allocators.at[i].high)
            return true;
    return false;
}

void firmware_close(struct firmware *firmware)
{
    vec_done(&firmware->allocators);
    flash_close(firmware->flash);
}
