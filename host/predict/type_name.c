/* type_name: words of the language are base types; other names are looked up in the function's template parameters, its blocks, its unit, and its module. */
#include "type_name.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MOST = 10000, HOLDERS_MOST = 6 };

/* Words of a base type. */
struct base_words {
    unsigned longs, shorts, chars, ints, doubles, floats, bools, signs;
};

static bool base_take(struct base_words *words, const struct token *token)
{
    struct {
        const char *word;
        unsigned *count;
    } const table[] = {{"long", &words->longs},   {"short", &words->shorts}, {"char", &words->chars}, {"int", &words->ints},       {"double", &words->doubles},
                       {"float", &words->floats}, {"_Bool", &words->bools},  {"bool", &words->bools}, {"unsigned", &words->signs}, {"signed", &words->signs}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (token_is(token, table[i].word))
            return ++*table[i].count, true;
    return false;
}

static struct both base_size(const struct base_words *words, const struct data_model *host, const struct data_model *target)
{
    if (words->chars || words->bools)
        return (struct both){1, 1};
    if (words->shorts)
        return (struct both){2, 2};
    if (words->doubles)
        return words->longs ? (struct both){host->long_double_bytes, target->long_double_bytes} : (struct both){host->double_bytes, target->double_bytes};
    if (words->floats)
        return (struct both){4, 4};
    if (words->longs)
        return words->longs > 1 ? (struct both){8, 8} : (struct both){host->long_bytes, target->long_bytes};
    return (struct both){host->int_bytes, target->int_bytes};
}

static bool is_qualifier(const struct token *token)
{
    static const char *const words[] = {"const", "volatile", "restrict",      "__restrict", "struct", "union", "enum",
                                        "class", "typename", "__extension__", "register",   "static", "inline"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is(token, words[i]))
            return true;
    return false;
}

static bool child_type(Dwarf_Die *parent, int tag, const struct token *name, Dwarf_Die *type)
{
    Dwarf_Die child;
    if (dwarf_child(parent, &child) != 0)
        return false;
    do {
        const char *other = dwarf_diename(&child);
        bool is_it = other && strlen(other) == name->count && !memcmp(other, name->at, name->count);
        if (is_it && dwarf_tag(&child) == tag && tag == DW_TAG_template_type_parameter)
            return layout_type_of(&child, type);
        if (is_it && tag == DW_TAG_typedef &&
            (dwarf_tag(&child) == DW_TAG_typedef || dwarf_tag(&child) == DW_TAG_structure_type || dwarf_tag(&child) == DW_TAG_class_type)) {
            *type = child;
            return true;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

static bool is_c(Dwarf_Die *unit)
{
    int language = dwarf_srclang(unit);
    return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 || language == DW_LANG_C11;
}

/* Template parameters and types of the function itself and of the classes that hold its declaration. */
static bool held_type(struct size_scope const *scope, const struct token *name, Dwarf_Die *type)
{
    Dwarf_Die *function = call_frame_function(scope->frame), at, *chain = NULL;
    Dwarf_Attribute attribute;
    if (!function || is_c(&scope->frame->unit))
        return false;
    at = *function;
    for (int i = 0; i < HOLDERS_MOST; i++) {
        if (child_type(&at, DW_TAG_template_type_parameter, name, type))
            return true;
        Dwarf_Attribute *next = dwarf_attr(&at, DW_AT_abstract_origin, &attribute);
        next = next ? next : dwarf_attr(&at, DW_AT_specification, &attribute);
        if (!next || !dwarf_formref_die(next, &at))
            break;
    }
    int count = dwarf_getscopes_die(&at, &chain);
    bool is_found = false;
    for (int i = 1; i < count && !is_found; i++)
        is_found = dwarf_tag(&chain[i]) != DW_TAG_compile_unit && dwarf_tag(&chain[i]) != DW_TAG_namespace &&
                   (child_type(&chain[i], DW_TAG_template_type_parameter, name, type) || child_type(&chain[i], DW_TAG_typedef, name, type));
    free(chain);
    return is_found;
}

static bool block_type(const struct size_scope *scope, const struct token *name, Dwarf_Die *type)
{
    for (unsigned i = 0; i < scope->frame->block_count; i++)
        if (child_type(&scope->frame->blocks[i], DW_TAG_typedef, name, type))
            return true;
    return false;
}

/* Names of the language's own headers, which debug data has only where they are used. */
static bool usual_type(const struct sizing *sizing, const struct token *name, struct value_type *type)
{
    char text[40] = {0};
    struct extent host, target;
    const struct data_model *from = sizing->layout->host, *to = sizing->layout->target;
    memcpy(text, name->at, name->count < 39 ? name->count : 39);
    size_t digits = strcspn(text, "0123456789"), length = strlen(text);
    uint64_t bytes = from->size_bytes;
    if (text[digits] && length > 2 && !strcmp(text + length - 2, "_t"))
        bytes = (uint64_t)atoi(text + digits) / 8;
    else if (strcmp(text, "size_t") && strcmp(text, "ssize_t") && strcmp(text, "ptrdiff_t") && strcmp(text, "intptr_t") && strcmp(text, "uintptr_t"))
        return false;
    if (!bytes || !data_model_typedef(from, text, bytes, &host) || !data_model_typedef(to, text, bytes, &target))
        return false;
    type->scalar = (struct both){(int64_t)host.size, (int64_t)target.size};
    return true;
}

/* Behind `struct` a variable of the same name does not hide the type. `is_instance`: template arguments follow. */
static bool named_type(struct sizing *sizing, const struct size_scope *scope, const struct token *name, bool is_tagged, bool is_instance,
                       struct value_type *type)
{
    struct debug_module *module = scope->frame->module;
    Dwarf_Die variable;
    int number;
    type->has_die = held_type(scope, name, &type->die) || block_type(scope, name, &type->die);
    if (!type->has_die && !is_tagged && call_frame_variable(scope->frame, name->at, name->count, &variable, &number))
        return false;
    type->has_die = type->has_die || (module && debug_module_find(module, DEBUG_TYPE, name->at, name->count, &scope->frame->unit, &type->die));
    type->has_die = type->has_die || (module && is_instance && debug_module_instance(module, name->at, name->count, sizing->seen_bytes, &type->die));
    return type->has_die || usual_type(sizing, name, type);
}

static const struct token *angles_skip(const struct token *at, const struct token *end)
{
    int depth = 0;
    for (const struct token *from = at; at < end && at < from + 60; at++) {
        depth += token_is(at, "<");
        depth -= token_is(at, ">") ? 1 : token_is(at, ">>") ? 2 : 0;
        if (depth <= 0)
            return at + 1;
    }
    return at;
}

/* Pointers and arrays behind the name. */
static const struct token *tail_take(struct sizing *sizing, const struct size_scope *scope, const struct token *at, const struct token *end,
                                     struct value_type *type)
{
    while (at < end) {
        if (token_is(at, "*")) {
            type->stars++;
            at++;
        } else if (is_qualifier(at)) {
            at++;
        } else if (token_is(at, "(") && at + 2 < end && token_is(at + 1, "*") && token_is(at + 2, ")")) {
            type->stars++;
            at = end; /* a pointer to a function */
        } else if (token_is(at, "[")) {
            const struct token *from = at + 1;
            while (at < end && !token_is(at, "]"))
                at++;
            struct value count = size_read(sizing, scope, from, (size_t)(at - from));
            if (!form_is_constant(&count.form) || count.form.constant.host <= 0)
                return from - 1;
            type->elements = (uint64_t)count.form.constant.host * (type->elements ? type->elements : 1);
            at++;
        } else {
            break;
        }
    }
    return at;
}

size_t size_read_type(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, struct value_type *type)
{
    const struct token *at = tokens, *end, *name = NULL;
    struct base_words words = {0};
    bool has_base = false, is_tagged = false;
    *type = (struct value_type){0};
    if (!count)
        return 0;
    end = tokens + count;
    while (at < end && (is_qualifier(at) || base_take(&words, at))) {
        has_base |= !is_qualifier(at);
        is_tagged |= token_is(at, "struct") || token_is(at, "union") || token_is(at, "enum") || token_is(at, "class");
        at++;
    }
    if (!has_base) {
        while (at + 1 < end && (token_is(at, "::") || (at->kind == TOKEN_NAME && token_is(at + 1, "::"))))
            at += token_is(at, "::") ? 1 : 2;
        if (at >= end || at->kind != TOKEN_NAME)
            return 0;
        name = at++;
        if (token_is(name, "void") && at < end && token_is(at, "*"))
            type->scalar = (struct both){1, 1}, type->is_void = true;
        else if (!named_type(sizing, scope, name, is_tagged, at < end && token_is(at, "<"), type))
            return 0;
        if (at < end && token_is(at, "<"))
            at = angles_skip(at, end);
    } else {
        type->scalar = base_size(&words, sizing->layout->host, sizing->layout->target);
    }
    while (at < end && (is_qualifier(at) || (has_base && base_take(&words, at))))
        at++;
    return (size_t)(tail_take(sizing, scope, at, end, type) - tokens);
}

/* A record that is only declared in its unit is complete in another one. */
static bool complete(struct sizing *sizing, Dwarf_Die *die, Dwarf_Die *whole)
{
    Dwarf_Attribute attribute;
    if (!layout_peel(die, whole))
        return false;
    if (!dwarf_attr(whole, DW_AT_declaration, &attribute))
        return true;
    const char *name = dwarf_diename(whole);
    for (unsigned i = 0; name && i < sizing->frame_count; i++) {
        struct debug_module *module = sizing->frames[i].module;
        if (module && module->dwarf == dwarf_cu_getdwarf(whole->cu))
            return debug_module_find(module, DEBUG_TYPE, name, strlen(name), NULL, whole);
    }
    return false;
}

bool value_type_size(struct sizing *sizing, const struct value_type *type, struct both *size)
{
    struct shape shape;
    Dwarf_Die die = type->die, whole;
    int64_t count = type->elements ? (int64_t)type->elements : 1;
    if (type->stars)
        *size = (struct both){sizing->layout->host->pointer_bytes, sizing->layout->target->pointer_bytes};
    else if (!type->has_die)
        *size = type->scalar;
    else if (layout_type(sizing->layout, &die, &shape) || (complete(sizing, &die, &whole) && layout_type(sizing->layout, &whole, &shape)))
        *size = (struct both){(int64_t)shape.host.size, (int64_t)shape.target.size};
    else
        return false;
    size->host *= count, size->target *= count;
    return size->host > 0;
}

bool value_type_inside(const struct value_type *type, struct value_type *inside)
{
    Dwarf_Die die = type->die, peeled;
    *inside = *type;
    if (type->elements) {
        inside->elements = 0;
        return true;
    }
    if (type->stars) {
        inside->stars--;
        inside->is_void = type->is_void && !inside->stars;
        return true;
    }
    if (!type->has_die || !layout_peel(&die, &peeled))
        return false;
    int tag = dwarf_tag(&peeled);
    if (tag != DW_TAG_pointer_type && tag != DW_TAG_array_type && tag != DW_TAG_reference_type)
        return false;
    if (layout_type_of(&peeled, &inside->die))
        return true;
    *inside = (struct value_type){.scalar = {1, 1}, .is_void = true};
    return true;
}

bool type_name_member(struct debug_module *module, Dwarf_Die *type, const char *name, Dwarf_Die *member)
{
    Dwarf_Die record, child;
    Dwarf_Attribute attribute;
    if (!layout_peel(type, &record))
        return false;
    const char *called = dwarf_diename(&record);
    if (dwarf_attr(&record, DW_AT_declaration, &attribute) &&
        (!called || !module || !debug_module_find(module, DEBUG_TYPE, called, strlen(called), NULL, &record)))
        return false;
    if (dwarf_child(&record, &child) != 0)
        return false;
    for (unsigned count = 0; count < MEMBERS_MOST; count++) {
        const char *other = dwarf_diename(&child);
        if (other && dwarf_tag(&child) == DW_TAG_member && !strcmp(other, name))
            return layout_type_of(&child, member);
        if (dwarf_siblingof(&child, &child) != 0)
            return false;
    }
    return false;
}
