/* call_text: the statement at a line is expanded as the compiler saw it, and its calls are looked through. A call that leads to the allocator without a frame
 * of its own (a tail call) is followed into the text of the called function. */
#include "call_text.h"

#include <dwarf.h>
#include <string.h>

enum { BACK_MOST = 600, STATEMENT_MOST = 4000, CALLS_MOST = 8, FOLLOW_MOST = 3, BODY_MOST = 6000 };

static const struct {
    const char *name;
    enum alloc_rule rule;
    unsigned first, second;
} allocators[] = {
    {"malloc", ALLOC_ONE, 0, 0},
    {"calloc", ALLOC_PRODUCT, 0, 1},
    {"realloc", ALLOC_ONE, 1, 0},
    {"reallocarray", ALLOC_PRODUCT, 1, 2},
    {"aligned_alloc", ALLOC_ONE, 1, 0},
    {"memalign", ALLOC_ONE, 1, 0},
    {"posix_memalign", ALLOC_ONE, 2, 0},
    {"valloc", ALLOC_ONE, 0, 0},
    {"__builtin_malloc", ALLOC_ONE, 0, 0},
    {"__builtin_calloc", ALLOC_PRODUCT, 0, 1},
    {"pvPortMalloc", ALLOC_ONE, 0, 0},
    {"heap_caps_malloc", ALLOC_ONE, 0, 0},
    {"heap_caps_calloc", ALLOC_PRODUCT, 0, 1},
    {"heap_caps_realloc", ALLOC_ONE, 1, 0},
    {"k_malloc", ALLOC_ONE, 0, 0},
    {"k_calloc", ALLOC_PRODUCT, 0, 1},
    {"HT_MALLOC", ALLOC_ONE, 1, 0},
    {"new", ALLOC_NEW, 0, 0},
    {"__builtin_operator_new", ALLOC_ONE, 0, 0},
    {"strdup", ALLOC_BYTES, 0, 0},
    {"strndup", ALLOC_BYTES, 0, 0},
    {"__strdup", ALLOC_BYTES, 0, 0},
    {"asprintf", ALLOC_BYTES, 0, 0},
    {"vasprintf", ALLOC_BYTES, 0, 0},
    {"getline", ALLOC_BYTES, 0, 0},
    {"getdelim", ALLOC_BYTES, 0, 0},
    {"realpath", ALLOC_BYTES, 0, 0},
    {"getcwd", ALLOC_BYTES, 0, 0},
    {"wcsdup", ALLOC_WIDE, 0, 0},
    {"_IO_file_doallocate", ALLOC_BYTES, 0, 0},
};
enum { ALLOCATORS = sizeof allocators / sizeof *allocators };

static uint32_t function_line(struct call_frame *frame)
{
    Dwarf_Die *function = call_frame_function(frame);
    Dwarf_Attribute attribute;
    Dwarf_Word line = 0;
    if (function && dwarf_attr_integrate(function, DW_AT_decl_line, &attribute))
        dwarf_formudata(&attribute, &line);
    return (uint32_t)line;
}

bool call_scope(struct sizing *sizing, unsigned number, struct size_scope *scope)
{
    struct call_frame *frame = number < sizing->frame_count ? &sizing->frames[number] : NULL;
    if (!frame || !frame->module || !frame->file || !frame->line)
        return false;
    *scope = (struct size_scope){.frame = frame, .number = number, .text = source_text_get(sizing->texts, frame->file)};
    if (!scope->text)
        return false;
    uint32_t from = function_line(frame);
    scope->macros = debug_module_macros(frame->module, sizing->texts, &frame->unit, frame->file);
    scope->limit = source_text_line(scope->text, frame->line);
    scope->from = from && from <= frame->line ? source_text_line(scope->text, from) : scope->limit;
    return true;
}

static bool is_end(const struct token *token)
{
    return token_is(token, ";") || token_is(token, "{") || token_is(token, "}");
}

