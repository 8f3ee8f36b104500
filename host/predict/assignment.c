/* assignment: the text is searched, not the program's flow: where several assignments stand before the call, which one holds is a choice. */
#include "assignment.h"

#include "size_reader.h"

enum { PLACES_MOST = 6, EXPRESSION_MOST = 400 };

/* Of name = expression. */
struct place {
    size_t token;  /* of the name */
    bool is_plain; /* =, not += and the like */
};

static bool is_assigning(const struct token *token)
{
    return token->count == 2 && token->at[1] == '=' && token->at[0] != '=' && token->at[0] != '!' && token->at[0] != '<' && token->at[0] != '>';
}

static bool is_same(const struct token *a, const struct token *b)
{
    return a->count == b->count && token_hash(a) == token_hash(b);
}

/* The last ones first. */
static unsigned places_find(const struct size_scope *scope, const struct token *name, struct place *places)
{
    unsigned count = 0;
    for (size_t i = scope->limit; i-- > scope->from && count < PLACES_MOST;) {
        const struct token *at = &scope->text->tokens.list.at[i];
        if (at->kind != TOKEN_NAME || !is_same(at, name) || i + 1 >= scope->limit)
            continue;
        if (i && (token_is(at - 1, ".") || token_is(at - 1, "->")))
            continue;
        if (token_is(at + 1, "=") || is_assigning(at + 1))
            places[count++] = (struct place){i, token_is(at + 1, "=")};
    }
    return count;
}

/* Up to the end of the statement, or of the parenthesis that it is in. */
static size_t expression_end(const struct source_text *text, size_t from)
{
    int depth = 0;
    size_t at = from;
    for (; at < text->tokens.list.count && at < from + EXPRESSION_MOST; at++) {
        const struct token *token = &text->tokens.list.at[at];
        if (!depth && (token_is(token, ";") || token_is(token, ",") || token_is(token, ")") || token_is(token, "}")))
            break;
        depth += token_is(token, "(") || token_is(token, "[") || token_is(token, "{");
        depth -= token_is(token, ")") || token_is(token, "]") || token_is(token, "}");
    }
    return at;
}

static struct form place_value(struct sizing *sizing, const struct size_scope *scope, const struct token *name, const struct place *place, int param)
{
    struct size_scope before = *scope;
    struct tokens expanded = {0};
    const struct token *tokens = scope->text->tokens.list.at;
    before.limit = place->token;
    before.depth++;
    size_t from = place->token + 2, end = expression_end(scope->text, from);
    if (scope->macros)
        macros_expand(scope->macros, tokens + from, end - from, &expanded, &sizing->choices);
    struct form form = size_read(sizing, &before, scope->macros ? expanded.list.at : tokens + from, scope->macros ? expanded.list.count : end - from).form;
    vec_done(&expanded.list);
    if (place->is_plain)
        return form;
    struct form was = assignment_value(sizing, &before, name, param);
    const struct token *operation = &tokens[place->token + 1];
    return form_join(operation->at, operation->count - 1, &was, &form);
}

struct form assignment_value(struct sizing *sizing, const struct size_scope *scope, const struct token *name, int param)
{
    struct place places[PLACES_MOST];
    bool can_look = scope->text && scope->depth < SIZING_DEPTH_MOST && ++sizing->steps < SIZING_STEPS_MOST;
    unsigned count = can_look ? places_find(scope, name, places) : 0;
    unsigned choice = choices_take(&sizing->choices, count + 1);
    /* The latest one first, then what holds if none was made, then the others. */
    unsigned place = choice > 1 ? choice - 1 : choice;
    if (count && choice != 1)
        return place_value(sizing, scope, name, &places[place], param);
    if (param >= 0 && can_look)
        return size_read_param(sizing, scope, (unsigned)param, token_hash(name));
    return form_number(token_hash(name), false);
}
