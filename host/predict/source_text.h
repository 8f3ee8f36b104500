/* source_text: in the path of a C or C++ file, out its tokens with their lines, its macros and what it includes. It is read as it stands: no compiler is asked.
 */
#ifndef HOST_PREDICT_SOURCE_TEXT_H
#define HOST_PREDICT_SOURCE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"

enum token_kind { TOKEN_NAME = 1, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_MARK };

struct token {
    const char *at;
    uint32_t count, line;
    uint8_t kind;
};

struct tokens {
    VEC(struct token) list;
};

/* Its parameters, then its body, in `directives` of its file. */
struct macro {
    struct token name;
    bool takes_words; /* NAME(...) */
    bool is_variadic;
    uint32_t first, params, body;
    const struct source_text *file;
};

struct source_text {
    char *path;
    char *text;
    struct tokens tokens, directives;
    VEC(struct macro) macros;
    VEC(struct token) includes; /* with their quotes */
};

/* All files that were asked for; zero-filled is empty. */
struct source_texts {
    VEC(struct source_text *) list;
    struct map by_path; /* hash of the path: place in the list + 1; 0: it cannot be read */
    uint64_t bytes;
};

/* NULL: it cannot be read, or is no text. */
const struct source_text *source_text_get(struct source_texts *texts, const char *path);
/* The first token of that line or a later one. */
size_t source_text_line(const struct source_text *text, uint32_t line);
bool token_is(const struct token *token, const char *word);
uint64_t token_hash(const struct token *token);
/* Of a text in memory that the caller owns: fills `tokens`; source_text_end gives them back. */
void source_text_lex(struct source_text *text);
void source_text_end(struct source_text *text);
void source_texts_done(struct source_texts *texts);

#endif
