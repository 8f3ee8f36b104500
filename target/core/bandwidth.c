/* bandwidth: in a piece of memory, out how fast it is read and written, in order and at random; and which blocks belong where. */
#include "core.h"
#include "outbox.h"

#if HT_WITH_BANDWIDTH

enum { LEAST_BYTES = 256, ROUNDS_MOST = 1024, TICKS_LEAST = 1000, EXTERNAL_LEAST = 4096, IS_WRITE = 1, IS_RANDOM = 2, WAYS_ALL = 4 };

struct run {
    volatile uint32_t *words;
    size_t count; /* a power of two */
};

/* Each word once: in order, or in an order that no cache guesses, the steps of a full-period generator. Both take the same instructions. */
static void once(const struct run *run, uint8_t way)
{
    size_t place = 0, factor = way & IS_RANDOM ? (size_t)1664525u : 1, step = way & IS_RANDOM ? (size_t)1013904223u : 1;
    for (size_t i = 0; i < run->count; i++) {
        if (way & IS_WRITE)
            run->words[place] = (uint32_t)i;
        else
            (void)run->words[place];
        place = (place * factor + step) & (run->count - 1);
    }
}

static uint32_t speed(const struct run *run, uint8_t way)
{
    uint32_t begin = ht_port_now(), ticks = 0, rounds = 0, per_s = ht_port_ticks_per_s();
    while (ticks < TICKS_LEAST && rounds < ROUNDS_MOST) {
        once(run, way);
        rounds++;
        ticks = ht_port_now() - begin;
    }
    rounds *= (uint32_t)(run->count * sizeof(uint32_t) / LEAST_BYTES);
    for (; ticks && per_s > UINT32_MAX / rounds; ticks >>= 1)
        per_s >>= 1;
    return ticks ? rounds * per_s / ticks / (1024 / LEAST_BYTES) : 0;
}

int ht_bandwidth(ht_heap_id heap, void *memory, size_t bytes, struct ht_bandwidth *result)
{
    struct run run = {memory, LEAST_BYTES / sizeof(uint32_t)};
    ht_number numbers[HT_BANDWIDTH_NUMBERS] = {heap};
    if (bytes < LEAST_BYTES || !memory || heap >= HT_HEAPS)
        return HT_TOO_SMALL;
    while (run.count * 2 * sizeof(uint32_t) <= bytes && run.count < 1u << 14)
        run.count *= 2;
    numbers[HT_BANDWIDTH_BYTES] = run.count * sizeof(uint32_t);
    for (uint8_t way = 0; way < WAYS_ALL; way++)
        (&result->read_sequential)[way] = (uint32_t)(numbers[HT_BANDWIDTH_READ + way] = speed(&run, way));
    if (ht__core.kinds[heap] <= HT_MEMORY_EXTERNAL)
        ht__core.random_read[ht__core.kinds[heap] == HT_MEMORY_EXTERNAL] = result->read_random;
    ht__outbox_tell(HT_TOLD_BANDWIDTH, numbers, HT_BANDWIDTH_NUMBERS, NULL);
    return 0;
}

/* Of an external memory that is as fast as the internal one small blocks may be anywhere. */
enum ht_place ht_advise(size_t bytes, unsigned wishes)
{
    uint32_t internal = ht__core.random_read[0], external = ht__core.random_read[1];
    if (wishes & (HT_WISH_DMA | HT_WISH_INTERRUPT))
        return HT_PLACE_INTERNAL;
    bool is_slower = !internal || !external || external < internal / 2;
    if (bytes >= EXTERNAL_LEAST)
        return wishes & HT_WISH_HOT && is_slower ? HT_PLACE_INTERNAL : HT_PLACE_EXTERNAL;
    return is_slower ? HT_PLACE_INTERNAL : HT_PLACE_ANY;
}

#endif
