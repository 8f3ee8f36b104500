/* layout: dispatches by kind of type; records are in record_shape.c. Answers are kept, as the same types come again and again. */
#include "layout.h"

#include <dwarf.h>
#include <string.h>

#include "record_shape.h"

enum { DEPTH_MOST = 100, PEEL_MOST = 50, DIMENSIONS_MOST = 20, VALUES_MOST = 100000 };

bool layout_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_attr_integrate(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type);
}

static bool is_wrapping(int tag)
{
    return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type ||
           tag == DW_TAG_immutable_type;
}

bool layout_peel(Dwarf_Die *type, Dwarf_Die *peeled)
{
    *peeled = *type;
    for (int i = 0; i < PEEL_MOST; i++) {
        Dwarf_Die from = *peeled;
        if (!is_wrapping(dwarf_tag(&from)))
            return true;
        if (!layout_type_of(&from, peeled))
            return false;
    }
    return false;
}

static bool scalar(struct shape *shape, struct extent host, struct extent target)
{
    *shape = (struct shape){
        .host = host, .target = target, .host_tight = host.size, .target_tight = target.size, .is_exact = true, .pointers = host.size != target.size};
    return true;
}

static bool pointer(struct layout *layout, struct shape *shape, unsigned words)
{
    struct extent host = data_model_scalar(layout->host, layout->host->pointer_bytes),
                  target = data_model_scalar(layout->target, layout->target->pointer_bytes);
    host.size *= words, target.size *= words;
    return scalar(shape, host, target);
}

static bool base_type(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    int bytes = dwarf_bytesize(type);
    struct extent host, target;
    if (bytes < 0 || !data_model_base(layout->target, dwarf_diename(type), (uint64_t)bytes, &target) ||
        !data_model_base(layout->host, dwarf_diename(type), (uint64_t)bytes, &host))
        return false;
    scalar(shape, host, target);
    shape->is_exact = host.size == (uint64_t)bytes;
    shape->host.size = shape->host_tight = (uint64_t)bytes;
    return true;
}

static bool has_enough(int64_t low, int64_t high, uint64_t bytes)
{
    if (bytes >= 8)
        return true;
    int64_t unsigned_most = ((int64_t)1 << (bytes * 8)) - 1, signed_least = -((int64_t)1 << (bytes * 8 - 1));
    return low < 0 ? low >= signed_least && high <= -(signed_least + 1) : high <= unsigned_most;
}

static void enum_range(Dwarf_Die *type, int64_t *low, int64_t *high)
{
    Dwarf_Die value;
    *low = *high = 0;
    if (dwarf_child(type, &value) != 0)
        return;
    for (unsigned count = 0; count < VALUES_MOST; count++) {
        Dwarf_Attribute attribute;
        Dwarf_Sword number;
        if (dwarf_attr(&value, DW_AT_const_value, &attribute) && dwarf_formsdata(&attribute, &number) == 0) {
            *low = number < *low ? number : *low;
            *high = number > *high ? number : *high;
        }
        if (dwarf_siblingof(&value, &value) != 0)
            return;
    }
}

/* Without a type of its own it is as wide as int; a wider or narrower one on the host has its width from its values or the source. */
static bool enumeration(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    Dwarf_Die under;
    Dwarf_Attribute attribute;
    int64_t low, high;
    int bytes = dwarf_bytesize(type);
    if (bytes < 0)
        return false;
    bool is_class = dwarf_attr(type, DW_AT_enum_class, &attribute) != NULL;
    if ((is_class || (uint64_t)bytes != layout->host->int_bytes) && layout_type_of(type, &under) && layout_type(layout, &under, shape))
        return true;
    uint64_t target = (uint64_t)bytes;
    enum_range(type, &low, &high);
    if ((uint64_t)bytes == layout->host->int_bytes)
        target = layout->target->short_enums ? 1 : layout->target->int_bytes;
    while (target < 8 && !has_enough(low, high, target))
        target *= 2;
    return scalar(shape, data_model_scalar(layout->host, (uint64_t)bytes), data_model_scalar(layout->target, target));
}

static uint64_t count_of(Dwarf_Die *range)
{
    Dwarf_Attribute attribute;
    Dwarf_Word count, lower = 0;
    Dwarf_Sword upper;
    if (dwarf_attr(range, DW_AT_count, &attribute))
        return dwarf_formudata(&attribute, &count) == 0 ? count : 0;
    if (dwarf_attr(range, DW_AT_lower_bound, &attribute))
        dwarf_formudata(&attribute, &lower);
    if (!dwarf_attr(range, DW_AT_upper_bound, &attribute) || dwarf_formsdata(&attribute, &upper) != 0 || upper < 0)
        return 0;
    return (uint64_t)upper + 1 - lower;
}

