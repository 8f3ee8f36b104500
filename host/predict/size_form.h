/* size_form: in sums and products of known widths and unknown numbers, a + n * T, out what a size seen on the host becomes on the target. */
#ifndef HOST_PREDICT_SIZE_FORM_H
#define HOST_PREDICT_SIZE_FORM_H

#include <stdbool.h>
#include <stdint.h>

enum { FORM_TERMS_MOST = 6 };

/* The same number on both sides. */
struct both {
    int64_t host, target;
};

/* n times `unit`; the number n is the same on both sides, but nobody knows it. */
struct form_term {
    uint64_t id; /* of n */
    struct both unit;
    bool is_trusted; /* n counts something that does not depend on the machine */
    bool is_typed;   /* the unit is a type's size, not only a number in the source */
};

struct form {
    bool is_known;               /* else the rest says nothing */
    bool is_vague;               /* a part of it was not understood, and taken as a number of bytes */
    bool is_typed;               /* the constant has a type's size in it */
    struct both constant, round; /* round: to a multiple of it, 0: not */
    struct form_term terms[FORM_TERMS_MOST];
    unsigned count;
};

/* What a block will take there. low <= likely <= high. */
struct estimate {
    uint64_t low, likely, high;
};

struct form form_both(int64_t host, int64_t target);
struct form form_number(uint64_t id, bool is_trusted);
/* + - * / % << >> & | ^ < > and the like, as they are written in C ("<<"). Host and target are computed side by side. */
struct form form_join(const char *operation, uint32_t bytes, const struct form *left, const struct form *right);
static inline bool form_is_constant(const struct form *form)
{
    return form->is_known && !form->count;
}
/* Does it say anything about the type? A single number of bytes does not, nor does 100 times something. */
bool form_tells(const struct form *form);
/* False: no n gives that size. `dense`: how many bytes of the target one byte of unknown content may become at least, pointers on both sides. */
bool form_solve(const struct form *form, uint64_t host_size, struct both pointer, struct estimate *estimate);

#endif
