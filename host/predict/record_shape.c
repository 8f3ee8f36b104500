/* record_shape: members are laid out one behind another by the rules of both sides at once. What the host's debug data says of a place decides which rule the
 * source had switched on (packed, aligned, a derived class in the base's padding), and the target gets the same one. */
#include "record_shape.h"

#include <dwarf.h>
#include <string.h>

enum { MEMBERS_MOST = 100000, MEMBER_DEPTH_MOST = 30 };

/* One side of the walk; in bits, since there are bit-fields. */
struct side {
    uint64_t at;    /* behind the last member */
    uint64_t tight; /* the same without the last member's padding at its end */
    uint64_t align; /* of the record, in bytes */
    uint64_t here;  /* where the member that was placed last lies */
};

struct walk {
    struct layout *layout;
    Dwarf_Die *type;
    struct side host, target;
    uint64_t host_most, target_most; /* unions: the largest member, in bits */
    uint32_t pointers;
    bool is_union, is_exact, is_packed;
    bool was_packed; /* an earlier walk has shown it: members that lie right by chance are told by those that do not */
};

static uint64_t align_up(uint64_t at, uint64_t align)
{
    return align ? (at + align - 1) / align * align : at;
}

/* In bits; false: it has none (a virtual base, a member of a union). */
static bool place_of(Dwarf_Die *member, uint64_t *bits)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0, byte = 0, width = 0, from = 0;
    if (dwarf_attr(member, DW_AT_data_bit_offset, &attribute))
        return dwarf_formudata(&attribute, bits) == 0;
    if (!dwarf_attr(member, DW_AT_data_member_location, &attribute) || dwarf_formudata(&attribute, &value) != 0)
        return false;
    *bits = value * 8;
    if (!dwarf_attr(member, DW_AT_bit_offset, &attribute) || dwarf_formudata(&attribute, &from) != 0)
        return true;
    if (dwarf_attr(member, DW_AT_byte_size, &attribute))
        dwarf_formudata(&attribute, &byte);
    if (dwarf_attr(member, DW_AT_bit_size, &attribute))
        dwarf_formudata(&attribute, &width);
    *bits += byte * 8 - from - width;
    return true;
}

static uint64_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    return dwarf_attr(die, name, &attribute) && dwarf_formudata(&attribute, &value) == 0 ? value : 0;
}

/* The least power of two that explains the place; 0: none does. */
static uint64_t align_for(uint64_t from, uint64_t to)
{
    for (uint64_t align = 2; align <= 4096; align *= 2)
        if (align_up(from, align * 8) == to)
            return align;
    return 0;
}

static void side_put(struct side *side, uint64_t at, struct extent extent, uint64_t align, uint64_t tight)
{
    side->here = at;
    side->at = at + extent.size * 8;
    side->tight = at + tight * 8;
    side->align = align > side->align ? align : side->align;
}

/* Both sides by one rule: from `at` or `tight`, aligned by `host_align` and `target_align`. */
static void both_put(struct walk *walk, const struct shape *shape, bool tight, uint64_t host_align, uint64_t target_align)
{
    uint64_t host = tight ? align_up(walk->host.tight, 8) : align_up(walk->host.at, 8),
             target = tight ? align_up(walk->target.tight, 8) : align_up(walk->target.at, 8);
    side_put(&walk->host, align_up(host, host_align * 8), shape->host, host_align, shape->host_tight);
    side_put(&walk->target, align_up(target, target_align * 8), shape->target, target_align, shape->target_tight);
}

static void plain_member(struct walk *walk, Dwarf_Die *member, const struct shape *shape)
{
    uint64_t place, asked = number_of(member, DW_AT_alignment), host = shape->host.align, target = shape->target.align;
    if (asked > host) /* gcc also tells what is natural, of members that hold something packed */
        host = asked, target = asked;
    bool is_placed = place_of(member, &place) && !walk->is_union;
    uint64_t at = align_up(walk->host.at, 8), natural = align_up(at, host * 8);
    if (is_placed && walk->was_packed && place == at)
        both_put(walk, shape, false, 1, 1);
    else if (!is_placed || place == natural)
        both_put(walk, shape, false, host, target);
    else if (place == align_up(align_up(walk->host.tight, 8), host * 8))
        both_put(walk, shape, true, host, target);
    else if (place == at) {
        both_put(walk, shape, false, 1, 1);
        walk->is_packed = true;
    } else if (place > at && align_for(at, place)) {
        both_put(walk, shape, false, align_for(at, place), align_for(at, place));
    } else { /* by no rule that is known here: as far behind the last member as on the host */
        walk->target.at = align_up(walk->target.at, 8) + (place > at ? place - at : 0);
        walk->host.at = place;
        both_put(walk, shape, false, 1, target);
        walk->is_exact = false;
    }
}