/* 0: flexible, or of no known length. */
static uint64_t elements(Dwarf_Die *type)
{
    Dwarf_Die range;
    uint64_t all = 1;
    if (dwarf_child(type, &range) != 0)
        return 0;
    for (int i = 0; i < DIMENSIONS_MOST; i++) {
        if (dwarf_tag(&range) == DW_TAG_subrange_type && __builtin_mul_overflow(all, count_of(&range), &all))
            return 0;
        if (dwarf_siblingof(&range, &range) != 0)
            break;
    }
    return all;
}

static bool array(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    Dwarf_Die element;
    Dwarf_Attribute attribute;
    uint64_t count = elements(type);
    if (!layout_type_of(type, &element) || !layout_type(layout, &element, shape) || count > LAYOUT_BYTES_MOST)
        return false;
    shape->host.size *= count, shape->target.size *= count;
    if (dwarf_attr(type, DW_AT_GNU_vector, &attribute))
        shape->host.align = shape->host.size, shape->target.align = layout->target->align_most > 1 ? shape->target.size : 1;
    shape->host_tight = shape->host.size, shape->target_tight = shape->target.size;
    shape->pointers = (uint32_t)(shape->pointers * count);
    return true;
}

static bool member_pointer(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    Dwarf_Die to;
    bool is_function = layout_type_of(type, &to) && dwarf_tag(&to) == DW_TAG_subroutine_type;
    return pointer(layout, shape, is_function ? 2 : 1);
}

static bool type_by_tag(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    Dwarf_Die under;
    switch (dwarf_tag(type)) {
    case DW_TAG_base_type:
        return base_type(layout, type, shape);
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
    case DW_TAG_unspecified_type:
        return pointer(layout, shape, 1);
    case DW_TAG_ptr_to_member_type:
        return member_pointer(layout, type, shape);
    case DW_TAG_enumeration_type:
        return enumeration(layout, type, shape);
    case DW_TAG_array_type:
        return array(layout, type, shape);
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        return record_shape(layout, type, shape);
    case DW_TAG_typedef:
    case DW_TAG_const_type:
    case DW_TAG_volatile_type:
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type:
    case DW_TAG_immutable_type:
        return layout_type_of(type, &under) && layout_type(layout, &under, shape);
    default:
        return false;
    }
}

/* What a typedef's name says goes before what it stands for: size_t is unsigned long here and unsigned int there. Types of the libraries are as the profile has
 * them. */
static void name_apply(const struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    const char *name = dwarf_diename(type);
    const struct extent *told = data_model_type(layout->target, name);
    struct extent target;
    Dwarf_Die peeled;
    bool is_number = name && dwarf_tag(type) == DW_TAG_typedef && layout_peel(type, &peeled) && dwarf_tag(&peeled) == DW_TAG_base_type;
    if (told)
        target = *told;
    else if (!is_number || !data_model_typedef(layout->target, name, shape->host.size, &target))
        return;
    shape->target = target;
    shape->target_tight = target.size;
    shape->pointers = shape->host.size != target.size;
    shape->is_exact |= told != NULL;
}

static bool is_sane(const struct shape *shape)
{
    return shape->host.size <= LAYOUT_BYTES_MOST && shape->target.size <= LAYOUT_BYTES_MOST;
}

bool layout_type(struct layout *layout, Dwarf_Die *type, struct shape *shape)
{
    uint64_t key = (uintptr_t)type->addr, *place = map_get(&layout->known, key);
    if (place) {
        *shape = layout->shapes.at[*place - 1];
        return true;
    }
    if (layout->depth >= DEPTH_MOST)
        return false;
    layout->depth++;
    bool is_good = type_by_tag(layout, type, shape);
    layout->depth--;
    if (!is_good || !is_sane(shape))
        return false;
    name_apply(layout, type, shape);
    vec_push(&layout->shapes, *shape);
    *map_put(&layout->known, key, NULL) = layout->shapes.count;
    return true;
}

bool layout_member(struct layout *layout, Dwarf_Die *type, const char *name, uint64_t *host, uint64_t *target, Dwarf_Die *member)
{
    Dwarf_Die peeled;
    return layout_peel(type, &peeled) && record_member(layout, &peeled, name, host, target, member);
}

void layout_done(struct layout *layout)
{
    map_done(&layout->known);
    vec_done(&layout->shapes);
}
