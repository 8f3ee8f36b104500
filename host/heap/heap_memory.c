/* heap_memory: in a process that stands still, out words of its memory and which of its pages are resident. */
#include "heap_memory.h"

#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"

void heap_memory_begin(struct heap_memory *memory, int file, int pagemap, uint32_t word)
{
    *memory = (struct heap_memory){.memory = file, .pagemap = pagemap, .word = word, .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
    memory->pieces = memory_new(HEAP_PIECES, sizeof *memory->pieces);
    for (size_t i = 0; i < HEAP_PIECES; i++)
        memory->pieces[i].start = 1;
}

void heap_memory_done(struct heap_memory *memory)
{
    memory_free(memory->pieces);
}

static const struct heap_piece *piece_of(struct heap_memory *memory, uint64_t address)
{
    uint64_t start = address & ~(uint64_t)(HEAP_PIECE_BYTES - 1);
    struct heap_piece *piece = &memory->pieces[start / HEAP_PIECE_BYTES % HEAP_PIECES];
    if (piece->start == start)
        return piece;
    piece->start = start;
    piece->is_there = start <= INT64_MAX && pread(memory->memory, piece->bytes, HEAP_PIECE_BYTES, (off_t)start) == HEAP_PIECE_BYTES;
    return piece;
}

bool heap_memory_read(struct heap_memory *memory, uint64_t address, void *bytes, size_t count)
{
    uint8_t *to = bytes;
    while (count) {
        const struct heap_piece *piece = piece_of(memory, address);
        size_t from = (size_t)(address - piece->start), part = HEAP_PIECE_BYTES - from < count ? HEAP_PIECE_BYTES - from : count;
        if (!piece->is_there)
            return false;
        memcpy(to, piece->bytes + from, part);
        to += part;
        address += part;
        count -= part;
    }
    return true;
}

uint32_t heap_memory_u32(struct heap_memory *memory, uint64_t address)
{
    uint32_t number = 0;
    return heap_memory_read(memory, address, &number, sizeof number) ? number : 0;
}

uint64_t heap_memory_word(struct heap_memory *memory, uint64_t address)
{
    uint64_t number = 0;
    if (memory->word == 4)
        return heap_memory_u32(memory, address);
    return heap_memory_read(memory, address, &number, sizeof number) ? number : 0;
}

uint64_t heap_memory_resident(const struct heap_memory *memory, uint64_t start, uint64_t end)
{
    enum { BATCH = 512 };
    uint64_t entries[BATCH], page = (start + memory->page_bytes - 1) / memory->page_bytes, past = end / memory->page_bytes, present = 0;
    while (page < past && memory->pagemap >= 0) {
        size_t count = past - page < BATCH ? (size_t)(past - page) : BATCH;
        ssize_t got = pread(memory->pagemap, entries, count * sizeof *entries, (off_t)(page * sizeof *entries));
        if (got < (ssize_t)sizeof *entries)
            break;
        count = (size_t)got / sizeof *entries;
        for (size_t i = 0; i < count; i++)
            present += entries[i] >> 63;
        page += count;
    }
    return present * memory->page_bytes;
}
