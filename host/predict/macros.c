/* macros: expansion as C does it, but for conditions: all definitions of a name are known, and one is chosen. */
#include "macros.h"

#include <string.h>
#include <xxhash.h>

#include "host/base/str.h"

enum { FILES_MOST = 600, DEPTH_MOST = 40, TOKENS_MOST = 20000, WORDS_MOST = 24 };

struct expansion {
    struct macros *macros;
    struct choices *choices;
    const struct macro *active[DEPTH_MOST];
    unsigned depth;
    struct tokens *out;
};

static void macro_add(struct macros *macros, const struct macro *macro)
{
    bool is_new;
    vec_push(&macros->list, macro);
    vec_push(&macros->next, 0);
    uint64_t *place = map_put(&macros->by_name, token_hash(&macro->name), &is_new);
    if (is_new) {
        *place = macros->list.count;
        return;
    }
    uint32_t last = (uint32_t)*place - 1;
    while (macros->next.at[last])
        last = macros->next.at[last] - 1;
    macros->next.at[last] = (uint32_t)macros->list.count;
}

static bool include_try(struct macros *macros, struct source_texts *texts, const char *folder, size_t folder_bytes, const struct token *name,
                        const char *const *folders)
{
    struct str path = {0};
    str_add_bytes(&path, folder, folder_bytes);
    str_add(&path, folder_bytes ? "/" : "");
    str_add_bytes(&path, name->at + 1, name->count - 2);
    bool is_there = source_text_get(texts, str_text(&path)) != NULL;
    if (is_there)
        macros_add(macros, texts, str_text(&path), folders);
    str_done(&path);
    return is_there;
}

static void include_add(struct macros *macros, struct source_texts *texts, const char *from, const struct token *name, const char *const *folders)
{
    const char *slash = strrchr(from, '/');
    bool is_there = name->at[0] == '"' && include_try(macros, texts, from, slash ? (size_t)(slash - from) : 0, name, folders);
    for (size_t i = 0; !is_there && folders && folders[i]; i++)
        is_there = include_try(macros, texts, folders[i], strlen(folders[i]), name, folders);
}

void macros_add(struct macros *macros, struct source_texts *texts, const char *path, const char *const *folders)
{
    bool is_new;
    const struct source_text *text = source_text_get(texts, path);
    map_put(&macros->files, XXH3_64bits(path, strlen(path)), &is_new);
    if (!text || !is_new || macros->file_count >= FILES_MOST)
        return;
    macros->file_count++;
    for (size_t i = 0; i < text->macros.count; i++)
        macro_add(macros, &text->macros.at[i]);
    for (size_t i = 0; i < text->includes.count; i++)
        include_add(macros, texts, text->path, &text->includes.at[i], folders);
}

/* Of those that can be meant here. */
static const struct macro *macro_find(struct expansion *expansion, const struct token *name, bool has_words)
{
    const struct macros *macros = expansion->macros;
    const struct macro *found[8];
    unsigned count = 0;
    uint64_t *place = map_get(&macros->by_name, token_hash(name));
    for (uint64_t at = place ? *place : 0; at && count < 8; at = macros->next.at[at - 1]) {
        const struct macro *macro = macros->list.at[at - 1];
        if (!macro->takes_words || has_words)
            found[count++] = macro;
    }
    for (unsigned i = 0; i < expansion->depth; i++)
        for (unsigned j = 0; j < count; j++)
            if (found[j]->name.count == expansion->active[i]->name.count && !memcmp(found[j]->name.at, expansion->active[i]->name.at, name->count))
                return NULL;
    return count ? found[choices_take(expansion->choices, count)] : NULL;
}

static void tokens_expand(struct expansion *expansion, const struct token *tokens, size_t count);

struct words {
    size_t from[WORDS_MOST], count[WORDS_MOST], number;
    size_t end; /* behind the closing parenthesis */
};

/* At the opening parenthesis. */
static bool words_read(struct words *words, const struct token *tokens, size_t count, size_t most)
{
    size_t depth = 0, from = 1;
    words->number = 0;
    for (size_t i = 0; i < count; i++) {
        bool opens = token_is(&tokens[i], "(") || token_is(&tokens[i], "[") || token_is(&tokens[i], "{");
        bool closes = token_is(&tokens[i], ")") || token_is(&tokens[i], "]") || token_is(&tokens[i], "}");
        depth += opens;
        depth -= closes;
        bool ends = depth == 0, parts = depth == 1 && token_is(&tokens[i], ",") && words->number + 1 < most;
        if (ends || parts) {
            if (words->number < WORDS_MOST) {
                words->from[words->number] = from;
                words->count[words->number++] = i - from;
            }
            from = i + 1;
        }
        words->end = i + 1;
        if (ends)
            return true;
    }
    return false;
}

