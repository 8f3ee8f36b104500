/* heap_walk: makes and frees blocks at random, then walks glibc's own chunks from its first block on and says what is free there: pieces, bytes, largest piece.
 * To be run without tcache (GLIBC_TUNABLES); without fast bins each free chunk is then joined with its neighbours at once. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PLACES = 10000, STEPS = 100000, FLAGS = 7, PREVIOUS_IN_USE = 1 };

static void *places[PLACES];
static uint64_t seed = 88172645463325252u;

static uint64_t dice(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static size_t size_at(const char *chunk)
{
    return ((const size_t *)chunk)[1];
}

int main(void)
{
    mallopt(M_MXFAST, 0);
    mallopt(M_MMAP_MAX, 0);
    char *first = malloc(24);
    for (int i = 0; i < STEPS; i++) {
        void **place = places + dice(PLACES);
        void *volatile block = *place ? NULL : malloc(dice(20) ? 1 + dice(200) : 1 + dice(20000));
        free(*place);
        *place = block;
    }
    char *volatile last = malloc(1 << 20); /* behind all others: what is free lies before it */
    size_t pieces = 0, bytes = 0, largest = 0, live = 1;
    char *chunk = first - 2 * sizeof(size_t), *end = last - 2 * sizeof(size_t);
    for (char *next; chunk < end; chunk = next) {
        size_t size = size_at(chunk) & ~(size_t)FLAGS;
        next = chunk + size;
        if (size_at(next) & PREVIOUS_IN_USE) {
            live++;
            continue;
        }
        pieces++;
        bytes += size;
        largest = size > largest ? size : largest;
    }
    dprintf(1, "%zu %zu %zu %zu\n", pieces, bytes, largest, live);
    _exit(0);
}
