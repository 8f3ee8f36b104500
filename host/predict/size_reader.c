/* size_reader: a reader of C expressions by precedence. It knows what a size may be made of: sizeof, offsetof, constants, variables with their assignments. */
#include "size_reader.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "assignment.h"
#include "call_text.h"
#include "type_name.h"

struct reader {
    struct sizing *sizing;
    const struct size_scope *scope;
    const struct token *at, *end;
    unsigned depth;
};

static struct value ternary(struct reader *reader);
static struct value unary(struct reader *reader);

static struct value unknown(uint64_t id, bool is_trusted)
{
    return (struct value){.form = form_number(id, is_trusted)};
}

static struct value constant(int64_t host, int64_t target)
{
    return (struct value){.form = form_both(host, target)};
}

static bool is_at(const struct reader *reader, const char *word)
{
    return reader->at < reader->end && token_is(reader->at, word);
}

static bool take(struct reader *reader, const char *word)
{
    bool is_there = is_at(reader, word);
    reader->at += is_there;
    return is_there;
}

/* From an opening mark to behind its closing one. */
static const struct token *group_end(const struct token *at, const struct token *end)
{
    size_t depth = 0;
    for (; at < end; at++) {
        depth += token_is(at, "(") || token_is(at, "[") || token_is(at, "{");
        depth -= token_is(at, ")") || token_is(at, "]") || token_is(at, "}");
        if (!depth)
            return at + 1;
    }
    return end;
}

/* Tokens between the two marks; the closing one may be missing. */
static size_t group_count(const struct token *at, const struct token *end)
{
    return end - at > 2 ? (size_t)(end - at) - 2 : 0;
}

static struct value number_value(const struct token *token)
{
    char text[40] = {0}, *rest;
    memcpy(text, token->at, token->count < 39 ? token->count : 39);
    bool is_real = strchr(text, '.') || (strpbrk(text, "eE") && strncmp(text, "0x", 2));
    uint64_t number = strncmp(text, "0b", 2) ? strtoull(text, &rest, 0) : strtoull(text + 2, &rest, 2);
    return is_real ? unknown(token_hash(token), false) : constant((int64_t)number, (int64_t)number);
}

static struct value text_value(const struct token *token)
{
    int64_t bytes = 0;
    for (uint32_t i = 1; i + 1 < token->count; i++, bytes++)
        i += token->at[i] == '\\';
    if (*token->at == '\'')
        return constant(token->count > 2 ? token->at[1] : 0, token->count > 2 ? token->at[1] : 0);
    return (struct value){.form = form_number(token_hash(token), false), .type = {.scalar = {1, 1}, .elements = (uint64_t)bytes + 1}, .has_type = true};
}

static struct value sizeof_value(struct reader *reader)
{
    struct value_type type;
    struct both size;
    bool has_type = false;
    const struct token *end = is_at(reader, "(") ? group_end(reader->at, reader->end) : NULL;
    size_t taken = end ? size_read_type(reader->sizing, reader->scope, reader->at + 1, group_count(reader->at, end), &type) : 0;
    if (taken && reader->at + 1 + taken == end - 1) {
        reader->at = end;
        has_type = true;
    } else {
        struct value operand = unary(reader);
        type = operand.type;
        has_type = operand.has_type;
    }
    if (!has_type || !value_type_size(reader->sizing, &type, &size))
        return (struct value){0};
    struct value value = constant(size.host, size.target);
    value.form.is_typed = true;
    return value;
}

/* offsetof(type, member.member[0]). */
static struct value offsetof_value(struct reader *reader)
{
    const struct token *end = group_end(reader->at, reader->end), *at = reader->at + 1;
    struct value_type type, inside;
    size_t taken = size_read_type(reader->sizing, reader->scope, at, (size_t)(end - at), &type);
    int64_t host = 0, target = 0;
    at += taken;
    reader->at = end;
    if (!taken || !type.has_die || type.stars)
        return (struct value){0};
    for (; at + 1 < end && !token_is(at, ")"); at++) {
        uint64_t here, there;
        char name[100] = {0};
        if (token_is(at, ",") || token_is(at, "."))
            continue;
        if (token_is(at, "[")) {
            struct both size;
            if (!value_type_inside(&type, &inside) || !value_type_size(reader->sizing, &inside, &size))
                return (struct value){0};
            const struct token *close = group_end(at, end);
            struct value index = size_read(reader->sizing, reader->scope, at + 1, group_count(at, close));
            struct form unit = form_both(size.host, size.target), start = form_both(host, target), step = form_join("*", 1, &index.form, &unit);
            return (struct value){.form = form_join("+", 1, &start, &step)};
        }
        memcpy(name, at->at, at->count < 99 ? at->count : 99);
        if (!layout_member(reader->sizing->layout, &type.die, name, &here, &there, &inside.die))
            return (struct value){0};
        type.die = inside.die;
        host += (int64_t)here, target += (int64_t)there;
    }
    struct value value = constant(host, target);
    value.form.is_typed = true;
    return value;
}

