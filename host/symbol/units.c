/* units: in the debug data of one module, out the spots of an address. A unit is read when an address in it is asked for the first time. */
#include "units.h"

#include <dwarf.h>
#include <stdlib.h>

#include "host/base/str.h"

#include "demangle.h"

enum {
    UNITS_LOOK_BACK = 256, /* units overlap only in broken files */
    UNITS_RANGES = 32 * 1000 * 1000,
    UNITS_CHAIN = 16, /* from an inlined function to its declaration */
};

static int compare_ranges(const void *a, const void *b)
{
    const struct unit_range *left = a, *right = b;
    if (left->low != right->low)
        return left->low < right->low ? -1 : 1;
    return left->unit < right->unit ? -1 : left->unit > right->unit;
}

static void sort_ranges(struct units *units)
{
    if (units->ranges.count)
        qsort(units->ranges.at, units->ranges.count, sizeof *units->ranges.at, compare_ranges);
    uint64_t reach = 0;
    for (size_t i = 0; i < units->ranges.count; i++) {
        reach = units->ranges.at[i].high > reach ? units->ranges.at[i].high : reach;
        units->ranges.at[i].reach = reach;
    }
}

void units_read(struct units *units, Dwarf *dwarf, bool (*is_code)(const void *context, uint64_t address), const void *context)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Half version;
    uint8_t type;
    Dwarf_Die die, split;
    while (dwarf_get_units(dwarf, cu, &cu, &version, &type, &die, &split) == 0) {
        if (type != DW_UT_compile && type != DW_UT_skeleton)
            continue;
        Dwarf_Addr base, low, high;
        for (ptrdiff_t at = 0; units->ranges.count < UNITS_RANGES && (at = dwarf_ranges(&die, at, &base, &low, &high)) > 0;)
            if (low < high && is_code(context, low))
                vec_push(&units->ranges, ((struct unit_range){low, high, 0, (uint32_t)units->list.count}));
        bool is_split = type == DW_UT_skeleton && dwarf_tag(&split) != DW_TAG_invalid;
        vec_push(&units->list, ((struct unit){.die = die, .split = is_split ? split : die}));
    }
    sort_ranges(units);
}

static struct unit *units_find(const struct units *units, uint64_t pc)
{
    size_t low = 0, high = units->ranges.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (units->ranges.at[middle].low <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t back = 0; low && back < UNITS_LOOK_BACK; low--, back++) {
        const struct unit_range *range = &units->ranges.at[low - 1];
        if (range->reach <= pc)
            return NULL;
        if (pc < range->high)
            return &units->list.at[range->unit];
    }
    return NULL;
}

static void read_scopes(struct units *units, struct unit *unit)
{
    if (unit->is_read)
        return;
    unit->is_read = true;
    units->read_count++;
    scopes_read(&unit->scopes, &unit->split, &units->texts);
}

/* The unit that the DIE is in; with link-time optimisation functions are declared in other units than their code is. */
static struct unit *unit_of(struct units *units, Dwarf_Die *die)
{
    Dwarf_Die top;
    if (!dwarf_diecu(die, &top, NULL, NULL))
        return NULL;
    size_t low = 0, high = units->list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dwarf_dieoffset(&units->list.at[middle].die) < dwarf_dieoffset(&top))
            low = middle + 1;
        else
            high = middle;
    }
    return low < units->list.count && units->list.at[low].die.cu == top.cu ? &units->list.at[low] : NULL;
}

/* What holds the function, from the DIE that declares it. */
static const char *holder_of(struct units *units, struct unit *unit, Dwarf_Die *die)
{
    Dwarf_Die at = *die;
    for (int i = 0; i < UNITS_CHAIN; i++) {
        Dwarf_Attribute attribute;
        if (at.cu != unit->split.cu)
            unit = unit_of(units, &at);
        if (!unit)
            return NULL;
        read_scopes(units, unit);
        const char *holder = scopes_holder(&unit->scopes, &at);
        if (holder)
            return holder;
        Dwarf_Attribute *next = dwarf_attr(&at, DW_AT_abstract_origin, &attribute);
        next = next ? next : dwarf_attr(&at, DW_AT_specification, &attribute);
        if (!next || !dwarf_formref_die(next, &at))
            return NULL;
    }
    return NULL;
}

static const char *held_name(struct units *units, const char *holder, const char *name)
{
    struct str text = {0};
    str_add_format(&text, "%s::%s", holder, name);
    const char *copy = arena_copy_text(&units->texts, text.at, text.count);
    str_done(&text);
    return copy;
}

static const char *clear_name(struct units *units, struct unit *unit, struct scope *scope)
{
    if (scope->name)
        return scope->name;
    const char *name = scope_name(&scope->die, &scope->is_bare);
    const char *holder = name && scope->is_bare ? holder_of(units, unit, &scope->die) : NULL;
    if (!name || holder)
        return scope->name = name ? held_name(units, holder, name) : NULL;
    bool is_new;
    uint64_t *clear = map_put(&units->names, (uint64_t)(uintptr_t)name, &is_new);
    if (is_new)
        *clear = (uint64_t)(uintptr_t)demangle_name(&units->texts, name);
    return scope->name = (const char *)(uintptr_t)*clear;
}

static struct spot line_of(struct unit *unit, uint64_t pc)
{
    struct spot spot = {0};
    Dwarf_Line *line = dwarf_getsrc_die(&unit->die, pc);
    int number = 0;
    if (line) {
        spot.file = dwarf_linesrc(line, NULL, NULL);
        spot.line = dwarf_lineno(line, &number) == 0 && number > 0 ? (uint32_t)number : 0;
    }
    return spot;
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 && value <= INT32_MAX ? (uint32_t)value : 0;
}

/* The spot in the outer function that the inlined one was called from. */
static struct spot call_of(struct unit *unit, Dwarf_Die *inlined)
{
    struct spot spot = {.line = number_of(inlined, DW_AT_call_line)};
    Dwarf_Files *files;
    size_t count;
    uint32_t file = number_of(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(&unit->split, &files, &count) == 0 && file < count)
        spot.file = dwarf_filesrc(files, file, NULL, NULL);
    return spot;
}

void units_resolve(struct units *units, uint64_t pc, struct spots *spots)
{
    struct unit *unit = units_find(units, pc);
    if (!unit)
        return;
    read_scopes(units, unit);
    struct spot spot = line_of(unit, pc);
    bool is_whole = false;
    for (uint32_t at = scopes_find(&unit->scopes, pc); at != SCOPE_NONE && !is_whole;) {
        struct scope *scope = &unit->scopes.list.at[at];
        spot.function = clear_name(units, unit, scope);
        spot.inlined = scope->inlined;
        spot.is_bare = scope->is_bare;
        vec_push(&spots->list, spot);
        is_whole = !scope->inlined;
        spot = is_whole ? spot : call_of(unit, &scope->die);
        at = scope->parent;
    }
    if (!is_whole && (spot.file || spots->list.count))
        vec_push(&spots->list, spot);
}

void units_done(struct units *units)
{
    for (size_t i = 0; i < units->list.count; i++)
        scopes_done(&units->list.at[i].scopes);
    vec_done(&units->list);
    vec_done(&units->ranges);
    map_done(&units->names);
    arena_done(&units->texts);
}
