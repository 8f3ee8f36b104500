/* sizing: what reading the expression of one call needs: the frames of its stack, their source, the layouts of both sides, and the choices that were made. */
#ifndef HOST_PREDICT_SIZING_H
#define HOST_PREDICT_SIZING_H

#include "call_frame.h"
#include "choices.h"
#include "layout.h"
#include "size_form.h"

/* A function in which an expression stands. */
struct size_scope {
    struct call_frame *frame;
    const struct source_text *text; /* of the place `line`; NULL: not here */
    struct macros *macros;
    size_t from, limit;                /* tokens of `text`, from the function's head to the call: assignments between them count */
    unsigned number;                   /* of the frame in the stack */
    const struct call_text *from_call; /* where the call of this function was found in another one's text; NULL: the next frame makes it */
    unsigned depth;
};

struct sizing {
    struct layout *layout;
    struct source_texts *texts;
    struct choices choices;
    struct arena arena;        /* of the tokens of this run */
    struct call_frame *frames; /* innermost first */
    unsigned frame_count;
    struct map *leads;   /* of a function's DIE: 2 if its text leads to an allocation, 1 if not */
    uint64_t seen_bytes; /* the one size that was seen; 0: there were several */
    unsigned steps;      /* so that no source can keep us for ever */
};

enum { SIZING_STEPS_MOST = 12000, SIZING_DEPTH_MOST = 24 };

#endif
