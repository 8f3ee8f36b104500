/* call_text: in a place in the source, out the calls in the statement there: of an allocator, or of a function of ours that leads to one. */
#ifndef HOST_PREDICT_CALL_TEXT_H
#define HOST_PREDICT_CALL_TEXT_H

#include "size_reader.h"

enum { CALL_WORDS_MOST = 12 };

enum alloc_rule { ALLOC_NONE, ALLOC_ONE, ALLOC_PRODUCT, ALLOC_BYTES, ALLOC_WIDE, ALLOC_NEW };

/* A call in the text. */
struct call_text {
    const struct size_scope *scope; /* in which its words are meant */
    const struct token *words[CALL_WORDS_MOST];
    size_t counts[CALL_WORDS_MOST];
    unsigned word_count;
    const struct token *all; /* all words, with their commas */
    size_t all_count;
    const struct token *before; /* the statement up to the call */
    size_t before_count;
    enum alloc_rule rule;
    unsigned first, second; /* words that make the size */
};

/* The scope of a frame; false: its source is not here. */
bool call_scope(struct sizing *sizing, unsigned frame, struct size_scope *scope);
/* The allocating call that the statement makes, directly or in a function that it calls. */
bool call_text_alloc(struct sizing *sizing, const struct size_scope *scope, struct call_text *call);
/* The call of the scope's function, in its caller's text: of its name, or of something that is no function but takes as many words: a pointer to one. */
bool call_text_up(struct sizing *sizing, const struct size_scope *scope, struct call_text *call);

#endif
