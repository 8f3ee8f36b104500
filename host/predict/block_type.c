/* block_type: the text before the call says it; where that is only void *, and the function gives its block back, its caller's text does. */
#include "block_type.h"

#include <dwarf.h>

enum { PASSED_ON_MOST = 8, BODY_MOST = 20000 };

/* What the statement does with the block. */
struct use {
    struct value_type element;
    const struct token *name; /* of the variable that it is assigned to, if it is only that */
    bool is_known, is_returned;
};

static bool is_opening(const struct token *token)
{
    static const char *const marks[] = {"(", ",", ";", "{", "}", "&&", "||", "?", ":", "else", "return"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (token_is(token, marks[i]))
            return true;
    return false;
}

/* From a closing mark back to its opening one. */
static size_t group_start(const struct token *tokens, size_t end)
{
    int depth = 0;
    size_t at = end;
    while (at) {
        at--;
        depth += token_is(&tokens[at], "]") || token_is(&tokens[at], ")");
        depth -= token_is(&tokens[at], "[") || token_is(&tokens[at], "(");
        if (!depth)
            break;
    }
    return at;
}

/* From the end of an expression like a->b[i].c back to its start. */
static size_t operand_start(const struct token *tokens, size_t end)
{
    size_t at = end;
    while (at) {
        const struct token *last = &tokens[at - 1];
        if (token_is(last, "]") || token_is(last, ")")) {
            at = group_start(tokens, at);
        } else if (last->kind == TOKEN_NAME) {
            at--;
            if (!at || !(token_is(&tokens[at - 1], ".") || token_is(&tokens[at - 1], "->")))
                break;
            at--;
        } else {
            break;
        }
    }
    while (at && token_is(&tokens[at - 1], "*") && (at == 1 || is_opening(&tokens[at - 2])))
        at--;
    return at;
}

/* The function may be a pointer in a record: memory->realloc(...). */
static size_t callee_start(const struct token *tokens, size_t name)
{
    while (name && (token_is(&tokens[name - 1], ".") || token_is(&tokens[name - 1], "->")))
        name = operand_start(tokens, name - 1);
    return name;
}

static bool returned_type(const struct size_scope *scope, struct value_type *element)
{
    Dwarf_Die *function = call_frame_function(scope->frame);
    struct value_type type = {0};
    type.has_die = function && layout_type_of(function, &type.die);
    return type.has_die && value_type_inside(&type, element);
}

/* (type *)call(...): `at` becomes the start of the cast. */
static bool cast_type(struct sizing *sizing, const struct call_text *call, size_t *at, struct value_type *element)
{
    const struct token *tokens = call->before;
    struct value_type type;
    if (*at < 3 || !token_is(&tokens[*at - 1], ")"))
        return false;
    size_t open = group_start(tokens, *at), inside = *at - open - 2;
    if (size_read_type(sizing, call->scope, &tokens[open + 1], inside, &type) != inside || !value_type_inside(&type, element))
        return false;
    *at = open;
    return true;
}

/* Behind the casts: returned, or assigned. */
static void destination_find(struct sizing *sizing, const struct call_text *call, size_t at, struct use *use)
{
    const struct token *tokens = call->before;
    if (at && (token_is(&tokens[at - 1], ":") || token_is(&tokens[at - 1], "?"))) /* x = a ? realloc(...) : malloc(...) */
        while (at && !token_is(&tokens[at - 1], "=") && !token_is(&tokens[at - 1], "return") && !token_is(&tokens[at - 1], ";"))
            at--;
    use->is_returned = at && token_is(&tokens[at - 1], "return");
    if (at < 2 || !token_is(&tokens[at - 1], "="))
        return;
    size_t from = operand_start(tokens, at - 1);
    use->name = from + 2 == at && tokens[from].kind == TOKEN_NAME ? &tokens[from] : NULL;
    if (use->is_known)
        return;
    struct value left = size_read(sizing, call->scope, &tokens[from], at - 1 - from);
    use->is_known = left.has_type && value_type_inside(&left.type, &use->element);
}

static void use_find(struct sizing *sizing, const struct call_text *call, struct use *use)
{
    const struct token *tokens = call->before;
    size_t at = callee_start(tokens, call->before_count);
    *use = (struct use){.is_known = false};
    for (bool has_more = true; has_more;) {
        struct value_type element;
        if (cast_type(sizing, call, &at, &element) && !element.is_void && !use->is_known) {
            use->element = element;
            use->is_known = true;
        }
        has_more = at && token_is(&tokens[at - 1], "(");
        at -= has_more;
    }
    destination_find(sizing, call, at, use);
}

static bool is_same(const struct token *a, const struct token *b)
{
    return a->count == b->count && token_hash(a) == token_hash(b);
}

/* Functions that write bytes into a block of the caller's. */
static bool is_filling(const struct token *token)
{
    static const char *const names[] = {"read", "fread", "pread", "recv", "recvfrom", "fgets", "snprintf", "vsnprintf", "readlink", "strcpy", "strncpy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (token_is(token, names[i]))
            return true;
    return false;
}

/* Does the function's text have the variable in a statement from such a word on? */
static bool is_behind(const struct size_scope *scope, bool (*opens)(const struct token *token), const struct token *name)
{
    const struct token *all = scope->text->tokens.list.at, *at, *end;
    bool is_open = false;
    int depth = 0;
    if (!all)
        return false;
    at = all + scope->from, end = all + scope->text->tokens.list.count;
    end = end - at > BODY_MOST ? at + BODY_MOST : end;
    for (; at + 1 < end; at++) {
        depth += token_is(at, "{");
        depth -= token_is(at, "}");
        is_open = (is_open && !token_is(at, ";")) || opens(at);
        if (is_open && is_same(at, name) && !token_is(at + 1, "->") && !token_is(at + 1, "["))
            return true;
        if (depth <= 0 && token_is(at, "}"))
            return false;
    }
    return false;
}

static bool is_return(const struct token *token)
{
    return token_is(token, "return");
}

/* Bytes in a function that gives void * back are anything: it may be an allocator's own head that is skipped. */
static bool is_bare(struct sizing *sizing, const struct value_type *element)
{
    struct both size;
    return element->is_void || !value_type_size(sizing, element, &size) || size.host == 1;
}

bool block_type_find(struct sizing *sizing, const struct call_text *call, struct value_type *element)
{
    struct call_text at = *call;
    for (unsigned passed = 0; passed < PASSED_ON_MOST; passed++) {
        struct value_type given;
        struct use use;
        use_find(sizing, &at, &use);
        bool goes_up = use.is_returned || (use.name && is_behind(at.scope, is_return, use.name));
        bool gives = goes_up && returned_type(at.scope, &given);
        *element = use.is_known && !is_bare(sizing, &use.element) ? use.element : gives && !given.is_void ? given : use.element;
        if (use.is_known && !element->is_void && !(gives && given.is_void && is_bare(sizing, element)))
            return true;
        if (gives && !given.is_void)
            return true;
        if (use.is_known && !gives && use.name && is_behind(at.scope, is_filling, use.name)) {
            *element = (struct value_type){.scalar = {1, 1}};
            return true;
        }
        if (!gives || !call_text_up(sizing, at.scope, &at))
            return false;
    }
    return false;
}
