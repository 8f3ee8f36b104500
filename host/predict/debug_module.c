/* debug_module: elfutils opens the files; names are collected when the first one is asked for. */
#include "debug_module.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "host/base/str.h"
#include "host/symbol/locate.h"

enum { NAMES_MOST = 4 << 20, NEST_MOST = 8, FOLDERS_MOST = 200 };

static int compare_ranges(const void *a, const void *b)
{
    const struct debug_range *left = a, *right = b;
    return left->low < right->low ? -1 : left->low > right->low;
}

static void ranges_read(struct debug_module *module)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit, split;
    uint8_t type;
    while (dwarf_get_units(module->dwarf, cu, &cu, NULL, &type, &unit, &split) == 0) {
        Dwarf_Addr base, low, high;
        if (type != DW_UT_compile && type != DW_UT_skeleton)
            continue;
        for (ptrdiff_t at = 0; (at = dwarf_ranges(&unit, at, &base, &low, &high)) > 0;)
            if (low && low < high)
                vec_push(&module->ranges, ((struct debug_range){low, high, dwarf_dieoffset(&unit)}));
    }
    if (module->ranges.count)
        qsort(module->ranges.at, module->ranges.count, sizeof *module->ranges.at, compare_ranges);
}

static void paths_set(struct debug_module *module, const struct object_search *search)
{
    struct str paths = {0};
    for (size_t i = 0; search->folders && search->folders[i]; i++)
        if (search->folders[i][0] == '/' && !strchr(search->folders[i], ':'))
            str_add_format(&paths, "%s:", search->folders[i]);
    str_add(&paths, ":.debug:/usr/lib/debug");
    module->debug_paths = paths.at;
}

static void file_open(struct debug_module *module, int fd, const char *path)
{
    Dwarf_Addr bias;
    GElf_Ehdr head;
    module->callbacks = (Dwfl_Callbacks){NULL, dwfl_standard_find_debuginfo, dwfl_offline_section_address, &module->debug_paths};
    module->dwfl = dwfl_begin(&module->callbacks);
    Dwfl_Module *reported = module->reported = module->dwfl ? dwfl_report_elf(module->dwfl, path, path, fd, 0, true) : NULL;
    if (!reported) {
        close(fd);
        return;
    }
    dwfl_report_end(module->dwfl, NULL, NULL);
    Elf *elf = dwfl_module_getelf(reported, &bias);
    if (elf && gelf_getehdr(elf, &head))
        module->has_model = data_model_of_elf(&module->model, head.e_machine, head.e_ident[EI_CLASS] == ELFCLASS64);
    module->dwarf = dwfl_module_getdwarf(reported, &bias);
    if (module->dwarf)
        ranges_read(module);
}

struct debug_module *debug_module_open(const struct object_request *request, const struct object_search *search)
{
    struct debug_module *module = memory_new(1, sizeof *module);
    module->is_cxx_library = request->path && strstr(request->path, "libstdc++.so");
    struct str path = {0};
    enum object_state state;
    elf_version(EV_CURRENT);
    paths_set(module, search);
    int fd = locate_module(request, search, &path, &state);
    if (fd >= 0)
        file_open(module, fd, str_text(&path));
    str_done(&path);
    return module;
}

bool debug_module_unit(struct debug_module *module, uint64_t pc, Dwarf_Die *unit)
{
    size_t low = 0, high = module->ranges.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->ranges.at[middle].low <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    const struct debug_range *range = low ? &module->ranges.at[low - 1] : NULL;
    return range && pc < range->high && dwarf_offdie(module->dwarf, range->unit, unit) != NULL;
}

const char *debug_module_symbol(struct debug_module *module, uint64_t pc)
{
    return module->reported ? dwfl_module_addrname(module->reported, pc) : NULL;
}

static void name_put(struct debug_module *module, const char *name, size_t bytes, struct debug_name entry)
{
    bool is_new;
    uint64_t *place = map_put(&module->by_name, XXH3_64bits(name, bytes), &is_new);
    entry.next = (uint32_t)*place;
    vec_push(&module->names, entry);
    *place = module->names.count;
}

