/* source_text: a lexer. What is excluded by #if 0 is left out; of other conditions both sides are read, as only the compiler knew which one holds. */
#include "source_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { FILE_MOST = 48 << 20, ALL_MOST = 400 << 20 };

struct lexer {
    struct source_text *text;
    const char *at;
    uint32_t line;
    unsigned excluded; /* depth of conditions in an #if 0 */
};

bool token_is(const struct token *token, const char *word)
{
    return token->count == strlen(word) && !memcmp(token->at, word, token->count);
}

uint64_t token_hash(const struct token *token)
{
    return XXH3_64bits(token->at, token->count);
}

static bool is_joined(const char *at)
{
    return at[0] == '\\' && (at[1] == '\n' || (at[1] == '\r' && at[2] == '\n'));
}

/* Blanks, comments and joined lines; a line's end too, but not in a directive. */
static void blanks_skip(struct lexer *lexer, bool in_line)
{
    for (;;) {
        const char *at = lexer->at;
        if (is_joined(at)) {
            lexer->at += at[1] == '\n' ? 2 : 3;
            lexer->line++;
        } else if (*at == '\n' && !in_line) {
            lexer->at++;
            lexer->line++;
        } else if (*at != '\n' && isspace((unsigned char)*at)) {
            lexer->at++;
        } else if (at[0] == '/' && at[1] == '/') {
            while (*lexer->at && *lexer->at != '\n')
                lexer->at++;
        } else if (at[0] == '/' && at[1] == '*') {
            for (lexer->at += 2; *lexer->at && !(lexer->at[0] == '*' && lexer->at[1] == '/'); lexer->at++)
                lexer->line += *lexer->at == '\n';
            lexer->at += *lexer->at ? 2 : 0;
        } else {
            return;
        }
    }
}

static void quoted_skip(struct lexer *lexer)
{
    char quote = *lexer->at++;
    for (; *lexer->at && *lexer->at != quote && *lexer->at != '\n'; lexer->at++)
        if (*lexer->at == '\\' && lexer->at[1]) {
            lexer->at++;
            lexer->line += *lexer->at == '\n';
        }
    lexer->at += *lexer->at == quote;
}

