/* join: what `heaptracer attach` and the runtime in a program that runs already tell one another. The request lies in the program's memory; one of its
 * threads is made to call the functions below with its address. */
#ifndef WIRE_JOIN_H
#define WIRE_JOIN_H

#include <stdint.h>

/* Names of the functions: void (struct ht_attach *). */
#define HT_ATTACH_BEGIN "ht_attach_begin"
#define HT_ATTACH_END "ht_attach_end"

enum ht_attach_answer {
    HT_ATTACH_NOTHING,     /* it was not called */
    HT_ATTACH_DONE,
    HT_ATTACH_BUSY,        /* this thread is in the middle of something of ours: another one, or later */
    HT_ATTACH_RECORDED,    /* somebody else records the process: `collector` */
    HT_ATTACH_NO_SESSION,  /* the session file cannot be opened or mapped: `why` */
    HT_ATTACH_CLOCK,       /* it cannot read the session's clock */
    HT_ATTACH_NO_MEMORY,
    HT_ATTACH_UNSUPPORTED, /* the runtime can redirect no calls on this processor, or with this C library */
};

struct ht_attach {
    uint64_t handle;    /* in: of dlopen */
    uint32_t answer;    /* enum ht_attach_answer */
    uint32_t why;       /* errno */
    uint32_t slots;     /* places that lead to us now, or did */
    uint32_t left;      /* of these so many could not be put back, or not be changed */
    uint32_t collector; /* number of the process that records already */
    uint32_t filler;
    char path[512];     /* in: of the session file */
};

_Static_assert(sizeof(struct ht_attach) == 544, "the same on both sides");

#endif