/* An instance of a template is found by the template's name, too. */
static void name_add(struct debug_module *module, Dwarf_Die *die, Dwarf_Off unit, enum debug_kind kind)
{
    const char *name = dwarf_diename(die);
    if (!name || module->names.count >= NAMES_MOST)
        return;
    size_t bytes = strlen(name), plain = strcspn(name, "<");
    name_put(module, name, bytes, (struct debug_name){dwarf_dieoffset(die), unit, 0, (uint8_t)kind});
    if (kind == DEBUG_TYPE && plain && plain < bytes)
        name_put(module, name, plain, (struct debug_name){dwarf_dieoffset(die), unit, 0, DEBUG_TEMPLATE});
}

static void children_read(struct debug_module *module, Dwarf_Die *parent, Dwarf_Off unit, unsigned nest);

static void constants_read(struct debug_module *module, Dwarf_Die *type, Dwarf_Off unit)
{
    Dwarf_Die value;
    if (dwarf_child(type, &value) != 0)
        return;
    do {
        if (dwarf_tag(&value) == DW_TAG_enumerator)
            name_add(module, &value, unit, DEBUG_CONSTANT);
    } while (dwarf_siblingof(&value, &value) == 0);
}

static void name_read(struct debug_module *module, Dwarf_Die *die, Dwarf_Off unit, unsigned nest)
{
    Dwarf_Attribute attribute;
    switch (dwarf_tag(die)) {
    case DW_TAG_enumeration_type:
        constants_read(module, die, unit);
        name_add(module, die, unit, DEBUG_TYPE);
        return;
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        children_read(module, die, unit, nest);
        if (!dwarf_attr(die, DW_AT_declaration, &attribute)) {
            name_add(module, die, unit, DEBUG_TYPE);
            vec_push(&module->sized, dwarf_dieoffset(die));
        }
        return;
    case DW_TAG_typedef:
    case DW_TAG_base_type:
        name_add(module, die, unit, DEBUG_TYPE);
        return;
    case DW_TAG_subprogram:
        if (!dwarf_attr(die, DW_AT_declaration, &attribute))
            name_add(module, die, unit, DEBUG_FUNCTION);
        return;
    case DW_TAG_variable:
        name_add(module, die, unit, DEBUG_VARIABLE);
        return;
    case DW_TAG_namespace:
        children_read(module, die, unit, nest);
        return;
    default:
        return;
    }
}

static void children_read(struct debug_module *module, Dwarf_Die *parent, Dwarf_Off unit, unsigned nest)
{
    Dwarf_Die child;
    if (nest >= NEST_MOST || dwarf_child(parent, &child) != 0)
        return;
    do
        name_read(module, &child, unit, nest + 1);
    while (dwarf_siblingof(&child, &child) == 0);
}

static void names_need(struct debug_module *module)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;
    if (module->has_names || !module->dwarf)
        return;
    module->has_names = true;
    while (dwarf_get_units(module->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0)
        children_read(module, &unit, dwarf_dieoffset(&unit), 0);
}

static bool is_named(Dwarf_Die *die, const char *name, size_t bytes)
{
    const char *other = dwarf_diename(die);
    return other && strlen(other) == bytes && !memcmp(other, name, bytes);
}

bool debug_module_find(struct debug_module *module, enum debug_kind kind, const char *name, size_t bytes, const Dwarf_Die *unit, Dwarf_Die *found)
{
    names_need(module);
    Dwarf_Off home = unit ? dwarf_dieoffset((Dwarf_Die *)unit) : 0;
    bool is_found = false;
    uint64_t *place = map_get(&module->by_name, XXH3_64bits(name, bytes));
    for (uint64_t at = place ? *place : 0; at; at = module->names.at[at - 1].next) {
        const struct debug_name *entry = &module->names.at[at - 1];
        Dwarf_Die die;
        if (entry->kind != kind || (is_found && entry->unit != home) || !dwarf_offdie(module->dwarf, entry->die, &die) || !is_named(&die, name, bytes))
            continue;
        *found = die;
        is_found = true;
        if (!home || entry->unit == home)
            return true;
    }
    return is_found;
}

