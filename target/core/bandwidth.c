/* bandwidth: in a piece of memory, out how fast it is read and written, in order and at random; and which blocks belong where. */
#include "core.h"
#include "outbox.h"

#if HT_WITH_BANDWIDTH

enum { LEAST_BYTES = 256, ROUNDS_MOST = 1024, TICKS_LEAST = 1000, EXTERNAL_LEAST = 4096 };

struct run {
    volatile uint32_t *words;
    size_t count; /* a power of two */
};

static void read_in_order(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        (void)run->words[i];
}

static void write_in_order(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        run->words[i] = (uint32_t)i;
}

/* Each word once, in an order that no cache guesses: the steps of a full-period generator. */
static size_t next_place(const struct run *run, size_t place)
{
    return (place * 1664525u + 1013904223u) & (run->count - 1);
}

static void read_at_random(const struct run *run)
{
    size_t place = 0;
    for (size_t i = 0; i < run->count; i++)
        (void)run->words[place = next_place(run, place)];
}

static void write_at_random(const struct run *run)
{
    size_t place = 0;
    for (size_t i = 0; i < run->count; i++)
        run->words[place = next_place(run, place)] = (uint32_t)i;
}

/* a * b / c without a division of 64 bits; the largest number if it is larger. */
static uint32_t scaled(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t result = 0, rest = 0;
    for (uint8_t bit = 32; bit-- > 0;) {
        uint32_t sum_a = rest << 1, carry = rest >> 31;
        uint32_t add = b >> bit & 1 ? a : 0;
        uint32_t quotient = add / c, part = add % c;
        if (result >> 31)
            return UINT32_MAX;
        result = (result << 1) + quotient;
        if (carry || sum_a >= c) {
            sum_a -= c;
            result++;
        }
        rest = sum_a + part;
        if (rest >= c || rest < part) {
            rest -= c;
            result++;
        }
    }
    return result;
}

static uint32_t speed(const struct run *run, void (*once)(const struct run *run))
{
    uint32_t begin = ht_port_now(), ticks = 0, rounds = 0;
    while (ticks < TICKS_LEAST && rounds < ROUNDS_MOST) {
        once(run);
        rounds++;
        ticks = ht_port_now() - begin;
    }
    return ticks ? scaled(rounds * (uint32_t)(run->count * sizeof(uint32_t) / LEAST_BYTES), ht_port_ticks_per_s(), ticks) / (1024 / LEAST_BYTES) : 0;
}

int ht_bandwidth(ht_heap_id heap, void *memory, size_t bytes, struct ht_bandwidth *result)
{
    struct run run = {memory, LEAST_BYTES / sizeof(uint32_t)};
    if (bytes < LEAST_BYTES || !memory || heap >= HT_HEAPS)
        return HT_TOO_SMALL;
    while (run.count * 2 * sizeof(uint32_t) <= bytes && run.count < 1u << 14)
        run.count *= 2;
    result->write_sequential = speed(&run, write_in_order);
    result->read_sequential = speed(&run, read_in_order);
    result->write_random = speed(&run, write_at_random);
    result->read_random = speed(&run, read_at_random);
    ht__core.heaps[heap].random_read = result->read_random;
    const ht_number numbers[] = {heap, run.count * sizeof(uint32_t), result->read_sequential, result->write_sequential, result->read_random, result->write_random};
    ht__outbox_tell(HT_TOLD_BANDWIDTH, numbers, HT_BANDWIDTH_NUMBERS, NULL);
    return 0;
}

static uint32_t random_read(uint8_t kind_least, uint8_t kind_most)
{
    for (uint8_t i = 0; i < HT_HEAPS; i++)
        if (ht__core.heaps[i].random_read && ht__core.heaps[i].kind >= kind_least && ht__core.heaps[i].kind <= kind_most)
            return ht__core.heaps[i].random_read;
    return 0;
}

/* Of an external memory that is as fast as the internal one small blocks may be anywhere. */
enum ht_place ht_advise(size_t bytes, unsigned wishes)
{
    uint32_t internal = random_read(HT_MEMORY_RAM, HT_MEMORY_INTERNAL), external = random_read(HT_MEMORY_EXTERNAL, HT_MEMORY_EXTERNAL);
    if (wishes & (HT_WISH_DMA | HT_WISH_INTERRUPT))
        return HT_PLACE_INTERNAL;
    bool is_slower = !internal || !external || external < internal / 2;
    if (bytes >= EXTERNAL_LEAST)
        return wishes & HT_WISH_HOT && is_slower ? HT_PLACE_INTERNAL : HT_PLACE_EXTERNAL;
    return is_slower ? HT_PLACE_INTERNAL : HT_PLACE_ANY;
}

#endif
