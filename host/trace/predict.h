/* predict: in the events of one segment as they pass, out guesses of the next one. The encoder and the decoder each keep one and change it by the same
 * rules (SPEC.md "Prediction"), so a guess that holds costs next to nothing. It knows blocks born in the segment only; everything is forgotten at its end. */
#ifndef HOST_TRACE_PREDICT_H
#define HOST_TRACE_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "host/base/vec.h"

enum {
    PREDICT_NODES = 1 << 20, /* blocks that may be born in a segment, and list heads */
    PREDICT_THREADS = 4096,
    PREDICT_BINS = 1 << 14,
    PREDICT_FORMS = 4096,
    PREDICT_CLASSES = 192,
    PREDICT_LONG_BITS = 15,  /* guesses from the three events before */
    PREDICT_SHORT_BITS = 14, /* guesses from the event before */
    PREDICT_SIZE_BITS = 13,  /* last size of a stack */
    BIN_FRONT = 7,           /* as many as glibc's per-thread cache holds of a size */
    BIN_BACK = 32,
};

/* How an event names an address. */
enum {
    /* a new block */
    REF_NEXT = 0,    /* the one that the bin would give */
    REF_FRONT = 1,   /* + rank in the bin's front, 0 the last freed */
    REF_BACK = 8,    /* + rank in the bin's back */
    REF_BUMP = 72,   /* behind the last block that came from no bin */
    REF_BEHIND = 73, /* behind the last block of the thread */
    REF_SAME = 74,   /* where the block in flight was */
    /* the end of a block */
    REF_NEWEST = 0,   /* + rank among the thread's living, newest first */
    REF_YOUNGER = 48, /* + distance - 1 from the block that the thread ended last, in order of birth */
    REF_OLDER = 80,
    REF_AGE = 112, /* births since it, in the stream of ages */
    /* either */
    REF_DELTA = 120, /* bytes from REF_BUMP's place, or from the block that the thread ended last */
    REF_NONE = 255,  /* never matches */
};
enum { REF_NEWEST_MOST = 10, REF_NEAR_MOST = 6 };

struct predict_entry {
    uint32_t site, size;
    int32_t delta; /* of REF_DELTA, in 16 bytes */
    uint16_t form;
    uint8_t ref, spare;
};

struct predict_node {
    uint64_t address;
    uint32_t newer, older, site;
    uint32_t class;
};

/* Blocks of one size class that the thread freed: one line of cache, and behind it what is rarely looked at. */
struct predict_bin {
    uint8_t front_count, back_count;
    uint8_t back_top; /* the last freed is at back_top - 1, round the ring */
    uint64_t front[BIN_FRONT];
    uint64_t back[BIN_BACK];
};

struct predict_thread {
    uint32_t process, id;
    uint32_t head;                        /* node that closes the ring of its living blocks */
    uint32_t gap;                         /* node that is older than the one it ended last */
    uint32_t past[3];                     /* digests of its last events */
    struct predict_entry *longs, *shorts; /* the guesses that they lead to */
    uint32_t flight_class;
    uint64_t flight; /* address that its realloc is at, 0 none */
    uint64_t bump, behind, ended;
    uint16_t bins[PREDICT_CLASSES]; /* 0 none */
};

struct predict_form {
    uint8_t kind, api, flags, alignment_log2;
    uint32_t heap, source;
    bool has_stack, has_usable;
    bool resizes; /* RESIZE_BEGIN or RESIZE_END */
    bool births;  /* ALLOC or RESIZE_END */
    bool direct;  /* its call does not use the bin's front */
};

struct predict {
    struct predict_entry *longs, *shorts;
    uint32_t *sizes;
    struct predict_node *nodes;
    uint32_t node_count; /* from 1 */
    struct predict_bin *bins;
    uint32_t bin_count; /* from 1 */
    VEC(struct predict_thread *) threads;
    struct predict_form *forms;
    uint32_t form_count;
    uint32_t last_site;
};

void predict_init(struct predict *predict);
void predict_reset(struct predict *predict);
void predict_done(struct predict *predict);
/* NULL when there are too many, or too many blocks. */
struct predict_thread *predict_thread_new(struct predict *predict, uint32_t id, uint32_t process);
/* Fills what follows from kind and api. */
void predict_form_settle(struct predict_form *form);