/* Would the field lie in more storage units of its type than it may? */
static bool is_split(uint64_t at, uint64_t width, struct extent type)
{
    uint64_t align = type.align * 8;
    return (at % align + width + align - 1) / align > type.size * 8 / align;
}

/* A machine without alignment (AVR) does not mind where a field lies. */
static uint64_t bits_place(const struct data_model *model, uint64_t at, uint64_t width, struct extent type)
{
    return model->align_most > 1 && is_split(at, width, type) ? align_up(at, type.align * 8) : at;
}

static void bits_put(struct side *side, uint64_t at, uint64_t width, uint64_t align)
{
    side->here = at;
    side->at = side->tight = at + width;
    side->align = align > side->align ? align : side->align;
}

/* Fields without a name are not in the debug data: the gap that they leave is. */
static void bit_member(struct walk *walk, Dwarf_Die *member, const struct shape *shape, uint64_t width)
{
    uint64_t place, host = bits_place(walk->layout->host, walk->host.at, width, shape->host), host_align = shape->host.align,
                    target_align = shape->target.align;
    uint64_t target = bits_place(walk->layout->target, walk->target.at, width, shape->target);
    if (place_of(member, &place) && (place != host || walk->was_packed) && !walk->is_union) {
        if (place > walk->host.at) {
            walk->is_exact = false;
            target = bits_place(walk->layout->target, walk->target.at + (place - walk->host.at), width, shape->target);
        } else {
            walk->is_packed = true;
            host_align = target_align = 1;
            target = walk->target.at;
        }
        host = place;
    }
    bits_put(&walk->host, host, width, host_align);
    bits_put(&walk->target, target, width, target_align);
}

static bool is_field(Dwarf_Die *member)
{
    Dwarf_Attribute attribute;
    int tag = dwarf_tag(member);
    if (tag == DW_TAG_inheritance)
        return true;
    return tag == DW_TAG_member && !dwarf_attr(member, DW_AT_external, &attribute) && !dwarf_attr(member, DW_AT_const_value, &attribute) &&
           !(dwarf_attr(member, DW_AT_declaration, &attribute));
}

static void union_reset(struct walk *walk)
{
    walk->host_most = walk->host.at > walk->host_most ? walk->host.at : walk->host_most;
    walk->target_most = walk->target.at > walk->target_most ? walk->target.at : walk->target_most;
    walk->host.at = walk->host.tight = walk->target.at = walk->target.tight = 0;
}

static bool member_put(struct walk *walk, Dwarf_Die *member)
{
    Dwarf_Die type;
    struct shape shape;
    uint64_t width = number_of(member, DW_AT_bit_size);
    if (!layout_type_of(member, &type) || !layout_type(walk->layout, &type, &shape))
        return false;
    walk->pointers += shape.pointers;
    walk->is_exact &= shape.is_exact;
    if (dwarf_tag(member) == DW_TAG_inheritance && !shape.host_tight) /* an empty base lies where another one does */
        return true;
    if (width)
        bit_member(walk, member, &shape, width);
    else
        plain_member(walk, member, &shape);
    return true;
}

/* Calls `see` for each field until it returns false; virtual bases come last, as they lie last. */
static bool fields_walk(struct walk *walk, bool (*see)(void *context, Dwarf_Die *member), void *context)
{
    for (int turn = 0; turn < 2; turn++) {
        Dwarf_Die member;
        if (dwarf_child(walk->type, &member) != 0)
            return true;
        for (unsigned count = 0; count < MEMBERS_MOST; count++) {
            bool is_virtual = dwarf_tag(&member) == DW_TAG_inheritance && number_of(&member, DW_AT_virtuality);
            if (is_field(&member) && is_virtual == (turn == 1)) {
                if (!member_put(walk, &member))
                    return false;
                if (see && !see(context, &member))
                    return true;
                if (walk->is_union)
                    union_reset(walk);
            }
            if (dwarf_siblingof(&member, &member) != 0)
                break;
        }
    }
    return true;
}

static struct walk walk_of(struct layout *layout, Dwarf_Die *type)
{
    return (struct walk){
        .layout = layout, .type = type, .host = {.align = 1}, .target = {.align = 1}, .is_exact = true, .is_union = dwarf_tag(type) == DW_TAG_union_type};
}

static bool is_declared_only(Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_attr(type, DW_AT_declaration, &attribute) != NULL || dwarf_bytesize(type) < 0;
}

/* Is the record packed? A place or the size alone may show it; the walk begins again with what was found. */
static bool first_walk(struct walk *walk)
{
    if (is_declared_only(walk->type) || !fields_walk(walk, NULL, NULL))
        return false;
    uint64_t end = align_up(walk->is_union ? walk->host_most : walk->host.at, 8) / 8, bytes = (uint64_t)dwarf_bytesize(walk->type);
    bool is_packed = walk->is_packed || (bytes == end && align_up(end, walk->host.align) != bytes);
    *walk = walk_of(walk->layout, walk->type);
    walk->was_packed = is_packed;
    return true;
}

