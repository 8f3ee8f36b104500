/* request: what a program asked of a heap once, in 16 bytes. Shared with the player, which reads a list of them from memory. */
#ifndef HOST_REPLAY_REQUEST_H
#define HOST_REPLAY_REQUEST_H

#include <stdint.h>

enum request_kind {
    REQUEST_ALLOC,
    REQUEST_ZEROED, /* calloc: some allocators serve it from elsewhere */
    REQUEST_FREE,
    REQUEST_RESIZE,
    REQUEST_TRY,    /* the recorded program was refused it: if it is granted now nobody knows how long the block would have lived, so it ends at once */
};
enum { REQUEST_SIZE_BITS = 40, REQUEST_HEAPS_MOST = 1 << 12, REQUEST_HEAP_BITS = 16, REQUEST_ALIGN_BITS = 5, REQUEST_KIND_BITS = 3 };

struct request {
    uint32_t block; /* its number among those of its heap that live at once: numbers are used again */
    uint32_t stack; /* who asked; 0: not known */
    uint64_t size : REQUEST_SIZE_BITS; /* larger ones are as if they had the most; of REQUEST_FREE what was asked for */
    uint64_t heap : REQUEST_HEAP_BITS;
    uint64_t align_log2 : REQUEST_ALIGN_BITS;
    uint64_t kind : REQUEST_KIND_BITS;
};

#endif