/* What an entry should guess next time; a delta too big for it never matches. */
static inline void predict_entry_set(struct predict_entry *entry, struct predict_entry now, int64_t delta)
{
    if (now.ref == REF_DELTA) {
        now.delta = (int32_t)(delta / 16);
        if (delta % 16 || now.delta != delta / 16)
            now.ref = REF_NONE;
    } else {
        now.delta = (int32_t)delta;
    }
    *entry = now;
}

static inline int64_t predict_entry_delta(const struct predict_entry *entry)
{
    return entry->ref == REF_DELTA ? (int64_t)entry->delta * 16 : entry->delta;
}

static inline uint32_t predict_digest(uint32_t form, uint32_t site, uint32_t size)
{
    return ((site ^ form << 24) * 0x9E3779B1u + size) * 0x85EBCA77u;
}

static inline struct predict_entry *predict_long(const struct predict *predict, const struct predict_thread *thread)
{
    uint64_t mix = ((uint64_t)thread->past[0] << 32 | thread->past[1]) * 0x9E3779B97F4A7C15u + (uint64_t)thread->past[2] * 0xC2B2AE3D27D4EB4Fu;
    return predict->longs + (mix >> (64 - PREDICT_LONG_BITS));
}

static inline struct predict_entry *predict_short(const struct predict *predict, const struct predict_thread *thread)
{
    return predict->shorts + (thread->past[0] * 0xC2B2AE35u >> (32 - PREDICT_SHORT_BITS));
}

static inline uint32_t *predict_size(const struct predict *predict, uint32_t site)
{
    return predict->sizes + (site * 0x9E3779B1u >> (32 - PREDICT_SIZE_BITS));
}

static inline void predict_look_up(const struct predict *predict, struct predict_thread *thread)
{
    thread->longs = predict_long(predict, thread);
    thread->shorts = predict_short(predict, thread);
    __builtin_prefetch(thread->longs);
    __builtin_prefetch(thread->shorts);
}

static inline void predict_pass(const struct predict *predict, struct predict_thread *thread, uint32_t digest)
{
    thread->past[2] = thread->past[1];
    thread->past[1] = thread->past[0];
    thread->past[0] = digest;
    predict_look_up(predict, thread);
}

/* What the allocator is thought to take for a block. */
static inline uint64_t predict_chunk(uint64_t size)
{
    return size < 9 ? 32 : (size + 23) & ~(uint64_t)15;
}

/* What the program may usually use of it. */
static inline uint64_t predict_usable(uint64_t size)
{
    return predict_chunk(size) - 8;
}

static inline uint32_t predict_class(uint64_t size)
{
    uint64_t units = predict_chunk(size) >> 4;
    if (units <= 65)
        return (uint32_t)units;
    uint32_t log = 63 - (uint32_t)__builtin_clzll(units);
    uint32_t class = 66 + (log - 6) * 4 + (uint32_t)(units >> (log - 2) & 3);
    return class < PREDICT_CLASSES ? class : PREDICT_CLASSES - 1;
}

/* NULL when there are too many. */
static inline struct predict_bin *predict_bin_at(struct predict *predict, struct predict_thread *thread, uint32_t class)
{
    if (!thread->bins[class]) {
        if (predict->bin_count == PREDICT_BINS)
            return NULL;
        struct predict_bin *bin = predict->bins + predict->bin_count;
        bin->front_count = bin->back_count = bin->back_top = 0;
        thread->bins[class] = (uint16_t)predict->bin_count++;
    }
    return predict->bins + thread->bins[class];
}

static inline void bin_push_back(struct predict_bin *bin, uint64_t address)
{
    bin->back[bin->back_top++ % BIN_BACK] = address;
    bin->back_count += bin->back_count < BIN_BACK;
}

static inline void predict_put_away(struct predict *predict, struct predict_thread *thread, uint32_t class, uint64_t address)
{
    struct predict_bin *bin = predict_bin_at(predict, thread, class);
    if (!bin)
        return;
    if (class <= 65 && bin->front_count < BIN_FRONT)
        bin->front[bin->front_count++] = address;
    else
        bin_push_back(bin, address);
}

