/* replay: a load for bench/replay.py: COUNT births and ends in random order, up to LIVE blocks at once of 16 to 520 bytes, one in eight of up to 10 KiB. */
#include <stdint.h>
#include <stdlib.h>

int main(int count, char **words)
{
    uint64_t steps = count > 1 ? strtoull(words[1], NULL, 0) : 0, live = count > 2 ? strtoull(words[2], NULL, 0) : 1, random = 88172645463325252u;
    void **blocks = calloc(live, sizeof *blocks);
    for (uint64_t i = 0; i < steps; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        void **block = &blocks[(random >> 20) % live];
        uint64_t size = 16 + (random >> 50 & 63) * 8 * (random >> 56 & 7 ? 1 : 20);
        if (*block)
            free(*block);
        *block = *block ? NULL : malloc(size);
    }
    return 0;
}
