/* stack_book: in the definitions of a trace, out the calls of each stack, from the modules' debug data. */
#ifndef HOST_PREDICT_STACK_BOOK_H
#define HOST_PREDICT_STACK_BOOK_H

#include <heaptracer/trace.h>

#include "call_frame.h"

struct book_frame {
    uint32_t parent, module;
    uint64_t offset;
    bool exact;
};
struct book_module {
    char *path;
    uint8_t build_id[20];
    uint32_t build_id_bytes;
    uint64_t start;
    struct debug_module *debug; /* NULL: not opened yet */
};

/* What an address was resolved to: looking through a large unit takes a millisecond. */
struct book_place {
    struct call_frame *frames;
    unsigned count;
};

struct stack_book {
    struct object_search search;
    VEC(struct book_frame) frames;   /* by stack id */
    VEC(struct book_module) modules; /* by id */
    struct map known;                /* module and address: place in `places`, plus 1 */
    VEC(struct book_place) places;
    const char *elf; /* debug data of the first module are there; NULL: in the module itself */
};

void stack_book_see(struct stack_book *book, const struct event *event);
/* Innermost first; how many. Return addresses in modules without debug data are frames without a function. */
unsigned stack_book_frames(struct stack_book *book, uint32_t stack, struct call_frame *frames, unsigned room);
/* That of the program, by its ELF machine; false: not known. */
bool stack_book_model(struct stack_book *book, struct data_model *model);
void stack_book_done(struct stack_book *book);

#endif