static int param_find(const struct macro *macro, const struct token *name)
{
    const struct token *params = macro->params ? macro->file->directives.list.at + macro->first : NULL;
    for (uint32_t i = 0; i < macro->params; i++)
        if (params[i].count == name->count && !memcmp(params[i].at, name->at, name->count))
            return (int)i;
    return macro->is_variadic && token_is(name, "__VA_ARGS__") ? (int)macro->params : -1;
}

static void paste(struct expansion *expansion, struct tokens *out, const struct token *right)
{
    struct token *left = out->list.count ? &out->list.at[out->list.count - 1] : NULL;
    struct str text = {0};
    if (!left) {
        vec_push(&out->list, *right);
        return;
    }
    str_add_bytes(&text, left->at, left->count);
    str_add_bytes(&text, right->at, right->count);
    left->at = arena_copy_text(&expansion->macros->texts, str_text(&text), text.count);
    left->count = (uint32_t)text.count;
    str_done(&text);
}

/* The body with its parameters replaced; not looked at again yet. */
static void body_fill(struct expansion *expansion, const struct macro *macro, const struct token *tokens, const struct words *words, uint32_t line,
                      struct tokens *out)
{
    const struct token *body = macro->body ? macro->file->directives.list.at + macro->first + macro->params : NULL;
    for (uint32_t i = 0; i < macro->body && out->list.count < TOKENS_MOST; i++) {
        struct token token = body[i];
        token.line = line;
        if (token_is(&token, "##"))
            continue;
        bool pastes = i && token_is(&body[i - 1], "##"), is_pasted = i + 1 < macro->body && token_is(&body[i + 1], "##");
        int param = token.kind == TOKEN_NAME ? param_find(macro, &token) : -1;
        if (param < 0 || (size_t)param >= words->number) {
            if (pastes)
                paste(expansion, out, &token);
            else if (param < 0)
                vec_push(&out->list, token);
            continue;
        }
        const struct token *word = tokens + words->from[param];
        size_t count = words->count[param], from = 0;
        if (pastes && count)
            paste(expansion, out, &word[from++]);
        struct tokens *outer = expansion->out;
        expansion->out = out;
        if (pastes || is_pasted)
            for (; from < count; from++)
                vec_push(&out->list, word[from]);
        else
            tokens_expand(expansion, word, count);
        expansion->out = outer;
    }
}

static size_t macro_put(struct expansion *expansion, const struct macro *macro, const struct token *tokens, size_t count)
{
    struct words words = {.end = 0};
    struct tokens filled = {0};
    if (macro->takes_words && !words_read(&words, tokens + 1, count - 1, macro->params + (macro->is_variadic ? 1 : 0))) {
        vec_push(&expansion->out->list, *tokens);
        return 1;
    }
    body_fill(expansion, macro, tokens + 1, &words, tokens->line, &filled);
    if (expansion->depth < DEPTH_MOST) {
        expansion->active[expansion->depth++] = macro;
        tokens_expand(expansion, filled.list.at, filled.list.count);
        expansion->depth--;
    }
    vec_done(&filled.list);
    return 1 + (macro->takes_words ? words.end : 0);
}

static void tokens_expand(struct expansion *expansion, const struct token *tokens, size_t count)
{
    for (size_t i = 0; i < count && expansion->out->list.count < TOKENS_MOST;) {
        bool has_words = i + 1 < count && token_is(&tokens[i + 1], "(");
        const struct macro *macro = tokens[i].kind == TOKEN_NAME ? macro_find(expansion, &tokens[i], has_words) : NULL;
        if (macro) {
            i += macro_put(expansion, macro, tokens + i, count - i);
            continue;
        }
        vec_push(&expansion->out->list, tokens[i]);
        i++;
    }
}

void macros_expand(struct macros *macros, const struct token *tokens, size_t count, struct tokens *out, struct choices *choices)
{
    struct expansion expansion = {.macros = macros, .choices = choices, .out = out};
    tokens_expand(&expansion, tokens, count);
}

void macros_done(struct macros *macros)
{
    vec_done(&macros->list);
    vec_done(&macros->next);
    map_done(&macros->by_name);
    map_done(&macros->files);
    arena_done(&macros->texts);
}