/* The address that a reference of a new block means; 0: none. */
static inline uint64_t predict_new_address(const struct predict_thread *thread, const struct predict_bin *bin, bool direct, uint32_t ref, int64_t delta)
{
    if (ref >= REF_BUMP) {
        switch (ref) {
        case REF_BUMP:
            return thread->bump;
        case REF_BEHIND:
            return thread->behind;
        case REF_SAME:
            return thread->flight;
        case REF_DELTA:
            return thread->bump + (uint64_t)delta;
        default:
            return 0;
        }
    }
    if (!bin)
        return 0;
    if (ref == REF_NEXT && !direct && bin->front_count)
        return bin->front[bin->front_count - 1];
    if (ref >= REF_FRONT && ref < REF_BACK)
        return ref - REF_FRONT < bin->front_count ? bin->front[bin->front_count - 1 - (ref - REF_FRONT)] : 0;
    uint32_t rank = ref == REF_NEXT ? 0 : ref - REF_BACK;
    return rank < bin->back_count ? bin->back[(bin->back_top - 1 - rank) % BIN_BACK] : 0;
}

/* Changes the bin after a new block got its address by `ref`. */
void predict_taken(struct predict_bin *bin, uint32_t class, bool direct, uint32_t ref);

/* The node that a reference of an ended block means; 0: none. Rings of other threads may be walked into; their heads have address 0, as the dead have. */
static inline uint32_t predict_old_node(const struct predict *predict, const struct predict_thread *thread, uint32_t ref, int64_t age)
{
    const struct predict_node *nodes = predict->nodes;
    uint32_t node;
    if (ref < REF_YOUNGER) {
        node = nodes[thread->head].older;
        for (; ref > REF_NEWEST; ref--)
            node = nodes[node].older;
    } else if (ref < REF_OLDER) {
        node = nodes[thread->gap].newer;
        for (; ref > REF_YOUNGER; ref--)
            node = nodes[node].newer;
    } else if (ref < REF_AGE) {
        node = thread->gap;
        for (; ref > REF_OLDER; ref--)
            node = nodes[node].older;
    } else {
        node = ref == REF_AGE && age > 0 && age < predict->node_count ? predict->node_count - (uint32_t)age : 0;
    }
    return nodes[node].address ? node : 0;
}

/* A new youngest block of the thread; 0 when there are too many. */
static inline uint32_t predict_born(struct predict *predict, struct predict_thread *thread, uint64_t address, uint32_t class, uint32_t site)
{
    if (predict->node_count >= PREDICT_NODES)
        return 0;
    uint32_t node = predict->node_count++;
    uint32_t older = predict->nodes[thread->head].older;
    predict->nodes[node] = (struct predict_node){address, thread->head, older, site, class};
    predict->nodes[older].newer = node;
    predict->nodes[thread->head].older = node;
    return node;
}

static inline void predict_unlink(struct predict *predict, struct predict_thread *thread, uint32_t node)
{
    struct predict_node *nodes = predict->nodes;
    nodes[nodes[node].newer].older = nodes[node].older;
    nodes[nodes[node].older].newer = nodes[node].newer;
    nodes[node].address = 0;
    thread->gap = nodes[node].older;
}

/* What a birth changes, on both sides. The node, or 0. */
static inline uint32_t predict_birth(struct predict *predict, struct predict_thread *thread, struct predict_bin *bin, uint32_t form, uint64_t address,
                                     uint32_t size, uint32_t site, uint32_t ref)
{
    uint32_t class = predict_class(size);
    uint64_t behind = address + predict_chunk(size);
    if (ref == REF_NEXT && bin && !predict->forms[form].direct && bin->front_count)
        bin->front_count--;
    else if (bin)
        predict_taken(bin, class, predict->forms[form].direct, ref);
    if (ref >= REF_BUMP && ref != REF_SAME)
        thread->bump = behind;
    thread->behind = behind;
    if (predict->forms[form].resizes && thread->flight != address && thread->flight_class)
        predict_put_away(predict, thread, thread->flight_class, thread->flight);
    if (predict->forms[form].resizes)
        thread->flight = thread->flight_class = 0;
    return predict_born(predict, thread, address, class, site);
}

/* What the end of a block changes, on both sides. The stack that bore it, 0 if its birth was not in this segment. */
static inline uint32_t predict_ending(struct predict *predict, struct predict_thread *thread, uint32_t form, uint64_t address, uint32_t node)
{
    uint32_t class = node ? predict->nodes[node].class : 0;
    thread->ended = address;
    if (node)
        predict_unlink(predict, thread, node);
    if (predict->forms[form].resizes) {
        thread->flight = address;
        thread->flight_class = class;
    } else if (class) {
        predict_put_away(predict, thread, class, address);
    }
    return predict->nodes[node].site;
}

#endif
