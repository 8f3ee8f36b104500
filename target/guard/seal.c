/* seal: in a block's place and size, out a head before it and a tail behind it that tell whether somebody wrote there. */
#include "seal.h"

#include <string.h>

enum { FAMILY_SHIFT = 48, ROOM_SHIFT = 52, TAIL_LEAST = 8 };
static const uint64_t SIZE_MASK = ((uint64_t)1 << FAMILY_SHIFT) - 1;

static uint64_t secret;

typedef uint64_t __attribute__((may_alias)) word;

void seal_begin(uint64_t given)
{
    secret = given;
}

uint64_t seal_mix(uint64_t value)
{
    value *= 0x9E3779B97F4A7C15u;
    value ^= value >> 32;
    value *= 0xD6E8FEB86659FD93u;
    return value ^ value >> 32;
}

static word *head_of(const void *block)
{
    return (word *)(uintptr_t)block - 2;
}

static uint64_t first_word(const struct seal *seal)
{
    return seal->size | (uint64_t)seal->family << FAMILY_SHIFT | (uint64_t)seal->room_log2 << ROOM_SHIFT;
}

static uint64_t second_word(const void *block, uint64_t first, uint32_t index, enum seal_state state)
{
    uint64_t check = seal_mix((uint64_t)(uintptr_t)block ^ secret ^ (first << 7 | first >> 57) ^ ((uint64_t)index << 20) ^ (uint64_t)state << 62);
    return index | (check >> 32) << 32;
}

static struct seal seal_of(uint64_t first, uint64_t second)
{
    return (struct seal){first & SIZE_MASK, (uint32_t)second, first >> FAMILY_SHIFT & 15, first >> ROOM_SHIFT & 63};
}

static uint8_t tail_byte(const void *block)
{
    uint8_t byte = (uint8_t)((((uint64_t)(uintptr_t)block ^ secret) * 0x9E3779B97F4A7C15u) >> 56);
    return (byte & 0x3E) | 0x81; /* no letter, no small number, not 255 */
}

static uint64_t tail_word(const void *block)
{
    return tail_byte(block) * 0x0101010101010101u;
}

void seal_put(void *block, const struct seal *seal)
{
    word *head = head_of(block);
    uint64_t first = first_word(seal), bytes = tail_word(block);
    char *tail = (char *)block + seal->size, *end = (char *)block + seal_body(seal->size);
    memcpy(tail, &bytes, sizeof bytes);
    if (end - tail > 16)
        memcpy(tail + 8, &bytes, sizeof bytes);
    memcpy(end - 8, &bytes, sizeof bytes);
    head[0] = first;
    __atomic_store_n(&head[1], second_word(block, first, seal->index, SEAL_LIVE), __ATOMIC_RELEASE);
}

enum seal_state seal_get(const void *block, struct seal *seal)
{
    const word *head = head_of(block);
    uint64_t second = __atomic_load_n(&head[1], __ATOMIC_ACQUIRE), first = head[0];
    *seal = seal_of(first, second);
    if (second == second_word(block, first, (uint32_t)second, SEAL_LIVE))
        return SEAL_LIVE;
    return second == second_word(block, first, (uint32_t)second, SEAL_FREED) ? SEAL_FREED : SEAL_BROKEN;
}

bool seal_end(void *block, const struct seal *seal)
{
    uint64_t first = first_word(seal), live = second_word(block, first, seal->index, SEAL_LIVE);
    return __atomic_compare_exchange_n(&head_of(block)[1], &live, second_word(block, first, seal->index, SEAL_FREED), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

bool seal_tail_is_whole(const void *block, uint64_t size)
{
    const char *tail = (const char *)block + size, *end = (const char *)block + seal_body(size);
    uint64_t bytes = tail_word(block), a, b, c;
    memcpy(&a, tail, sizeof a);
    memcpy(&c, end - 8, sizeof c);
    b = bytes;
    if (end - tail > 16)
        memcpy(&b, tail + 8, sizeof b);
    return !((a ^ bytes) | (b ^ bytes) | (c ^ bytes));
}

static void damage_add(struct damage *damage, const void *block, int64_t offset)
{
    if (!damage->count++)
        damage->first = offset;
    uint64_t at = (uint64_t)(offset - damage->first);
    for (uint64_t i = damage->around_bytes; i <= at && i < SEAL_AROUND; i++)
        damage->around[damage->around_bytes++] = ((const uint8_t *)block)[damage->first + (int64_t)i];
}

void seal_tail_damage(const void *block, uint64_t size, struct damage *damage)
{
    uint8_t expected = tail_byte(block);
    for (uint64_t i = size; i < seal_body(size); i++)
        if (((const uint8_t *)block)[i] != expected)
            damage_add(damage, block, (int64_t)i);
}

/* The first word that the second one is a check of, for blocks of a size that it does not take long to guess. */
static bool guess_first(const void *block, uint32_t index, struct seal *seal)
{
    enum { GUESSED_MOST = 1 << 16, FAMILIES = 5 };
    uint64_t second = head_of(block)[1];
    for (uint64_t size = 0; size < GUESSED_MOST; size++)
        for (uint8_t family = 0; family < FAMILIES; family++) {
            *seal = (struct seal){size, index, family, SEAL_HEAD_LOG2};
            if (second_word(block, first_word(seal), index, SEAL_LIVE) == second && seal_tail_is_whole(block, size))
                return true;
        }
    return false;
}

static bool is_certain(const void *block, const struct seal *seal)
{
    static const uint64_t SIZE_CERTAIN = 1 << 30; /* its tail is near enough to be there */
    return seal->size < SIZE_CERTAIN && seal->room_log2 >= SEAL_HEAD_LOG2 && seal->room_log2 < 40 && seal_tail_is_whole(block, seal->size);
}

bool seal_head_damage(const void *block, uint32_t index, struct seal *seal, struct damage *damage)
{
    const word *head = head_of(block);
    if (!guess_first(block, index, seal)) {
        *seal = seal_of(head[0], index);
        if (!is_certain(block, seal))
            return false;
    }
    uint64_t first = first_word(seal), expected[2] = {first, second_word(block, first, index, SEAL_LIVE)};
    const uint8_t *bytes = (const uint8_t *)head, *right = (const uint8_t *)expected;
    for (int i = 0; i < SEAL_HEAD; i++)
        if (bytes[i] != right[i])
            damage_add(damage, block, i - SEAL_HEAD);
    return true;
}