/* All statements that have a token on the line. */
static void statement_find(const struct source_text *text, size_t at, size_t *from, size_t *end)
{
    const struct token *tokens = text->tokens.list.at;
    size_t count = text->tokens.list.count;
    uint32_t line = at < count ? tokens[at].line : 0;
    *from = at;
    while (*from && at - *from < BACK_MOST && !is_end(&tokens[*from - 1]))
        --*from;
    for (*end = at; *end < count && *end - at < STATEMENT_MOST; ++*end)
        if (is_end(&tokens[*end]) && (*end + 1 >= count || tokens[*end + 1].line > line))
            break;
}

/* The tokens live as long as the run. */
static const struct token *expanded(struct sizing *sizing, const struct size_scope *scope, size_t from, size_t end, size_t *count)
{
    struct tokens out = {0};
    *count = end - from;
    const struct token *tokens = *count ? scope->text->tokens.list.at + from : NULL;
    if (!scope->macros || !*count)
        return tokens;
    macros_expand(scope->macros, tokens, end - from, &out, &sizing->choices);
    struct token *copy = arena_new(&sizing->arena, (out.list.count + 1) * sizeof *copy);
    if (out.list.count)
        memcpy(copy, out.list.at, out.list.count * sizeof *copy);
    *count = out.list.count;
    sizing->steps += (unsigned)(out.list.count / 8);
    vec_done(&out.list);
    return copy;
}

/* `at` is the opening parenthesis. */
static void words_split(struct call_text *call, const struct token *at, const struct token *end)
{
    int depth = 0;
    const struct token *from = at + 1;
    call->all = at + 1;
    call->word_count = 0;
    for (; at < end; at++) {
        depth += token_is(at, "(") || token_is(at, "[") || token_is(at, "{");
        depth -= token_is(at, ")") || token_is(at, "]") || token_is(at, "}");
        if ((depth == 1 && token_is(at, ",")) || !depth) {
            if (call->word_count < CALL_WORDS_MOST && (at > from || depth)) {
                call->words[call->word_count] = from;
                call->counts[call->word_count++] = (size_t)(at - from);
            }
            from = at + 1;
        }
        if (!depth)
            break;
    }
    call->all_count = (size_t)(at - call->all);
}

static void call_fill(struct call_text *call, const struct size_scope *scope, const struct token *tokens, size_t count, size_t at)
{
    *call = (struct call_text){.scope = scope, .before = tokens, .before_count = at};
    if (at + 1 < count && token_is(&tokens[at + 1], "("))
        words_split(call, &tokens[at + 1], tokens + count);
}

static int allocator_find(const struct token *token)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (token_is(token, allocators[i].name))
            return (int)i;
    return -1;
}

/* operator new is called like a function by allocators: ::operator new(n). */
static bool allocator_take(struct call_text *call, const struct size_scope *scope, const struct token *tokens, size_t count, size_t at)
{
    int number = tokens[at].kind == TOKEN_NAME ? allocator_find(&tokens[at]) : -1;
    if (number < 0 || (at && (token_is(&tokens[at - 1], ".") || token_is(&tokens[at - 1], "->"))))
        return false;
    enum alloc_rule rule = allocators[number].rule;
    bool is_operator = rule == ALLOC_NEW && at && token_is(&tokens[at - 1], "operator");
    if ((rule != ALLOC_NEW || is_operator) && !(at + 1 < count && token_is(&tokens[at + 1], "(")))
        return false;
    call_fill(call, scope, tokens, count, at);
    call->rule = is_operator ? ALLOC_ONE : rule;
    call->first = allocators[number].first, call->second = allocators[number].second;
    if (call->rule == ALLOC_NEW) {
        call->words[0] = &tokens[at + 1];
        call->counts[0] = count - at - 1;
        call->word_count = 1;
    }
    return call->rule == ALLOC_BYTES || call->rule == ALLOC_WIDE || (call->first < call->word_count && call->second < call->word_count + 0);
}

static bool alloc_in(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, struct call_text *call, unsigned depth);

