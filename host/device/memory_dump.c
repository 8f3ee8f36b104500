/* memory_dump: a head counts if its numbers fit each other and the dump. */
#include "memory_dump.h"

#include <string.h>

#include "host/base/little.h"
#include "wire/postmortem.h"

static uint32_t number_at(const uint8_t *at)
{
    return (uint32_t)little_get(at, 4);
}

static bool count_at(const uint8_t *at, uint32_t bytes, uint32_t *written)
{
    *written = number_at(at);
    return number_at(at + 4) == ht_postmortem_check(bytes, *written);
}

/* Of two right counts the later one. */
static bool written_at(const uint8_t *counts, uint32_t bytes, uint32_t *written)
{
    uint32_t first, second;
    bool has_first = count_at(counts, bytes, &first), has_second = count_at(counts + sizeof(struct ht_postmortem_count), bytes, &second);
    *written = has_second && (!has_first || second - first < UINT32_MAX / 2) ? second : first;
    return has_first || has_second;
}

static bool ring_at(const uint8_t *head, size_t room, struct memory_ring *ring)
{
    uint32_t bytes = number_at(head + offsetof(struct ht_postmortem_head, bytes)), written;
    const uint8_t *data = head + sizeof(struct ht_postmortem_head);
    if (!bytes || bytes & (bytes - 1) || bytes > room || !written_at(head + offsetof(struct ht_postmortem_head, count), bytes, &written))
        return false;
    uint32_t place = written & (bytes - 1);
    bool is_full = written >= bytes;
    *ring = (struct memory_ring){
        .first = data + (is_full ? place : 0),
        .first_bytes = is_full ? bytes - place : place,
        .second = data,
        .second_bytes = is_full ? place : 0,
        .runs = number_at(head + offsetof(struct ht_postmortem_head, runs)),
    };
    return true;
}

bool memory_dump_next(const uint8_t *dump, size_t bytes, size_t *place, struct memory_ring *ring)
{
    while (bytes - *place >= sizeof(struct ht_postmortem_head)) {
        const uint8_t *head = memmem(dump + *place, bytes - *place, HT_POSTMORTEM_MAGIC, HT_POSTMORTEM_MAGIC_BYTES);
        if (!head || (size_t)(dump + bytes - head) < sizeof(struct ht_postmortem_head))
            return false;
        *place = (size_t)(head - dump) + HT_POSTMORTEM_MAGIC_BYTES;
        if (ring_at(head, (size_t)(dump + bytes - head) - sizeof(struct ht_postmortem_head), ring))
            return true;
    }
    return false;
}
