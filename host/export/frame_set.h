/* frame_set: in the stacks of a trace, out lists of frame numbers: each distinct frame once, innermost first, without the recorder's own frames. */
#ifndef HOST_EXPORT_FRAME_SET_H
#define HOST_EXPORT_FRAME_SET_H

#include "host/base/map.h"
#include "host/base/vec.h"
#include "host/symbol/symbol.h"
#include "host/view/frames.h"

/* Zero-filled is empty. */
struct frame_set {
    VEC(struct frame_text) list; /* texts live as long as the symbols */
    struct map places;           /* digest: place in the list + 1; the next key where two digests are equal */
    struct frames frames;        /* reused */
};

/* The text's number; texts must be those of the symbols, or literals. */
uint32_t frame_set_place(struct frame_set *set, const struct frame_text *text);
/* Appends the numbers of the stack's frames to `numbers`; at least one: "[no stack]" for stack 0. */
struct frame_numbers {
    VEC(uint32_t) list;
};
void frame_set_take(struct frame_set *set, struct symbols *symbols, uint32_t stack, struct frame_numbers *numbers);
void frame_set_done(struct frame_set *set);

/* "function (file.c:12)" or "function (in libfoo.so)", cleaned. */
void frame_text_add(struct str *out, const struct frame_text *text);

#endif
