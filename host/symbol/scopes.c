/* scopes: in the debug data of one compile unit, out the functions that are active at an address.
 *
 * libdw's dwarf_getscopes goes through the unit for every address. Here the unit is walked once; the ranges of its functions, which nest, are cut
 * into segments that each belong to the innermost one, and an address is a binary search. The walk only goes forward in the bytes of the unit, so
 * references that loop end it. */
#include "scopes.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/str.h"

#include "demangle.h"

enum {
    SCOPES_DEPTH = 256,
    SCOPES_NAME = 2048,              /* bytes of a holder's text */
    SCOPES_RANGES = 8 * 1000 * 1000, /* of one unit; functions of a made file can all claim the same long list */
};

struct walk {
    struct arena *arena;
    struct {
        Dwarf_Die die;
        uint32_t scope;
        const char *name;   /* of what holds the DIEs of this level; NULL: nothing that belongs to a name */
        const char *holder; /* the same with all that is outside of it; NULL: not made yet */
    } level[SCOPES_DEPTH];
    int depth; /* levels in use */
};

static bool is_function(int tag)
{
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_entry_point;
}

static bool is_holder(int tag)
{
    switch (tag) {
    case DW_TAG_lexical_block:
    case DW_TAG_with_stmt:
    case DW_TAG_catch_block:
    case DW_TAG_try_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: /* Rust puts methods there */
        return true;
    default:
        return false;
    }
}

/* The scope that the children of `die` are in; *has_code tells whether any of them can be wanted. */
static uint32_t see_die(struct scopes *scopes, Dwarf_Die *die, uint32_t parent, bool *has_code)
{
    int tag = dwarf_tag(die);
    *has_code = is_holder(tag) || tag == DW_TAG_subprogram; /* one without code of its own may hold the class of a lambda that has some */
    if (!is_function(tag))
        return parent;
    Dwarf_Addr base, low, high;
    uint32_t scope = (uint32_t)scopes->list.count;
    size_t before = scopes->ranges.count;
    for (ptrdiff_t at = 0; scopes->ranges.count < SCOPES_RANGES && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0;)
        if (low < high)
            vec_push(&scopes->ranges, ((struct scope_range){low, high, scope}));
    if (scopes->ranges.count == before)
        return parent;
    *has_code = true;
    vec_push(&scopes->list, ((struct scope){*die, parent, tag == DW_TAG_inlined_subroutine, false, NULL}));
    return scope;
}

/* Moves the deepest level on to the next DIE behind it; a level without one ends. */
static void walk_on(struct walk *walk)
{
    Dwarf_Die *die = &walk->level[walk->depth - 1].die, next;
    if (dwarf_siblingof(die, &next) == 0 && dwarf_dieoffset(&next) > dwarf_dieoffset(die))
        *die = next;
    else
        walk->depth--;
}

static const char *name_of_holder(Dwarf_Die *die)
{
    const char *name = dwarf_diename(die);
    switch (dwarf_tag(die)) {
    case DW_TAG_lexical_block:
    case DW_TAG_inlined_subroutine:
    case DW_TAG_with_stmt:
    case DW_TAG_catch_block:
    case DW_TAG_try_block:
        return NULL;
    case DW_TAG_namespace:
        return name ? name : "(anonymous namespace)";
    default:
        return name ? name : "{unnamed}";
    }
}

/* "" when nothing holds the DIEs of this level. */
static const char *holder_at(struct walk *walk, int depth)
{
    if (depth < 0)
        return "";
    if (walk->level[depth].holder)
        return walk->level[depth].holder;
    const char *outer = holder_at(walk, depth - 1), *name = walk->level[depth].name;
    struct str text = {0};
    if (name && strlen(outer) < SCOPES_NAME)
        str_add_format(&text, "%s%s%s", outer, outer[0] ? "::" : "", name);
    walk->level[depth].holder = text.count ? arena_copy_text(walk->arena, text.at, text.count) : outer;
    str_done(&text);
    return walk->level[depth].holder;
}

/* Inlined functions have no symbol whose mangled name could be taken; so what holds a function is remembered where it is declared. */
static void note_holder(struct scopes *scopes, struct walk *walk, Dwarf_Die *die)
{
    if (dwarf_tag(die) != DW_TAG_subprogram || dwarf_hasattr(die, DW_AT_linkage_name))
        return;
    const char *holder = holder_at(walk, walk->depth - 1);
    if (holder[0])
        *map_put(&scopes->holders, dwarf_dieoffset(die), NULL) = (uint64_t)(uintptr_t)holder;
}