/* The end: rounded up to the alignment, unless the host's size tells otherwise. */
static void end_put(struct walk *walk, Dwarf_Die *type, struct shape *shape)
{
    uint64_t bytes = (uint64_t)dwarf_bytesize(type), asked = number_of(type, DW_AT_alignment);
    uint64_t host = align_up(walk->is_union ? walk->host_most : walk->host.at, 8) / 8,
             target = align_up(walk->is_union ? walk->target_most : walk->target.at, 8) / 8;
    if (asked > walk->host.align)
        walk->host.align = walk->target.align = asked;
    shape->host_tight = walk->is_union ? host : align_up(walk->host.tight, 8) / 8;
    shape->target_tight = walk->is_union ? target : align_up(walk->target.tight, 8) / 8;
    if (walk->was_packed && bytes == host)
        walk->host.align = walk->target.align = 1;
    else if (bytes > align_up(host, walk->host.align) && align_for(host * 8, bytes * 8) > walk->host.align)
        walk->host.align = walk->target.align = align_for(host * 8, bytes * 8);
    shape->host = (struct extent){bytes, walk->host.align};
    shape->target = (struct extent){align_up(target, walk->target.align), walk->target.align};
    if (!host && bytes == 1) { /* an empty class */
        shape->target.size = 1;
        shape->host_tight = shape->target_tight = 0;
        return;
    }
    walk->is_exact &= align_up(host, walk->host.align) == bytes;
    if (bytes > align_up(host, walk->host.align))
        shape->target.size += bytes - align_up(host, walk->host.align);
}

/* Nodes of libstdc++ hold their value as bytes: an array as long as the value is here. What it stands for is the template's parameter. */
static bool stored_type(Dwarf_Die *type, Dwarf_Die *stored)
{
    static const char *const names[] = {"__aligned_membuf<", "__aligned_buffer<"};
    const char *name = dwarf_diename(type);
    bool is_storage = false;
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        is_storage |= !strncmp(name, names[i], strlen(names[i]));
    if (!is_storage || dwarf_child(type, stored) != 0)
        return false;
    do {
        if (dwarf_tag(stored) == DW_TAG_template_type_parameter)
            return layout_type_of(stored, stored);
    } while (dwarf_siblingof(stored, stored) == 0);
    return false;
}

static bool storage_shape(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    Dwarf_Die stored;
    if (!stored_type(type, &stored) || !layout_type(layout, &stored, shape) || shape->host.size != (uint64_t)dwarf_bytesize(type))
        return false;
    shape->host_tight = shape->host.size, shape->target_tight = shape->target.size;
    return true;
}

bool record_shape(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    if (storage_shape(layout, type, shape))
        return true;
    struct walk walk = walk_of(layout, type);
    *shape = (struct shape){0};
    if (!first_walk(&walk) || !fields_walk(&walk, NULL, NULL))
        return false;
    end_put(&walk, type, shape);
    shape->is_exact = walk.is_exact;
    shape->pointers = walk.pointers;
    return true;
}

struct search {
    struct walk *walk;
    const char *name;
    uint64_t host, target;
    Dwarf_Die type;
    bool is_found;
};

/* In what has no name, and in bases, the member may be one level further down. */
static bool search_inside(struct search *search, Dwarf_Die *type)
{
    struct layout *layout = search->walk->layout;
    Dwarf_Die peeled;
    uint64_t host, target;
    if (layout->depth >= MEMBER_DEPTH_MOST || !layout_peel(type, &peeled))
        return false;
    layout->depth++;
    search->is_found = record_member(layout, &peeled, search->name, &host, &target, &search->type);
    layout->depth--;
    search->host += search->is_found ? host : 0;
    search->target += search->is_found ? target : 0;
    return search->is_found;
}

static bool search_see(void *context, Dwarf_Die *member)
{
    struct search *search = context;
    Dwarf_Die type;
    const char *name = dwarf_diename(member);
    bool is_base = dwarf_tag(member) == DW_TAG_inheritance;
    if (!layout_type_of(member, &type) || (name && !is_base && strcmp(name, search->name)))
        return true;
    search->host = search->walk->host.here / 8;
    search->target = search->walk->target.here / 8;
    if (!name || is_base)
        return !search_inside(search, &type);
    search->type = type;
    search->is_found = true;
    return false;
}

bool record_member(struct layout *layout, Dwarf_Die *type, const char *name, uint64_t *host, uint64_t *target, Dwarf_Die *member)
{
    struct walk walk = walk_of(layout, type);
    struct search search = {.walk = &walk, .name = name};
    if (!first_walk(&walk) || !fields_walk(&walk, search_see, &search) || !search.is_found)
        return false;
    *host = search.host, *target = search.target, *member = search.type;
    return true;
}
