/* sample: in the sizes that a thread asks for, out which blocks are recorded. All in whole numbers: a program's floating point flags are its own. */
#include "sample.h"

#include "port_process.h"
#include "wire/api.h"

/* Recorded addresses in buckets of one cache line. A bucket's choice is a hash, and the following ones are its overflow; a slot is freed at once, so a look-up
 * looks at all of them. It is rare: the filter says no to nearly all that is not here. */
enum { SLOTS = 8, BUCKET_BITS = 18, BUCKETS = 1 << BUCKET_BITS, OVERFLOW = 4 };
struct bucket {
    uint64_t address[SLOTS];
};

uint8_t *ht__sample_filter;
static struct bucket *buckets;

bool ht__sample_init(void)
{
    uint8_t *filter = ht__port_pages(1 << SAMPLE_FILTER_BITS);
    buckets = ht__port_pages(BUCKETS * sizeof *buckets);
    if (filter && buckets) {
        ht__sample_filter = filter;
        ht__sample_hold(NULL, 1);
    }
    return ht__sample_filter != NULL;
}

void ht__sample_hold(const void *from, uint64_t bytes)
{
    for (const char *at = from; bytes > 0; at += 16, bytes -= bytes < 16 ? bytes : 16)
        ht__sample_filter[sample_index(at)] = UINT8_MAX;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

/* High word of a product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t low = (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF), middle = (a >> 32) * (b & 0xFFFFFFFF) + (low >> 32);
    uint64_t other = (a & 0xFFFFFFFF) * (b >> 32) + (middle & 0xFFFFFFFF);
    return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

/* -log2(u / 2^64) in units of 2^-32: the digits of the logarithm come by squaring. */
static uint64_t minus_log2(uint64_t u)
{
    unsigned zeros = (unsigned)__builtin_clzll(u | 1);
    uint64_t mantissa = (u | 1) << zeros, fraction = 0; /* 2^63 stands for 1 */
    for (int digit = 0; digit < 32; digit++) {
        uint64_t square = multiply_high(mantissa, mantissa); /* 2^62 stands for 1 */
        fraction <<= 1;
        if (square >> 63)
            fraction |= 1;
        mantissa = square >> 63 ? square : square << 1;
    }
    return ((uint64_t)(zeros + 1) << 32) - fraction;
}

/* Exponential, at least 1. */
static int64_t draw_distance(struct ht_thread *t)
{
    static const uint64_t ln2 = 0xB17217F7D1CF79ACu; /* times 2^-64 */
    uint64_t nats = multiply_high(minus_log2(next_random(&t->random)), ln2); /* times 2^-32, below 2^38 */
    uint64_t mean = t->sample_bytes, whole = (nats >> 32) * mean, rest = multiply_high(nats << 32, mean);
    return (int64_t)((whole + rest) & INT64_MAX) + 1;
}

/* A countdown that is not drawn yet; so far below 0 that no program's blocks add up to it. */
#define NOT_DRAWN (INT64_MIN / 2)

void ht__sample_set(struct ht_thread *t, uint64_t mean_bytes)
{
    if (!t->random)
        t->random = ht__port_clock() ^ (uint64_t)(uintptr_t)t ^ (uint64_t)t->tid << 40;
    if (!mean_bytes || t->sample_bytes != mean_bytes)
        t->sample_left = NOT_DRAWN;
    t->sample_bytes = mean_bytes;
}

void ht__sample_redraw(struct ht_thread *t)
{
    t->sample_left = NOT_DRAWN;
}

bool ht__sample_hit(struct ht_thread *t, uint64_t size)
{
    int64_t bytes = (int64_t)(size + !size);
    if (t->sample_left + bytes <= 0) {
        t->sample_left = draw_distance(t) - bytes;
        if (t->sample_left > 0)
            return false;
    }
    t->sample_left = draw_distance(t);
    return true;
}

static uint32_t hash(const void *block)
{
    return (uint32_t)(((uint64_t)(uintptr_t)block >> 4) * 0x9E3779B97F4A7C15u >> 32);
}

static struct bucket *bucket_of(const void *block, unsigned overflow)
{
    return &buckets[((hash(block) >> (32 - BUCKET_BITS)) + overflow) & (BUCKETS - 1)];
}

/* By the word that the count is in: not every processor compares and swaps a byte without a library's help. */
static void filter_add(const void *block, int by)
{
    typedef uint32_t __attribute__((may_alias)) four;
    uint32_t index = sample_index(block), shift = 8 * (index & 3);
    four *word = (four *)(void *)&ht__sample_filter[index & ~3u], seen = __atomic_load_n(word, __ATOMIC_RELAXED), next;
    do {
        uint32_t count = seen >> shift & UINT8_MAX;
        if (count == UINT8_MAX)
            return;
        next = (seen & ~((uint32_t)UINT8_MAX << shift)) | (uint32_t)(uint8_t)(count + (unsigned)by) << shift;
    } while (!__atomic_compare_exchange_n(word, &seen, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* Replaces the first `from` among the block's slots. */
static bool swap_slot(const void *block, uint64_t from, uint64_t to)
{
    for (unsigned overflow = 0; overflow < OVERFLOW; overflow++)
        for (unsigned i = 0; i < SLOTS; i++) {
            uint64_t *slot = &bucket_of(block, overflow)->address[i], expected = from;
            if (__atomic_load_n(slot, __ATOMIC_RELAXED) == from && __atomic_compare_exchange_n(slot, &expected, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
                return true;
        }
    return false;
}

void ht__sample_remember(struct ht_thread *t, const void *block)
{
    ht__sample_forget(block); /* it may have been freed while nothing was recorded */
    if (swap_slot(block, 0, (uint64_t)(uintptr_t)block))
        filter_add(block, 1);
    else
        __atomic_add_fetch(&t->lane->lost_events, 1, __ATOMIC_RELAXED); /* its free will not be told */
}

bool ht__sample_forget(const void *block)
{
    if (!swap_slot(block, (uint64_t)(uintptr_t)block, 0))
        return false;
    filter_add(block, -1);
    return true;
}

void ht__sample_alloc(struct ht_thread *t, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    bool point = block && t->sample_left <= 0 && ht__sample_hit(t, size);
    if (!point && block)
        return;
    struct telling telling = {.op = block ? HT_LANE_ALLOC_WIDE : HT_LANE_REFUSE, .api = api, .block = block, .size = size, .alignment = alignment};
    telling.flags = block ? HT_LANE_SAMPLED : 0;
    ht__tell(t, frame, &telling);
    if (block && ht__sample_filter)
        ht__sample_remember(t, block);
}
