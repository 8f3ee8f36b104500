/* frames: in a stack id, out its frames as people read them: innermost first, named shortly, each with its role, so that views can hide what says nothing.
 * Hidden are the recorder's own frames; allocation wrappers at the
 * inner end (operator new, std::allocator, xmalloc, with nameless functions between them), the inside of std::; and what runs before main or a
 * thread's function at the outer end. One frame always stays. The list of names is frames.def. */
#ifndef HOST_VIEW_FRAMES_H
#define HOST_VIEW_FRAMES_H

#include "host/base/str.h"
#include "host/base/vec.h"
#include "view.h"

enum frame_role {
    FRAME_PROGRAM,   /* what people look for */
    FRAME_RECORDER,  /* of libheaptracer itself */
    FRAME_ALLOCATOR, /* a wrapper round the allocation, at the inner end */
    FRAME_LIBRARY,   /* inside the language's library: the program called another function of it, which is shown */
    FRAME_START,     /* before main, at the outer end */
};

struct frame {
    struct frame_text text;
    enum frame_role role;
};

struct frames {
    VEC(struct frame) list;
    bool is_cut; /* longer than FRAMES_MOST: the outer end is missing */
};
enum { FRAMES_MOST = 4096 };

/* All frames of the stack with their roles; `frames` is emptied first. */
void frames_of_stack(struct frames *frames, struct symbols *symbols, uint32_t stack);
/* The frames of the innermost address only; roles by name, since the ends of the stack are not known. */
void frames_of_address(struct frames *frames, struct symbols *symbols, uint32_t stack);
void frames_done(struct frames *frames);

/* The same function at the same line: a recursion. */
bool frames_are_same(const struct frame *a, const struct frame *b);
/* A function's name for one line: template arguments as <…>, no parameters. */
void frames_add_name(struct str *out, const char *function, bool has_unicode);
/* "(csv.c:88)"; where no file is known the module: "[libc]"; whole path and "[libc.so.6]" if `is_whole`; nothing when the name says it already,
 * and nothing for lines of the language's library unless `is_whole`. */
void frames_add_place(struct str *out, const struct frame *frame, bool is_whole);

#endif
