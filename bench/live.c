/* live: in a count, out that many blocks of 16 to 128 bytes allocated on 512 stacks, all alive at once, then freed in another order; the load for tables of live blocks. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __attribute__((noinline)) char *make(uint32_t i)
{
    char *block = malloc(16 + 16 * (i * 2654435761u >> 29));
    block[0] = (char)i;
    return block;
}

static __attribute__((noinline)) void fill(char **blocks, size_t from, size_t to, int levels)
{
    if (levels > 0) {
        fill(blocks, from, (from + to) / 2, levels - 1);
        fill(blocks, (from + to) / 2, to, levels - 1);
        return;
    }
    for (size_t i = from; i < to; i++)
        blocks[i] = make((uint32_t)i);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    if (count == 0) {
        fprintf(stderr, "usage: live BLOCKS\n");
        return 2;
    }
    char **blocks = calloc(count, sizeof *blocks);
    fill(blocks, 0, count, 9);
    size_t step = 7368787 % count ? 7368787 : 1; /* a prime: goes through all of them */
    for (size_t i = 0, at = 0; i < count; i++, at = (at + step) % count) {
        free(blocks[at]);
        blocks[at] = NULL;
    }
    free(blocks);
    return 0;
}
