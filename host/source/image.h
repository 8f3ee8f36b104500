/* image: one process image of the session (a fork makes one, an exec makes one): in its module list and its program counters, out session-wide places. */
#ifndef HOST_SOURCE_IMAGE_H
#define HOST_SOURCE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "emit.h"
#include "place.h"
#include "wire/lane.h"

enum image_state {
    IMAGE_NONE,    /* its entry is free */
    IMAGE_WAITING, /* its entry is seen; its EVENT_PROCESS is due at `stamp` */
    IMAGE_DEFINED,
    IMAGE_ENDED, /* EVENT_PROCESS_END is out */
    IMAGE_VOID,  /* the fork failed */
};

struct image_range {
    uint64_t start, end, bias;
    uint32_t module;
};

struct image_code {
    uint64_t pc; /* 0: free slot */
    uint32_t place;
};

struct image {
    uint32_t serial, parent, pid, how;
    uint32_t pid_here; /* `pid` in the collector's PID namespace, 0 none */
    uint32_t usable_rule;
    enum image_state state;
    bool gone;    /* the process has ended, or an exec replaced this image */
    bool overdue; /* its entry stayed unfinished for so long that the merge went on without it */
    bool held;    /* it waits for its end to be seen, and that was told */
    bool status_known;
    int wait_status;
    int pidfd; /* -1 none */
    uint64_t stamp;
    uint64_t seen_ns;               /* when the collector first saw the entry */
    struct image *forked_from;      /* NULL: how is not fork */
    VEC(struct image_range) ranges; /* by start, without overlap */
    struct image_code *codes;       /* what pc is which place; forgotten when the ranges change */
    uint32_t code_count, code_room;
    uint32_t era; /* of stack.h, given anew when the ranges change; 0: not yet */
    struct map heaps, sources; /* number in the process -> session-wide id */
};

/* A module was mapped at [start, end), or what was there is gone (module 0). */
void image_map(struct image *image, const struct image_range *range);
void image_unmap(struct image *image, uint64_t start);
/* The child of a fork starts with all that its parent has at that moment. */
void image_inherit(struct image *image, struct image *parent);
uint32_t image_place_slow(struct image *image, struct places *places, uint64_t pc);
/* Session-wide id of a heap or source of this image, 0 if it was never defined. */
uint32_t image_heap(const struct image *image, uint64_t number);
uint32_t image_source(const struct image *image, uint64_t number);
void image_done(struct image *image);

static inline uint32_t image_slot(uint64_t pc)
{
    return (uint32_t)(pc * 0x9E3779B97F4A7C15u >> 40);
}

/* Place of a return address. */
static inline uint32_t image_place(struct image *image, struct places *places, uint64_t pc)
{
    if (__builtin_expect(image->code_room != 0, 1)) {
        const struct image_code *code = &image->codes[image_slot(pc) & (image->code_room - 1)];
        if (__builtin_expect(code->pc == pc && pc, 1))
            return code->place;
    }
    return image_place_slow(image, places, pc);
}

#endif