static size_t mark_bytes(const char *at)
{
    static const char *const marks[] = {"...", "<<=", ">>=", "->", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
                                        "++",  "--",  "+=",  "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##", "::"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (!strncmp(at, marks[i], strlen(marks[i])))
            return strlen(marks[i]);
    return 1;
}

static bool token_next(struct lexer *lexer, bool in_line, struct token *token)
{
    blanks_skip(lexer, in_line);
    const char *at = lexer->at;
    *token = (struct token){at, 0, lexer->line, TOKEN_MARK};
    if (!*at || *at == '\n')
        return false;
    if (isalpha((unsigned char)*at) || *at == '_' || *at == '$') {
        while (isalnum((unsigned char)*lexer->at) || *lexer->at == '_' || *lexer->at == '$')
            lexer->at++;
        token->kind = TOKEN_NAME;
    } else if (isdigit((unsigned char)*at)) {
        while (isalnum((unsigned char)*lexer->at) || *lexer->at == '.' || *lexer->at == '\'')
            lexer->at++;
        token->kind = TOKEN_NUMBER;
    } else if (*at == '"' || *at == '\'') {
        quoted_skip(lexer);
        token->kind = TOKEN_TEXT;
    } else {
        lexer->at += mark_bytes(at);
    }
    token->count = (uint32_t)(lexer->at - at);
    return true;
}

static void macro_read(struct lexer *lexer)
{
    struct source_text *text = lexer->text;
    struct macro macro = {.first = (uint32_t)text->directives.list.count, .file = text};
    struct token token;
    if (!token_next(lexer, true, &macro.name) || macro.name.kind != TOKEN_NAME)
        return;
    macro.takes_words = *lexer->at == '(';
    bool in_params = macro.takes_words;
    while (token_next(lexer, true, &token)) {
        if (in_params && token_is(&token, "..."))
            macro.is_variadic = true;
        else if (in_params && token.kind == TOKEN_NAME)
            macro.params++;
        else if (!in_params)
            macro.body++;
        if ((in_params && token.kind == TOKEN_NAME) || !in_params)
            vec_push(&text->directives.list, token);
        in_params = in_params && !token_is(&token, ")");
    }
    vec_push(&text->macros, macro);
}

static void include_read(struct lexer *lexer)
{
    blanks_skip(lexer, true);
    char close = *lexer->at == '<' ? '>' : '"';
    const char *from = lexer->at, *end = *from ? strchr(from + 1, close) : NULL, *line = strchr(from, '\n');
    if (end && (!line || end < line) && (*from == '<' || *from == '"'))
        vec_push(&lexer->text->includes, ((struct token){from, (uint32_t)(end - from + 1), lexer->line, TOKEN_TEXT}));
}

/* An #if 0 hides what follows, up to its #else or #endif. */
static void condition_read(struct lexer *lexer, const struct token *word)
{
    struct token value;
    bool opens = token_is(word, "if") || token_is(word, "ifdef") || token_is(word, "ifndef");
    if (lexer->excluded && opens)
        lexer->excluded++;
    else if (lexer->excluded && token_is(word, "endif"))
        lexer->excluded--;
    else if (lexer->excluded == 1 && (token_is(word, "else") || token_is(word, "elif")))
        lexer->excluded = 0;
    else if (token_is(word, "if") && token_next(lexer, true, &value) && token_is(&value, "0"))
        lexer->excluded = 1;
}

static void directive_read(struct lexer *lexer)
{
    struct token word, rest;
    lexer->at++;
    if (!token_next(lexer, true, &word))
        return;
    if (!lexer->excluded && token_is(&word, "define"))
        macro_read(lexer);
    else if (!lexer->excluded && token_is(&word, "include"))
        include_read(lexer);
    else
        condition_read(lexer, &word);
    while (token_next(lexer, true, &rest))
        ;
}

static void text_read(struct lexer *lexer)
{
    struct token token;
    for (;;) {
        blanks_skip(lexer, false);
        if (!*lexer->at)
            return;
        if (*lexer->at == '#')
            directive_read(lexer);
        else if (token_next(lexer, false, &token) && !lexer->excluded)
            vec_push(&lexer->text->tokens.list, token);
    }
}

static char *file_read(const char *path, uint64_t *bytes)
{
    struct stat facts;
    FILE *file = fopen(path, "re");
    char *text = NULL;
    if (file && !fstat(fileno(file), &facts) && S_ISREG(facts.st_mode) && facts.st_size > 0 && facts.st_size < FILE_MOST &&
        *bytes + (uint64_t)facts.st_size < ALL_MOST) {
        text = memory_new((size_t)facts.st_size + 4, 1);
        size_t got = fread(text, 1, (size_t)facts.st_size, file);
        text[got] = 0;
        *bytes += got;
    }
    if (file)
        fclose(file);
    return text;
}

void source_text_lex(struct source_text *text)
{
    struct lexer lexer = {.text = text, .at = text->text, .line = 1};
    text_read(&lexer);
}

void source_text_end(struct source_text *text)
{
    vec_done(&text->tokens.list);
    vec_done(&text->directives.list);
    vec_done(&text->macros);
    vec_done(&text->includes);
}

const struct source_text *source_text_get(struct source_texts *texts, const char *path)
{
    bool is_new;
    uint64_t *place = map_put(&texts->by_path, XXH3_64bits(path, strlen(path)), &is_new);
    if (!is_new)
        return *place ? texts->list.at[*place - 1] : NULL;
    char *text = file_read(path, &texts->bytes);
    if (!text)
        return NULL;
    struct source_text *source = memory_new(1, sizeof *source);
    source->path = memory_new(strlen(path) + 1, 1);
    memcpy(source->path, path, strlen(path));
    source->text = text;
    vec_push(&texts->list, source);
    *place = texts->list.count;
    source_text_lex(source);
    return source;
}

size_t source_text_line(const struct source_text *text, uint32_t line)
{
    size_t low = 0, high = text->tokens.list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text->tokens.list.at[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void source_texts_done(struct source_texts *texts)
{
    for (size_t i = 0; i < texts->list.count; i++) {
        struct source_text *text = texts->list.at[i];
        source_text_end(text);
        memory_free(text->text);
        memory_free(text->path);
        memory_free(text);
    }
    vec_done(&texts->list);
    map_done(&texts->by_path);
}
