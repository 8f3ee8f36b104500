/* site_size: in a stack that allocates, the sizes seen there and the source, out what a size there becomes on the target, and how that is known. */
#ifndef HOST_PREDICT_SITE_SIZE_H
#define HOST_PREDICT_SITE_SIZE_H

#include "size_hint.h"
#include "sizing.h"
#include "stack_book.h"

enum { SITE_SIZES_MOST = 64, SITE_TEXT_BYTES = 200 };

enum site_how {
    SITE_SAME,     /* both sides have the same widths */
    SITE_HINT,     /* a hint of the user */
    SITE_TYPE,     /* the source's expression, or the type of what the block is assigned to */
    SITE_VARIABLE, /* a variable of the function points to a type of that size */
    SITE_POOL,     /* a number in the source, again and again: what lies in the blocks, and so how many there are, is not known */
    SITE_STDIO,    /* a buffer of this machine's C library, which the target's makes in its own way, or not at all */
    SITE_GUESS,    /* by rule, with an interval */
};

struct site_size {
    enum site_how how;
    struct form form;
    struct both content; /* of a pool: a type that lies in it; 0: not known */
    struct both element; /* SITE_TYPE without a form, SITE_VARIABLE: n times this */
    bool is_ragged;      /* sizes of that site are of no word's multiple: bytes */
    bool has_like;       /* records of that size are in the debug data: what becomes of them */
    double like_low, like_middle, like_high;
    int64_t times;              /* the source says so many times something unknown; 0: it does not */
    uint64_t least, most;       /* of the sizes */
    char text[SITE_TEXT_BYTES]; /* for people: the type or the expression */
};

/* What all sites of one target share. */
struct site_sizer {
    struct stack_book *book;
    struct source_texts *texts;
    const struct data_model *host, *target;
    const struct size_hints *hints;
    struct layout layout;
    struct map leads;    /* see sizing.h */
    bool has_other_libc; /* the target's C library is not glibc */
    bool ignores_debug;  /* as if there were no symbols: to measure what rules alone are worth */
};

void site_sizer_init(struct site_sizer *sizer, struct stack_book *book, struct source_texts *texts, const struct data_model *host,
                     const struct data_model *target, const struct size_hints *hints);
void site_size_find(struct site_sizer *sizer, uint32_t stack, const uint64_t *sizes, size_t count, struct site_size *site);
/* Would it be a pool, if it allocated often? */
bool site_size_is_pool(const struct site_size *site);
struct estimate site_size_of(const struct site_sizer *sizer, const struct site_size *site, uint64_t size);
const char *site_how_word(enum site_how how);
void site_sizer_done(struct site_sizer *sizer);

#endif