/* The function's own text, from its first brace on. */
static bool body_find(struct sizing *sizing, struct size_scope *scope, size_t *end)
{
    Dwarf_Die *function = call_frame_function(scope->frame);
    const char *file = dwarf_decl_file(function);
    const char *path = debug_module_path(scope->frame->module, &scope->frame->unit, file);
    int depth = 0, line = 0;
    scope->text = path ? source_text_get(sizing->texts, path) : NULL;
    if (!scope->text || dwarf_decl_line(function, &line) != 0)
        return false;
    const struct token *tokens = scope->text->tokens.list.at;
    size_t most = scope->text->tokens.list.count, at = source_text_line(scope->text, (uint32_t)line);
    scope->from = at;
    scope->macros = debug_module_macros(scope->frame->module, sizing->texts, &scope->frame->unit, path);
    for (; at < most && at - scope->from < BODY_MOST; at++) {
        if (!depth && token_is(&tokens[at], ";"))
            return false;
        depth += token_is(&tokens[at], "{");
        depth -= token_is(&tokens[at], "}");
        if (!depth && token_is(&tokens[at], "}"))
            break;
    }
    *end = at;
    return at < most;
}

/* Into the text of a called function: it is a frame that left no trace. */
static bool follow(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, size_t at, struct call_text *call,
                   unsigned depth)
{
    Dwarf_Die function;
    struct debug_module *module = scope->frame->module;
    size_t end, inner_count;
    if (!module || !debug_module_find(module, DEBUG_FUNCTION, tokens[at].at, tokens[at].count, &scope->frame->unit, &function))
        return false;
    struct call_text *outer = arena_new(&sizing->arena, sizeof *outer);
    struct call_frame *frame = arena_new(&sizing->arena, sizeof *frame);
    struct size_scope *inner = arena_new(&sizing->arena, sizeof *inner);
    call_fill(outer, scope, tokens, count, at);
    *frame = (struct call_frame){.module = module, .blocks = {function}, .block_count = 1, .function = dwarf_diename(&function)};
    if (!dwarf_diecu(&function, &frame->unit, NULL, NULL))
        return false;
    *inner = (struct size_scope){.frame = frame, .number = scope->number, .from_call = outer, .depth = scope->depth + 1};
    if (!body_find(sizing, inner, &end))
        return false;
    inner->limit = end;
    const struct token *body = expanded(sizing, inner, inner->from, end, &inner_count);
    return alloc_in(sizing, inner, body, inner_count, call, depth + 1);
}

/* Found out once for each function. */
static bool leads(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, size_t at, unsigned depth)
{
    Dwarf_Die function;
    struct call_text seen;
    struct choices keep = sizing->choices;
    struct debug_module *module = scope->frame->module;
    if (!module || !debug_module_find(module, DEBUG_FUNCTION, tokens[at].at, tokens[at].count, &scope->frame->unit, &function))
        return false;
    uint64_t key = (uintptr_t)function.addr, *known = map_get(sizing->leads, key);
    if (known)
        return *known > 1;
    *map_put(sizing->leads, key, NULL) = 1; /* while it is looked at: a function that calls itself */
    bool is_so = follow(sizing, scope, tokens, count, at, &seen, depth);
    *map_put(sizing->leads, key, NULL) = is_so ? 2 : 1;
    sizing->choices = keep;
    return is_so;
}

static bool alloc_in(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, struct call_text *call, unsigned depth)
{
    struct call_text found[CALLS_MOST];
    unsigned number = 0;
    for (size_t i = 0; i < count && number < CALLS_MOST; i++)
        number += allocator_take(&found[number], scope, tokens, count, i);
    if (number) {
        *call = found[choices_take(&sizing->choices, number)];
        return true;
    }
    if (depth >= FOLLOW_MOST || ++sizing->steps > SIZING_STEPS_MOST)
        return false;
    size_t places[CALLS_MOST];
    for (size_t i = 0; i + 1 < count && number < CALLS_MOST; i++)
        if (tokens[i].kind == TOKEN_NAME && token_is(&tokens[i + 1], "(") && leads(sizing, scope, tokens, count, i, depth))
            places[number++] = i;
    return number && follow(sizing, scope, tokens, count, places[choices_take(&sizing->choices, number)], call, depth);
}

