/* debug_module: in the path and build-id of a module, out its debug data: units by address, types, functions and constants by name. */
#ifndef HOST_PREDICT_DEBUG_MODULE_H
#define HOST_PREDICT_DEBUG_MODULE_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "host/symbol/object.h"
#include "data_model.h"
#include "macros.h"

struct debug_range {
    uint64_t low, high;
    Dwarf_Off unit;
};

/* Something with a name, at the top level or inside namespaces and classes. */
struct debug_name {
    Dwarf_Off die, unit;
    uint32_t next; /* of the same hash, + 1 */
    uint8_t kind;  /* enum debug_kind */
};
enum debug_kind { DEBUG_TYPE = 1, DEBUG_FUNCTION, DEBUG_CONSTANT, DEBUG_VARIABLE, DEBUG_TEMPLATE };

struct debug_unit {
    struct macros macros;
    const char *folder, *file; /* absolute if the folder is */
    bool is_read;
};

struct debug_module {
    Dwfl_Callbacks callbacks;
    char *debug_paths;
    Dwfl *dwfl;
    Dwfl_Module *reported;
    Dwarf *dwarf; /* NULL: it has none */
    struct data_model model;
    bool has_model, is_cxx_library;
    VEC(struct debug_range) ranges;
    VEC(struct debug_name) names;
    struct map by_name; /* hash of the name: its place + 1 */
    bool has_names;
    struct map units; /* offset of a unit's DIE: struct debug_unit */
    struct arena texts;
    VEC(Dwarf_Off) sized; /* records by size: offsets, found with debug_module_sized */
};

/* Never NULL. */
struct debug_module *debug_module_open(const struct object_request *request, const struct object_search *search);
bool debug_module_unit(struct debug_module *module, uint64_t pc, Dwarf_Die *unit);
/* Of the function at that place, as the symbols have it; NULL: none. Lives as long as the module. */
const char *debug_module_symbol(struct debug_module *module, uint64_t pc);
/* The one of that name and kind that is complete; one in `unit` goes before others. */
bool debug_module_find(struct debug_module *module, enum debug_kind kind, const char *name, size_t bytes, const Dwarf_Die *unit, Dwarf_Die *found);
/* An instance of the class template of that name; one of `size` bytes goes before others. */
bool debug_module_instance(struct debug_module *module, const char *name, size_t bytes, uint64_t size, Dwarf_Die *found);
/* Calls `see` for each record type of that size. */
void debug_module_sized(struct debug_module *module, uint64_t bytes, void (*see)(void *context, Dwarf_Die *type), void *context);
/* The macros that the unit's own file sees; those of `also`, a file that it includes, too. */
struct macros *debug_module_macros(struct debug_module *module, struct source_texts *texts, Dwarf_Die *unit, const char *also);
/* The absolute path; lives as long as the module. */
const char *debug_module_path(struct debug_module *module, Dwarf_Die *unit, const char *file);
void debug_module_close(struct debug_module *module);

#endif
