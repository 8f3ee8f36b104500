/* object: in the path and build-id of one module, out an open ELF file that turns addresses into spots. elfutils finds and reads the debug data. */
#include "object.h"

#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/str.h"

#include "demangle.h"
#include "locate.h"
#include "names.h"
#include "units.h"

struct code_range {
    uint64_t low, high;
};

struct object {
    enum object_state state;
    char *debug_paths; /* for elfutils: it keeps a pointer to this field */
    Dwfl_Callbacks callbacks;
    Dwfl *dwfl;
    Dwfl_Module *module;
    int machine;
    VEC(struct code_range) code;
    struct names names;
    struct units units;
    struct map clear_names; /* of a symbol's address: its clear text */
    struct arena texts;
};

/* elfutils' syntax: "" is the module's folder, ".debug" a folder in it, an absolute one has .build-id/ and the whole tree below it. */
static char *debug_paths_new(const struct object_search *search)
{
    struct str paths = {0};
    for (size_t i = 0; search->folders && search->folders[i]; i++)
        if (search->folders[i][0] == '/' && !strchr(search->folders[i], ':'))
            str_add_format(&paths, "%s:", search->folders[i]);
    if (search->sysroot && search->sysroot[0] == '/')
        str_add_format(&paths, "%s/usr/lib/debug:", search->sysroot);
    str_add(&paths, ":.debug:/usr/lib/debug");
    return paths.at;
}

static void open_by_file(struct object *object, int fd, const char *name)
{
    object->module = dwfl_report_elf(object->dwfl, name, name, fd, 0, true);
    if (!object->module)
        close(fd);
}

/* Nothing is here: only a server can know it. */
static void open_by_build_id(struct object *object, const struct object_request *request)
{
    object->module = dwfl_report_module(object->dwfl, request->path, request->start, request->start + 4096);
    if (object->module && dwfl_module_report_build_id(object->module, request->build_id, (int)request->build_id_bytes, 0) != 0)
        object->module = NULL;
}

static void read_code(struct object *object, Elf *elf)
{
    size_t count = 0;
    GElf_Ehdr head;
    object->machine = gelf_getehdr(elf, &head) ? head.e_machine : EM_NONE;
    if (elf_getphdrnum(elf, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_LOAD && (segment.p_flags & PF_X))
            vec_push(&object->code, ((struct code_range){segment.p_vaddr, segment.p_vaddr + segment.p_memsz}));
    }
}

static bool is_code(const void *context, uint64_t address)
{
    const struct object *object = context;
    for (size_t i = 0; i < object->code.count; i++)
        if (address >= object->code.at[i].low && address < object->code.at[i].high)
            return true;
    return object->code.count == 0;
}

static enum object_state read_module(struct object *object, enum object_care care)
{
    Dwarf_Addr bias;
    dwfl_report_end(object->dwfl, NULL, NULL);
    Elf *elf = object->module ? dwfl_module_getelf(object->module, &bias) : NULL;
    if (!elf)
        return OBJECT_DAMAGED;
    read_code(object, elf);
    names_read(&object->names, object->module, object->machine);
    Dwarf *dwarf = care == OBJECT_ALL ? dwfl_module_getdwarf(object->module, &bias) : NULL;
    if (dwarf)
        units_read(&object->units, dwarf, is_code, object);
    return OBJECT_GOOD;
}

struct object *object_open(const struct object_request *request, const struct object_search *search)
{
    struct object *object = memory_new(1, sizeof *object);
    struct str path = {0};
    elf_version(EV_CURRENT);
    object->state = OBJECT_HARMFUL;
    if (request->care == OBJECT_NOTHING)
        return object;
    int fd = locate_module(request, search, &path, &object->state);
    bool ask_server = fd < 0 && search->debuginfod && request->build_id_bytes && request->path[0] != '[';
    if (fd >= 0 || ask_server) {
        object->debug_paths = debug_paths_new(search);
        object->callbacks =
            (Dwfl_Callbacks){ask_server ? dwfl_build_id_find_elf : NULL, dwfl_standard_find_debuginfo, dwfl_offline_section_address, &object->debug_paths};
        object->dwfl = dwfl_begin(&object->callbacks);
    }
    if (object->dwfl) {
        if (fd >= 0)
            open_by_file(object, fd, str_text(&path));
        else
            open_by_build_id(object, request);
        enum object_state state = read_module(object, request->care);
        object->state = ask_server && state != OBJECT_GOOD ? object->state : state;
    }
    str_done(&path);
    return object;
}

enum object_state object_state(const struct object *object)
{
    return object->state;
}

static const char *clear_name(struct object *object, const struct name *name)
{
    bool is_new;
    uint64_t *clear = map_put(&object->clear_names, name->address, &is_new);
    if (is_new)
        *clear = (uint64_t)(uintptr_t)demangle_name(&object->texts, name->text);
    return (const char *)(uintptr_t)*clear;
}

/* What the symbol table says: "name" inside a symbol, "name+0x12" behind one of unknown size, NULL when none is near. */
static const char *name_at(struct object *object, uint64_t pc, uint64_t shown)
{
    const struct name *name = names_find(&object->names, pc);
    if (!name || name_covers(name, pc) || name->address == pc)
        return name ? clear_name(object, name) : NULL;
    struct str text = {0};
    str_add_format(&text, "%s+0x%llx", clear_name(object, name), (unsigned long long)(shown - name->address));
    const char *copy = arena_copy_text(&object->texts, str_text(&text), text.count);
    str_done(&text);
    return copy;
}

/* Compilers leave out the mangled name of what only its own file sees (lambdas, unnamed namespaces); the symbol table still has it. */
static const char *full_name(struct object *object, uint64_t pc, const char *bare)
{
    const struct name *name = names_find(&object->names, pc);
    if (!name || !name_covers(name, pc) || !demangle_knows(name->text))
        return bare;
    const char *clear = clear_name(object, name), *last = strrchr(bare, ':');
    const char *clone = strstr(clear, " [clone");
    if (!strstr(clear, last ? last + 1 : bare))
        return bare;
    return clone ? arena_copy_text(&object->texts, clear, (size_t)(clone - clear)) : clear;
}

void object_resolve(struct object *object, uint64_t pc, bool is_return, struct spots *spots)
{
    size_t before = spots->list.count;
    if (object->names.thumb)
        pc &= ~(uint64_t)1;
    uint64_t call = pc - (is_return ? 1 : 0);
    units_resolve(&object->units, call, spots);
    if (spots->list.count == before)
        vec_push(&spots->list, ((struct spot){0}));
    struct spot *last = &spots->list.at[spots->list.count - 1];
    if (!last->function)
        last->function = name_at(object, call, pc);
    else if (last->is_bare && !last->inlined)
        last->function = full_name(object, call, last->function);
    last->inlined = false;
}

size_t object_units_read(const struct object *object)
{
    return object->units.read_count;
}

void object_close(struct object *object)
{
    units_done(&object->units);
    names_done(&object->names);
    map_done(&object->clear_names);
    arena_done(&object->texts);
    vec_done(&object->code);
    if (object->dwfl)
        dwfl_end(object->dwfl);
    memory_free(object->debug_paths);
    memory_free(object);
}
