/* sink_postmortem: the oldest bytes give way; a reader finds the first whole frame by its end. */
#include "sink_postmortem.h"

static uint32_t ring_bytes(size_t bytes)
{
    uint32_t room = 16;
    if (bytes < sizeof(struct ht_postmortem_head) + room)
        return 0;
    while (room <= (bytes - sizeof(struct ht_postmortem_head)) / 2)
        room *= 2;
    return room;
}

static uint8_t *ring_data(struct ht_postmortem_head *head)
{
    return (uint8_t *)(head + 1);
}

static bool count_is_right(const struct ht_postmortem_head *head, unsigned which)
{
    return head->count[which].check == ht_postmortem_check(head->bytes, head->count[which].written);
}

/* Of the two counts that which is right, and of two right ones the later. */
static bool count_get(const struct ht_postmortem_head *head, uint32_t *written)
{
    bool first = count_is_right(head, 0), second = count_is_right(head, 1);
    uint32_t ahead = head->count[1].written - head->count[0].written;
    *written = head->count[second && (!first || ahead < UINT32_MAX / 2)].written;
    return first || second;
}

static bool head_is_right(const struct ht_postmortem_head *head, size_t bytes)
{
    for (unsigned at = 0; at < sizeof head->magic; at++) {
        if (head->magic[at] != HT_POSTMORTEM_MAGIC[at])
            return false;
    }
    return head->bytes && head->bytes == ring_bytes(bytes);
}

/* The data stands already; a reset between the two stores leaves the other count right. */
static void count_put(struct ht_postmortem *postmortem)
{
    volatile struct ht_postmortem_count *count = &postmortem->head->count[postmortem->turn];
    postmortem->turn ^= 1;
    count->written = postmortem->written;
    count->check = ht_postmortem_check(postmortem->head->bytes, postmortem->written);
}

static long postmortem_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_postmortem *postmortem = context;
    volatile uint8_t *data = ring_data(postmortem->head);
    for (size_t at = 0; at < count; at++)
        data[postmortem->written++ & (postmortem->head->bytes - 1)] = bytes[at];
    count_put(postmortem);
    return (long)count;
}

uint32_t ht_postmortem_found(struct ht_postmortem *postmortem, void *memory, size_t bytes)
{
    struct ht_postmortem_head *head = memory;
    postmortem->head = head;
    if (!head_is_right(head, bytes) || !count_get(head, &postmortem->written))
        return 0;
    uint32_t left = postmortem->written < head->bytes ? postmortem->written : head->bytes;
    postmortem->told = postmortem->written - left;
    return left;
}

uint32_t ht_postmortem_tell(struct ht_postmortem *postmortem, const struct ht_sink *sink)
{
    uint32_t mask = postmortem->head->bytes - 1;
    while (postmortem->told != postmortem->written) {
        uint32_t place = postmortem->told & mask, left = postmortem->written - postmortem->told;
        uint32_t piece = left < mask + 1 - place ? left : mask + 1 - place;
        long taken = sink->write(sink->context, ring_data(postmortem->head) + place, piece);
        if (taken <= 0)
            break;
        postmortem->told += (uint32_t)taken;
    }
    return postmortem->written - postmortem->told;
}

const struct ht_sink *ht_postmortem_begin(struct ht_postmortem *postmortem, void *memory, size_t bytes)
{
    struct ht_postmortem_head *head = memory;
    uint32_t runs = head_is_right(head, bytes) ? head->runs : 0;
    if (!ring_bytes(bytes))
        return NULL;
    *postmortem = (struct ht_postmortem){.head = head, .sink = {postmortem_write, NULL, postmortem}};
    *head = (struct ht_postmortem_head){.bytes = ring_bytes(bytes), .runs = runs + 1};
    count_put(postmortem);
    for (unsigned at = 0; at < sizeof head->magic; at++)
        ((volatile char *)head->magic)[at] = HT_POSTMORTEM_MAGIC[at];
    return &postmortem->sink;
}