bool debug_module_instance(struct debug_module *module, const char *name, size_t bytes, uint64_t size, Dwarf_Die *found)
{
    names_need(module);
    bool is_found = false;
    uint64_t *place = map_get(&module->by_name, XXH3_64bits(name, bytes));
    for (uint64_t at = place ? *place : 0; at; at = module->names.at[at - 1].next) {
        const struct debug_name *entry = &module->names.at[at - 1];
        Dwarf_Die die;
        if (entry->kind != DEBUG_TEMPLATE || !dwarf_offdie(module->dwarf, entry->die, &die))
            continue;
        bool is_sized = (uint64_t)dwarf_bytesize(&die) == size;
        if (is_sized || !is_found)
            *found = die;
        is_found = true;
        if (is_sized)
            break;
    }
    return is_found;
}

void debug_module_sized(struct debug_module *module, uint64_t bytes, void (*see)(void *context, Dwarf_Die *type), void *context)
{
    names_need(module);
    for (size_t i = 0; i < module->sized.count; i++) {
        Dwarf_Die die;
        if (dwarf_offdie(module->dwarf, module->sized.at[i], &die) && (uint64_t)dwarf_bytesize(&die) == bytes)
            see(context, &die);
    }
}

const char *debug_module_path(struct debug_module *module, Dwarf_Die *unit, const char *file)
{
    Dwarf_Attribute attribute;
    const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    struct str path = {0};
    if (!file || *file == '/' || !folder)
        return file;
    str_add_format(&path, "%s/%s", folder, file);
    const char *copy = arena_copy_text(&module->texts, str_text(&path), path.count);
    str_done(&path);
    return copy;
}

static struct debug_unit *unit_get(struct debug_module *module, Dwarf_Die *unit)
{
    bool is_new;
    uint64_t *place = map_put(&module->units, dwarf_dieoffset(unit), &is_new);
    if (is_new)
        *place = (uintptr_t)memory_new(1, sizeof(struct debug_unit));
    return (struct debug_unit *)(uintptr_t)*place;
}

/* Folders that the compiler looked in: those of the unit's line table. */
static size_t folders_read(struct debug_module *module, Dwarf_Die *unit, const char **folders)
{
    Dwarf_Files *files;
    const char *const *names;
    size_t count, number = 0;
    if (dwarf_getsrcfiles(unit, &files, &count) != 0 || dwarf_getsrcdirs(files, &names, &count) != 0)
        return 0;
    for (size_t i = 0; i < count && number + 1 < FOLDERS_MOST; i++)
        if (names[i])
            folders[number++] = debug_module_path(module, unit, names[i]);
    return number;
}

struct macros *debug_module_macros(struct debug_module *module, struct source_texts *texts, Dwarf_Die *unit, const char *also)
{
    const char *folders[FOLDERS_MOST + 1] = {0};
    struct debug_unit *known = unit_get(module, unit);
    if (!known->is_read) {
        known->is_read = true;
        folders_read(module, unit, folders);
        const char *path = debug_module_path(module, unit, dwarf_diename(unit));
        if (path)
            macros_add(&known->macros, texts, path, folders);
    }
    if (also && !map_get(&known->macros.files, XXH3_64bits(also, strlen(also)))) {
        folders_read(module, unit, folders);
        macros_add(&known->macros, texts, also, folders);
    }
    return &known->macros;
}

void debug_module_close(struct debug_module *module)
{
    for (size_t i = 0; i < module->units.room; i++)
        if (module->units.at[i].key) {
            struct debug_unit *unit = (struct debug_unit *)(uintptr_t)module->units.at[i].value;
            macros_done(&unit->macros);
            memory_free(unit);
        }
    map_done(&module->units);
    map_done(&module->by_name);
    vec_done(&module->names);
    vec_done(&module->ranges);
    vec_done(&module->sized);
    data_model_done(&module->model);
    arena_done(&module->texts);
    if (module->dwfl)
        dwfl_end(module->dwfl);
    memory_free(module->debug_paths);
    memory_free(module);
}