static bool is_counting(const struct token *name)
{
    static const char *const names[] = {"strlen",   "strnlen", "snprintf", "vsnprintf", "sprintf", "fread",       "read",    "ftell", "__builtin_strlen",
                                        "mbstowcs", "wcslen",  "atoi",     "strtol",    "strtoul", "getpagesize", "sysconf", "fgetc", "getc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (token_is(name, names[i]))
            return true;
    return false;
}

static bool function_type(struct reader *reader, const struct token *name, struct value *value)
{
    Dwarf_Die function;
    struct debug_module *module = reader->scope->frame->module;
    if (!module || !debug_module_find(module, DEBUG_FUNCTION, name->at, name->count, &reader->scope->frame->unit, &function))
        return false;
    value->has_type = layout_type_of(&function, &value->type.die);
    value->type.has_die = value->has_type;
    return value->has_type;
}

static struct value call_value(struct reader *reader, const struct token *name)
{
    const struct token *from = reader->at;
    reader->at = group_end(reader->at, reader->end);
    if (token_is(name, "MAX") || token_is(name, "max") || token_is(name, "MIN") || token_is(name, "min") || token_is(name, "std"))
        return unknown(token_hash(name) + (uint64_t)from->line, false);
    struct value value = unknown(token_hash(name) + (uint64_t)from->line, is_counting(name));
    function_type(reader, name, &value);
    return value;
}

static bool constant_find(struct reader *reader, const struct token *name, int64_t *number)
{
    Dwarf_Die die;
    Dwarf_Attribute attribute;
    Dwarf_Sword value;
    struct debug_module *module = reader->scope->frame->module;
    if (!module || !debug_module_find(module, DEBUG_CONSTANT, name->at, name->count, &reader->scope->frame->unit, &die) ||
        !dwarf_attr(&die, DW_AT_const_value, &attribute) || dwarf_formsdata(&attribute, &value) != 0)
        return false;
    *number = value;
    return true;
}

static struct value variable_value(struct reader *reader, const struct token *name, Dwarf_Die *variable, int number)
{
    Dwarf_Attribute attribute;
    Dwarf_Sword fixed;
    struct value value = unknown(token_hash(name), false);
    value.has_type = layout_type_of(variable, &value.type.die);
    value.type.has_die = value.has_type;
    if (dwarf_tag(variable) == DW_TAG_variable && dwarf_attr(variable, DW_AT_const_value, &attribute) && dwarf_formsdata(&attribute, &fixed) == 0 &&
        value.has_type)
        value.form = form_both(fixed, fixed);
    else
        value.form = assignment_value(reader->sizing, reader->scope, name, number);
    return value;
}

static struct value name_value(struct reader *reader)
{
    const struct token *name = reader->at++;
    Dwarf_Die variable;
    int number;
    int64_t fixed;
    if (token_is(name, "sizeof"))
        return sizeof_value(reader);
    if (is_at(reader, "(") && (token_is(name, "offsetof") || token_is(name, "__builtin_offsetof")))
        return offsetof_value(reader);
    while (is_at(reader, "::") && reader->at + 1 < reader->end && reader->at[1].kind == TOKEN_NAME)
        name = reader->at + 1, reader->at += 2;
    if (is_at(reader, "("))
        return call_value(reader, name);
    if (token_is(name, "true") || token_is(name, "false") || token_is(name, "NULL"))
        return constant(token_is(name, "true"), token_is(name, "true"));
    if (call_frame_variable(reader->scope->frame, name->at, name->count, &variable, &number))
        return variable_value(reader, name, &variable, number);
    if (constant_find(reader, name, &fixed))
        return constant(fixed, fixed);
    return unknown(token_hash(name), false);
}

static struct value primary(struct reader *reader)
{
    if (reader->at >= reader->end)
        return (struct value){0};
    if (is_at(reader, "(")) {
        const struct token *end = group_end(reader->at, reader->end);
        struct reader inner = {reader->sizing, reader->scope, reader->at + 1, end - 1, reader->depth + 1};
        reader->at = end;
        return ternary(&inner);
    }
    if (reader->at->kind == TOKEN_NUMBER)
        return number_value(reader->at++);
    if (reader->at->kind == TOKEN_TEXT)
        return text_value(reader->at++);
    if (reader->at->kind == TOKEN_NAME)
        return name_value(reader);
    reader->at++;
    return (struct value){0};
}

static struct value member_value(struct reader *reader, struct value *of, bool is_pointer)
{
    struct value_type type = of->type;
    struct value value = {0};
    if (reader->at >= reader->end)
        return value;
    const struct token *name = reader->at++;
    char text[100] = {0};
    uint64_t here, there;
    memcpy(text, name->at, name->count < 99 ? name->count : 99);
    value = unknown(token_hash(name), token_is(name, "st_size"));
    if (!of->has_type || (is_pointer && !value_type_inside(&of->type, &type)) || !type.has_die || type.stars)
        return value;
    value.has_type = layout_member(reader->sizing->layout, &type.die, text, &here, &there, &value.type.die);
    if (!value.has_type)
        value.has_type = type_name_member(reader->scope->frame->module, &type.die, text, &value.type.die);
    value.type.has_die = value.has_type;
    return value;
}

static struct value postfix(struct reader *reader)
{
    struct value value = primary(reader);
    while (reader->at < reader->end) {
        if (take(reader, "->")) {
            value = member_value(reader, &value, true);
        } else if (take(reader, ".")) {
            value = member_value(reader, &value, false);
        } else if (is_at(reader, "[")) {
            struct value_type inside;
            uint64_t id = token_hash(reader->at - 1) * 31 + 7;
            bool has_type = value.has_type && value_type_inside(&value.type, &inside);
            reader->at = group_end(reader->at, reader->end);
            value = unknown(id, false);
            value.has_type = has_type;
            if (has_type)
                value.type = inside;
        } else if (is_at(reader, "(")) {
            reader->at = group_end(reader->at, reader->end);
            value = unknown(token_hash(reader->at - 1) + 3, false);
        } else if (!take(reader, "++") && !take(reader, "--")) {
            break;
        }
    }
    return value;
}

static bool cast_take(struct reader *reader, struct value *value)
{
    const struct token *end = group_end(reader->at, reader->end);
    struct value_type type;
    size_t taken = size_read_type(reader->sizing, reader->scope, reader->at + 1, group_count(reader->at, end), &type);
    if (!taken || reader->at + 1 + taken != end - 1 || end >= reader->end)
        return false;
    reader->at = end;
    *value = unary(reader);
    value->type = type;
    value->has_type = true;
    return true;
}

static struct value unary(struct reader *reader)
{
    struct value value;
    if (++reader->sizing->steps > SIZING_STEPS_MOST || reader->depth > SIZING_DEPTH_MOST)
        return (struct value){0};
    if (is_at(reader, "(") && cast_take(reader, &value))
        return value;
    if (take(reader, "-") || take(reader, "~") || take(reader, "!")) {
        char sign = *reader->at[-1].at;
        value = unary(reader);
        struct form zero = form_both(sign == '~' ? -1 : 0, sign == '~' ? -1 : 0);
        value.form = sign == '!' ? form_join("==", 2, &value.form, &zero) : form_join("-", 1, &zero, &value.form);
        return value;
    }
    if (take(reader, "+") || take(reader, "++") || take(reader, "--"))
        return unary(reader);
    if (take(reader, "*")) {
        struct value_type inside;
        value = unary(reader);
        value.has_type = value.has_type && value_type_inside(&value.type, &inside);
        if (value.has_type)
            value.type = inside;
        value.form = form_number(token_hash(reader->at - 1) * 5, false);
        return value;
    }
    if (take(reader, "&")) {
        value = unary(reader);
        value.type.stars++;
        return value;
    }
    return postfix(reader);
}

static unsigned rank_of(const struct token *token)
{
    static const struct {
        const char *word;
        unsigned rank;
    } ranks[] = {{"*", 10}, {"/", 10}, {"%", 10}, {"+", 9},  {"-", 9}, {"<<", 8}, {">>", 8}, {"<", 7},  {">", 7},
                 {"<=", 7}, {">=", 7}, {"==", 6}, {"!=", 6}, {"&", 5}, {"^", 4},  {"|", 3},  {"&&", 2}, {"||", 1}};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        if (token_is(token, ranks[i].word))
            return ranks[i].rank;
    return 0;
}

static struct value binary(struct reader *reader, unsigned least)
{
    struct value left = unary(reader);
    while (reader->at < reader->end) {
        const struct token *operation = reader->at;
        unsigned rank = rank_of(operation);
        if (!rank || rank < least)
            break;
        reader->at++;
        struct value right = binary(reader, rank + 1);
        left.form = form_join(operation->at, operation->count, &left.form, &right.form);
        left.has_type = left.has_type && left.type.has_die;
    }
    return left;
}

/* A condition that is not known is a choice. */
static struct value ternary(struct reader *reader)
{
    struct value condition = binary(reader, 1);
    if (!take(reader, "?"))
        return condition;
    struct value yes = is_at(reader, ":") ? condition : ternary(reader);
    if (!take(reader, ":"))
        return yes;
    struct value no = ternary(reader);
    if (form_is_constant(&condition.form) && form_is_constant(&yes.form) && form_is_constant(&no.form)) {
        yes.form = form_both(condition.form.constant.host ? yes.form.constant.host : no.form.constant.host,
                             condition.form.constant.target ? yes.form.constant.target : no.form.constant.target);
        return yes;
    }
    return choices_take(&reader->sizing->choices, 2) ? no : yes;
}

struct value size_read(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count)
{
    if (!count)
        return (struct value){0};
    struct reader reader = {sizing, scope, tokens, tokens + count, scope->depth};
    struct value value = ternary(&reader);
    if (reader.at < reader.end && is_at(&reader, ","))
        return size_read(sizing, scope, reader.at + 1, (size_t)(reader.end - reader.at) - 1);
    if (reader.at < reader.end)
        value.form.is_known = false;
    return value;
}