/* A function of a library, or a pointer to one: which of its words is the size only the sizes themselves can tell. */
static bool any_call(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, struct call_text *call)
{
    struct call_text found[CALLS_MOST];
    unsigned number = 0;
    for (size_t i = 0; i + 1 < count && number < CALLS_MOST; i++) {
        struct call_text seen;
        if (!token_is(&tokens[i + 1], "(") || !(tokens[i].kind == TOKEN_NAME || token_is(&tokens[i], ")")) || token_is(&tokens[i], "sizeof") ||
            token_is(&tokens[i], "if") || token_is(&tokens[i], "while") || token_is(&tokens[i], "for") || token_is(&tokens[i], "return"))
            continue;
        call_fill(&seen, scope, tokens, count, i);
        seen.rule = ALLOC_ONE;
        for (unsigned word = seen.word_count; word-- > 0 && number < CALLS_MOST;) {
            found[number] = seen;
            found[number++].first = word;
        }
    }
    if (number)
        *call = found[choices_take(&sizing->choices, number)];
    return number != 0;
}

bool call_text_alloc(struct sizing *sizing, const struct size_scope *scope, struct call_text *call)
{
    size_t from, end, count;
    statement_find(scope->text, scope->limit, &from, &end);
    const struct token *tokens = expanded(sizing, scope, from, end, &count);
    return alloc_in(sizing, scope, tokens, count, call, 0) || any_call(sizing, scope, tokens, count, call);
}

static bool call_of(struct sizing *sizing, const struct size_scope *scope, const char *name, unsigned params, struct call_text *call)
{
    struct call_text found[CALLS_MOST];
    size_t from, end, count;
    unsigned number = 0;
    statement_find(scope->text, scope->limit, &from, &end);
    const struct token *tokens = expanded(sizing, scope, from, end, &count);
    for (size_t i = 0; i + 1 < count && number < CALLS_MOST; i++)
        if (token_is(&tokens[i + 1], "(") && name && token_is(&tokens[i], name))
            call_fill(&found[number++], scope, tokens, count, i);
    bool is_named = number != 0;
    for (size_t i = 0; !is_named && i + 1 < count && number < CALLS_MOST; i++)
        if (token_is(&tokens[i + 1], "(") && (tokens[i].kind == TOKEN_NAME || token_is(&tokens[i], ")"))) {
            bool is_member = i && (token_is(&tokens[i - 1], ".") || token_is(&tokens[i - 1], "->"));
            call_fill(&found[number], scope, tokens, count, i);
            number += found[number].word_count == params && (params > 1 || is_member);
        }
    if (number)
        *call = found[choices_take(&sizing->choices, number)];
    return number != 0;
}

bool call_text_up(struct sizing *sizing, const struct size_scope *scope, struct call_text *call)
{
    if (scope->from_call) {
        *call = *scope->from_call;
        return true;
    }
    struct size_scope *caller = arena_new(&sizing->arena, sizeof *caller);
    if (!call_scope(sizing, scope->number + 1, caller))
        return false;
    caller->depth = scope->depth + 1;
    return call_of(sizing, caller, scope->frame->function, call_frame_params(scope->frame), call);
}

static struct form word_value(struct sizing *sizing, const struct call_text *call, unsigned number, uint64_t id)
{
    if (number >= call->word_count)
        return form_number(id, false);
    return size_read(sizing, call->scope, call->words[number], call->counts[number]).form;
}

struct form size_read_param(struct sizing *sizing, const struct size_scope *scope, unsigned number, uint64_t id)
{
    struct call_text call;
    return call_text_up(sizing, scope, &call) ? word_value(sizing, &call, number, id) : form_number(id, false);
}
