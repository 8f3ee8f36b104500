/* trie: a new frame is guessed from the spots of its callers, since recursion and layers repeat. */
#include "trie.h"

#include <string.h>

void trie_init(struct trie *frames, bool writes)
{
    *frames = (struct trie){0};
    for (int i = 0; writes && i < TRIE_STREAMS; i++)
        frames->out[i].start = frames->out[i].at = memory_new(TRIE_BLOCK_MOST, TRIE_EVENT_MOST);
}

void trie_done(struct trie *frames)
{
    for (int i = 0; i < TRIE_STREAMS; i++)
        memory_free(frames->out[i].start);
    vec_done(&frames->spot_of);
    vec_done(&frames->parent_of);
    vec_done(&frames->spots);
    map_done(&frames->numbers);
}

void trie_begin(struct trie *frames)
{
    if (frames->count) {
        memset(frames->after_two, 0, sizeof frames->after_two);
        memset(frames->after_one, 0, sizeof frames->after_one);
    }
    frames->first_id = frames->count = 0;
    frames->spot_of.count = frames->parent_of.count = frames->spots.count = 0;
    map_done(&frames->numbers);
    for (int i = 0; i < TRIE_STREAMS; i++)
        frames->out[i].at = frames->out[i].start;
    memset(frames->in, 0, sizeof frames->in);
}

/* Spot and parent of a frame of the block; 0 of others. */
static inline uint32_t trie_find(const struct trie *frames, uint32_t id, uint32_t *parent)
{
    *parent = 0;
    if (id < frames->first_id || id - frames->first_id >= frames->count)
        return 0;
    *parent = frames->parent_of.at[id - frames->first_id];
    return frames->spot_of.at[id - frames->first_id];
}

/* The places in the tables where the guesses for a child of `parent` are. */
static void trie_guess(struct trie *frames, uint32_t parent, uint32_t **two, uint32_t **one)
{
    uint32_t grand, great;
    uint32_t first = trie_find(frames, parent, &grand), second = trie_find(frames, grand, &great);
    *one = frames->after_one + (first * 0x9E3779B1u >> (32 - TRIE_TABLE_BITS));
    *two = frames->after_two + ((first * 0x9E3779B1u + second) * 0x85EBCA77u >> (32 - TRIE_TABLE_BITS));
}

static void trie_add(struct trie *frames, uint32_t parent, uint32_t spot, uint32_t *two, uint32_t *one)
{
    *two = *one = spot;
    vec_push(&frames->spot_of, spot);
    vec_push(&frames->parent_of, parent);
    frames->count++;
}

static uint64_t spot_digest(const struct frame_definition *frame)
{
    uint64_t digest = (frame->offset ^ (uint64_t)frame->module << 40 ^ (uint64_t)frame->exact << 63) * 0x9E3779B97F4A7C15u;
    return digest ^ digest >> 29;
}

/* The number of the frame's spot, a new one if *is_new. Two spots with one digest get a number each time: it costs bytes, not truth. */
static uint32_t trie_spot_number(struct trie *frames, const struct frame_definition *frame, bool *is_new)
{
    uint64_t *number = map_put(&frames->numbers, spot_digest(frame), NULL);
    if (*number) {
        const struct trie_spot *spot = frames->spots.at + *number - 1;
        *is_new = false;
        if (spot->offset == frame->offset && spot->module == frame->module && spot->exact == frame->exact)
            return (uint32_t)*number;
    }
    vec_push(&frames->spots, ((struct trie_spot){frame->offset, frame->module, frame->exact}));
    *is_new = true;
    *number = frames->spots.count;
    return (uint32_t)*number;
}

static void trie_number(struct trie *frames, int stream, uint64_t value)
{
    frames->out[stream].at = ht_varint_put(frames->out[stream].at, value);
}

bool trie_put(struct trie *frames, const struct frame_definition *frame)
{
    if (frame->function)
        return false;
    if (!frames->count)
        frames->first_id = frame->id;
    if (frame->id != frames->first_id + frames->count || frame->parent >= frame->id || frames->count == TRIE_BLOCK_MOST)
        return false;
    bool is_new;
    uint32_t *two, *one, spot = trie_spot_number(frames, frame, &is_new);
    trie_guess(frames, frame->parent, &two, &one);
    trie_number(frames, TRIE_PARENTS, frame->parent ? frame->id - frame->parent : 0);
    trie_number(frames, TRIE_TOKENS, is_new ? TRIE_NEW : *two == spot ? TRIE_AFTER_TWO : *one == spot ? TRIE_AFTER_ONE : TRIE_KNOWN + spot - 1);
    if (is_new) {
        trie_number(frames, TRIE_SPOTS, (uint64_t)frame->module << 1 | frame->exact);
        trie_number(frames, TRIE_SPOTS, frame->offset);
    }
    trie_add(frames, frame->parent, spot, two, one);
    return true;
}

static uint32_t trie_get_spot(struct trie *frames, uint64_t token, uint32_t two, uint32_t one)
{
    if (token == TRIE_AFTER_TWO)
        return two;
    if (token == TRIE_AFTER_ONE)
        return one;
    if (token != TRIE_NEW)
        return token - TRIE_KNOWN < frames->spots.count ? (uint32_t)(token - TRIE_KNOWN) + 1 : 0;
    uint64_t module = ht_varint_get(frames->in + TRIE_SPOTS), offset = ht_varint_get(frames->in + TRIE_SPOTS);
    vec_push(&frames->spots, ((struct trie_spot){offset, (uint32_t)(module >> 1), module & 1}));
    return (uint32_t)frames->spots.count;
}

bool trie_get(struct trie *frames, struct frame_definition *frame)
{
    if (frames->in[TRIE_TOKENS].at == frames->in[TRIE_TOKENS].end)
        return false;
    uint32_t *two, *one, id = frames->first_id + frames->count;
    uint64_t up = ht_varint_get(frames->in + TRIE_PARENTS), token = ht_varint_get(frames->in + TRIE_TOKENS);
    if (up >= id)
        return false;
    uint32_t parent = up ? id - (uint32_t)up : 0;
    trie_guess(frames, parent, &two, &one);
    uint32_t spot = trie_get_spot(frames, token, *two, *one);
    if (!spot || frames->in[TRIE_SPOTS].bad || frames->in[TRIE_PARENTS].bad)
        return false;
    const struct trie_spot *found = frames->spots.at + spot - 1;
    *frame = (struct frame_definition){.id = id, .parent = parent, .module = found->module, .exact = found->exact, .offset = found->offset};
    trie_add(frames, parent, spot, two, one);
    return true;
}
