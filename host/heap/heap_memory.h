/* heap_memory: in a process that stands still, out words of its memory and which of its pages are resident. What is read is kept by the page, as chunks lie side by side;
 * no page is read that nobody asked for, since that would make it resident. */
#ifndef HOST_HEAP_HEAP_MEMORY_H
#define HOST_HEAP_HEAP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAP_PIECES = 512, HEAP_PIECE_BYTES = 4096 };

struct heap_piece {
    uint64_t start; /* 1: none */
    bool is_there;  /* it could be read */
    uint8_t bytes[HEAP_PIECE_BYTES];
};

struct heap_memory {
    int memory, pagemap; /* files of /proc; pagemap may be -1 */
    uint32_t word;       /* bytes of a pointer */
    uint64_t page_bytes;
    struct heap_piece *pieces;
};

void heap_memory_begin(struct heap_memory *memory, int file, int pagemap, uint32_t word);
void heap_memory_done(struct heap_memory *memory);
/* False: not all of it can be read. */
bool heap_memory_read(struct heap_memory *memory, uint64_t address, void *bytes, size_t count);
/* 0 if it cannot be read. */
uint64_t heap_memory_word(struct heap_memory *memory, uint64_t address);
uint32_t heap_memory_u32(struct heap_memory *memory, uint64_t address);
/* Bytes of the pages that lie wholly in [start, end) and are in memory. */
uint64_t heap_memory_resident(const struct heap_memory *memory, uint64_t start, uint64_t end);

#endif