static void walk_unit(struct scopes *scopes, Dwarf_Die *unit, struct arena *arena)
{
    struct walk walk = {.arena = arena, .depth = 1};
    walk.level[0].scope = SCOPE_NONE;
    if (dwarf_child(unit, &walk.level[0].die) != 0)
        return;
    while (walk.depth) {
        Dwarf_Die die = walk.level[walk.depth - 1].die, child;
        bool has_code;
        uint32_t scope = see_die(scopes, &die, walk.level[walk.depth - 1].scope, &has_code);
        note_holder(scopes, &walk, &die);
        walk_on(&walk);
        if (has_code && walk.depth < SCOPES_DEPTH && dwarf_child(&die, &child) == 0) {
            walk.level[walk.depth].die = child;
            walk.level[walk.depth].name = name_of_holder(&die);
            walk.level[walk.depth].holder = NULL;
            walk.level[walk.depth++].scope = scope;
        }
    }
}

/* By start; of those that start together the outer one (longer, else found earlier) first. */
static int compare_ranges(const void *a, const void *b)
{
    const struct scope_range *left = a, *right = b;
    if (left->low != right->low)
        return left->low < right->low ? -1 : 1;
    if (left->high != right->high)
        return left->high > right->high ? -1 : 1;
    return left->scope < right->scope ? -1 : left->scope > right->scope;
}

static void add_segment(struct scopes *scopes, uint64_t start, uint32_t scope)
{
    struct scope_segment *last = scopes->segments.count ? &scopes->segments.at[scopes->segments.count - 1] : NULL;
    if (last && last->start == start)
        last->scope = scope;
    else if (!last || last->scope != scope)
        vec_push(&scopes->segments, ((struct scope_segment){start, scope}));
}

/* Open ranges are a stack; each ends where it likes and uncovers the one below that still lasts. */
static void cut_segments(struct scopes *scopes)
{
    VEC(struct scope_range) open = {0};
    for (size_t i = 0; i <= scopes->ranges.count; i++) {
        uint64_t until = i < scopes->ranges.count ? scopes->ranges.at[i].low : UINT64_MAX;
        while (open.count && open.at[open.count - 1].high <= until) {
            uint64_t end = open.at[--open.count].high;
            while (open.count && open.at[open.count - 1].high <= end)
                open.count--;
            add_segment(scopes, end, open.count ? open.at[open.count - 1].scope : SCOPE_NONE);
        }
        if (i == scopes->ranges.count)
            break;
        vec_push(&open, scopes->ranges.at[i]);
        add_segment(scopes, until, scopes->ranges.at[i].scope);
    }
    vec_done(&open);
}

void scopes_read(struct scopes *scopes, Dwarf_Die *unit, struct arena *arena)
{
    walk_unit(scopes, unit, arena);
    if (scopes->ranges.count)
        qsort(scopes->ranges.at, scopes->ranges.count, sizeof *scopes->ranges.at, compare_ranges);
    cut_segments(scopes);
    vec_done(&scopes->ranges);
}

uint32_t scopes_find(const struct scopes *scopes, uint64_t pc)
{
    size_t low = 0, high = scopes->segments.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (scopes->segments.at[middle].start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? scopes->segments.at[low - 1].scope : SCOPE_NONE;
}

static const char *text_of(Dwarf_Die *die, unsigned wanted)
{
    Dwarf_Attribute attribute;
    const char *text = dwarf_formstring(dwarf_attr_integrate(die, wanted, &attribute));
    return text && text[0] ? text : NULL;
}

const char *scope_name(Dwarf_Die *die, bool *is_bare)
{
    const char *linkage = text_of(die, DW_AT_linkage_name);
    linkage = linkage ? linkage : text_of(die, DW_AT_MIPS_linkage_name);
    *is_bare = !linkage || !demangle_knows(linkage);
    if (!*is_bare)
        return linkage;
    const char *name = text_of(die, DW_AT_name); /* in C the linkage name is an alias of asm("..."): not what the source says */
    return name ? name : linkage;
}

const char *scopes_holder(const struct scopes *scopes, Dwarf_Die *die)
{
    uint64_t *holder = map_get(&scopes->holders, dwarf_dieoffset(die));
    return holder ? (const char *)(uintptr_t)*holder : NULL;
}

void scopes_done(struct scopes *scopes)
{
    map_done(&scopes->holders);
    vec_done(&scopes->list);
    vec_done(&scopes->segments);
    vec_done(&scopes->ranges);
}
