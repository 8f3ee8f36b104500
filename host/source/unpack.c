/* unpack: each function checks that the words it reads are there and returns how many the record has; 0 is nonsense. */
#include "unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "more.h"

enum {
    UNPACK_DEPTH_MOST = 1 << 20, /* no sane stack is deeper; a lane that claims so is cut there */
    UNPACK_GIVE = 8,             /* a producer is told of every eighth part of its ring that was read */
};

void unpack_init(struct unpacker *unpacker, struct ht_session *shared, struct clock *clock, emit_put put, void *context)
{
    *unpacker = (struct unpacker){.emit = {.put = put, .context = context, .clock = clock}, .recording = true};
    places_init(&unpacker->places);
    stacks_init(&unpacker->stacks, &unpacker->places, &unpacker->emit);
    unpacker->family = family_new(shared, &unpacker->emit);
}

static bool unpack_room(struct ring *ring, uint64_t depth)
{
    if (depth <= ring->stack_room)
        return true;
    if (depth > UNPACK_DEPTH_MOST)
        return false;
    ring->stack_room = depth < 64 ? 128 : (uint32_t)depth * 2;
    ring->stack = memory_resize(ring->stack, ring->stack_room, sizeof *ring->stack);
    return true;
}

/* A frame that is not the one that followed last time. */
static uint32_t unpack_frame(struct unpacker *unpacker, struct image *image, uint32_t parent, uint64_t pc)
{
    struct stacks *stacks = &unpacker->stacks;
    uint32_t child = stacks_recall(stacks, parent, pc, image->era);
    if (child)
        return child;
    child = stacks_find(stacks, parent, image_place(image, &unpacker->places, pc));
    stacks_learn(stacks, parent, pc, image->era, child);
    return child;
}

uint32_t unpack_stack(struct unpacker *unpacker, struct ring *ring, uint64_t keep, uint64_t fresh, const uint64_t *frames)
{
    if (__builtin_expect(keep + fresh > ring->stack_room, 0) && !unpack_room(ring, keep + fresh))
        fresh = 0;
    if (__builtin_expect(keep > ring->depth, 0))
        keep = ring->depth;
    if (__builtin_expect(!ring->image->era, 0))
        ring->image->era = ++unpacker->stacks.eras;
    uint32_t id = keep ? ring->stack[keep - 1] : 0, *at = ring->stack + keep, era = ring->image->era;
    ring->depth = (uint32_t)(keep + fresh);
    const struct stack_node *nodes = unpacker->stacks.nodes.at;
    for (const uint32_t *end = at + fresh; at < end; frames++) {
        uint64_t pc = ring_word(frames);
        uint32_t child = nodes[id].latest;
        if (__builtin_expect(nodes[child].pc != pc || nodes[child].era != era, 0)) {
            child = unpack_frame(unpacker, ring->image, id, pc);
            nodes = unpacker->stacks.nodes.at;
        }
        *at++ = id = child;
    }
    return id;
}

static inline uint64_t unpack_end(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp, enum event_kind kind)
{
    if (count < 2)
        return 0;
    uint64_t api = ring_word(words) >> 3 & 31, address = ring_word(words + 1), time_ns = emit_time(&unpacker->emit, stamp);
    *emit_next(&unpacker->emit) = (struct event){
        .kind = (uint8_t)kind, .api = (uint8_t)api, .process = ring->serial, .thread = ring->thread, .time_ns = time_ns, .address = address};
    return 2;
}

static inline uint64_t unpack_alloc(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp)
{
    if (count < 3)
        return 0;
    uint64_t shape = ring_word(words + 2), keep = shape >> 16 & 0xFFFF, fresh = shape & 0xFFFF, size = shape >> 32;
    if (count < 3 + fresh)
        return 0;
    uint32_t stack = unpack_stack(unpacker, ring, keep, fresh, words + 3);
    uint64_t api = ring_word(words) >> 3 & 31, address = ring_word(words + 1), time_ns = emit_time(&unpacker->emit, stamp);
    *emit_next(&unpacker->emit) = (struct event){.kind = EVENT_ALLOC,
                                                 .api = (uint8_t)api,
                                                 .process = ring->serial,
                                                 .thread = ring->thread,
                                                 .time_ns = time_ns,
                                                 .address = address,
                                                 .size = size,
                                                 .usable = ht_usable_usual(ring->usable_rule, size),
                                                 .stack = stack};
    return 3 + fresh;
}

static inline uint64_t unpack_free_stack(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp)
{
    if (count < 3)
        return 0;
    uint64_t shape = ring_word(words + 2), keep = shape >> 20 & 0xFFFFF, fresh = shape & 0xFFFFF, heap = shape >> 48;
    if (count - 3 < fresh)
        return 0;
    uint32_t stack = unpack_stack(unpacker, ring, keep, fresh, words + 3);
    uint64_t api = ring_word(words) >> 3 & 31, address = ring_word(words + 1), time_ns = emit_time(&unpacker->emit, stamp);
    uint32_t known = heap ? image_heap(ring->image, heap) : 0;
    *emit_next(&unpacker->emit) = (struct event){.kind = EVENT_FREE,
                                                 .api = (uint8_t)api,
                                                 .flags = shape >> 40 & (EVENT_TRUNCATED | EVENT_SAMPLED | EVENT_INHERITED),
                                                 .heap = known,
                                                 .process = ring->serial,
                                                 .thread = ring->thread,
                                                 .time_ns = time_ns,
                                                 .address = address,
                                                 .stack = stack};
    return 3 + fresh;
}

static const uint8_t wide_kinds[8] = {
    [HT_LANE_ALLOC_WIDE] = EVENT_ALLOC,
    [HT_LANE_RESIZE_END] = EVENT_RESIZE_END,
    [HT_LANE_REFUSE] = EVENT_REFUSE,
};

static uint8_t log2_of(uint64_t alignment)
{
    return alignment ? (uint8_t)(63 - __builtin_clzll(alignment)) : 0;
}

static uint64_t unpack_wide(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp)
{
    if (count < 8)
        return 0;
    uint64_t first = ring_word(words), shape = ring_word(words + 3), fresh = shape & 0xFFFFFFFF, more = ring_word(words + 5), source = ring_word(words + 7);
    if (count - 8 < fresh)
        return 0;
    uint64_t heap = more >> 16 & 0xFFFF, flags = more & 0xFFFF;
    struct event event = {.kind = wide_kinds[first & 7],
                          .api = first >> 3 & 31,
                          .flags = flags & (EVENT_TRUNCATED | EVENT_SAMPLED | EVENT_INHERITED),
                          .alignment_log2 = log2_of(more >> 32),
                          .heap = heap ? image_heap(ring->image, heap) : 0,
                          .process = ring->serial,
                          .thread = ring->thread,
                          .address = ring_word(words + 1),
                          .size = ring_word(words + 2),
                          .usable = ring_word(words + 4),
                          .old_address = ring_word(words + 6),
                          .source = source ? image_source(ring->image, source) : 0};
    if (!event.usable && event.address)
        event.usable = ht_usable_usual(ring->usable_rule, event.size);
    event.stack = unpack_stack(unpacker, ring, shape >> 32, fresh, words + 8);
    event.time_ns = emit_time(&unpacker->emit, stamp);
    emit_event(&unpacker->emit, &event);
    return 8 + fresh;
}

void unpack_tell_thread(struct unpacker *unpacker, struct ring *ring, const char *name)
{
    struct thread_definition define = {.id = ring->thread, .process = ring->serial, .tid = ring->tid, .name = name};
    emit_event(&unpacker->emit,
               &(struct event){.kind = EVENT_THREAD, .process = ring->serial, .thread = ring->thread, .time_ns = unpacker->emit.last_ns, .define = &define});
}

static void unpack_tell_name(struct unpacker *unpacker, struct ring *ring)
{
    char path[64], name[64] = "";
    uint32_t pid = ring->image->pid_here;
    snprintf(path, sizeof path, "/proc/%u/task/%u/comm", pid, ring->tid == ring->pid ? pid : ring->tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
    if (fd >= 0)
        close(fd);
    if (count > 0)
        name[strcspn(name, "\n")] = 0;
    unpack_tell_thread(unpacker, ring, name);
}

/* The first record of a thread: its process is told before it. */
static bool unpack_begin(struct unpacker *unpacker, struct ring *ring, bool is_name)
{
    ring->serial = __atomic_load_n(&ring->shared->process, __ATOMIC_RELAXED);
    ring->pid = __atomic_load_n(&ring->shared->pid, __ATOMIC_RELAXED);
    ring->tid = __atomic_load_n(&ring->shared->tid, __ATOMIC_RELAXED);
    ring->image = family_get(unpacker->family, ring->serial);
    if (!ring->image)
        return false;
    unpack_room(ring, 1); /* a stack without frames has a place too */
    ring->usable_rule = unpacker->family->shared->flags & HT_SESSION_USABLE ? ring->image->usable_rule : HT_USABLE_UNKNOWN;
    if (!ring->thread)
        ring->thread = ++unpacker->threads;
    if (!is_name)
        unpack_tell_name(unpacker, ring);
    ring->told = true;
    return true;
}

static bool is_name(const uint64_t *words, uint64_t count)
{
    return count >= 2 && (ring_word(words) & 7) == HT_LANE_MORE && (ring_word(words + 1) & 0xFF) == HT_MORE_THREAD;
}

static uint64_t unpack_op(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp)
{
    switch (ring_word(words) & 7) {
    case HT_LANE_FREE:
    case HT_LANE_ALLOC:
    case HT_LANE_FREE_STACK:
        return 0; /* it is cut off: else unpack_plain had taken it */
    case HT_LANE_RESIZE_BEGIN:
        return unpack_end(unpacker, ring, words, count, stamp, EVENT_RESIZE_BEGIN);
    case HT_LANE_MORE:
        return more_unpack(unpacker, ring, words, count, stamp);
    default:
        return unpack_wide(unpacker, ring, words, count, stamp);
    }
}

/* Nearly all records are of two kinds: takes them as long as there is no other, and returns how many words they have. */
static uint64_t unpack_plain(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stop)
{
    uint64_t used = 0, most = count < ring->room / UNPACK_GIVE / 8 ? count : ring->room / UNPACK_GIVE / 8;
    while (used < most) {
        uint64_t first = ring_word(words + used), stamp = first >> 8, taken = 0;
        if (stamp > stop)
            break;
        if ((first & 7) == HT_LANE_FREE)
            taken = unpack_end(unpacker, ring, words + used, count - used, stamp, EVENT_FREE);
        else if ((first & 7) == HT_LANE_ALLOC)
            taken = unpack_alloc(unpacker, ring, words + used, count - used, stamp);
        else if ((first & 7) == HT_LANE_FREE_STACK)
            taken = unpack_free_stack(unpacker, ring, words + used, count - used, stamp);
        if (!taken)
            break;
        ring->bound = stamp;
        used += taken;
    }
    return used;
}

/* At least one record. A ring that holds nonsense is dropped. */
static void unpack_records(struct unpacker *unpacker, struct ring *ring, uint64_t stamp, uint64_t stop)
{
    uint64_t count, used = 0;
    const uint64_t *words = ring_words(ring, &count);
    bool named = !ring->told && is_name(words, count);
    ring->bound = stamp;
    if (__builtin_expect(ring->told, 1) || unpack_begin(unpacker, ring, named)) {
        used = unpack_plain(unpacker, ring, words, count, stop);
        used = used ? used : unpack_op(unpacker, ring, words, count, stamp);
    }
    ring->tail += used * 8;
    unpacker->raw_bytes += used * 8;
    if (__builtin_expect(used != 0, 1))
        return;
    if (named && ring->told) /* the record that should have told the thread is the broken one */
        unpack_tell_name(unpacker, ring);
    unpack_gap(unpacker, ring, 0, 0, "a lane held nonsense and was dropped");
    unpacker->dropped_lanes++;
    ring_drop(ring);
}

bool unpack_run(struct unpacker *unpacker, struct ring *ring, uint64_t *stamp, uint64_t stop)
{
    bool more = true;
    while (more && *stamp <= stop) {
        unpack_records(unpacker, ring, *stamp, stop);
        if (ring->tail - ring->told_tail >= ring->room / UNPACK_GIVE)
            ring_give_back(ring);
        more = ring_peek(ring, stamp);
    }
    return more;
}

void unpack_thread_end(struct unpacker *unpacker, struct ring *ring)
{
    if (ring->told)
        emit_event(&unpacker->emit,
                   &(struct event){.kind = EVENT_THREAD_END, .process = ring->serial, .thread = ring->thread, .time_ns = unpacker->emit.last_ns});
    ring->thread = 0;
    ring->told = false;
}

void unpack_gap(struct unpacker *unpacker, struct ring *ring, uint64_t events, uint64_t bytes, const char *why)
{
    emit_event(&unpacker->emit, &(struct event){.kind = EVENT_GAP,
                                                .process = ring->told ? ring->serial : 0,
                                                .thread = ring->told ? ring->thread : 0,
                                                .time_ns = unpacker->emit.last_ns,
                                                .size = events,
                                                .address = bytes,
                                                .define = why});
}

void unpack_state(struct unpacker *unpacker, bool recording)
{
    if (unpacker->recording == recording)
        return;
    unpacker->recording = recording;
    emit_event(&unpacker->emit, &(struct event){.kind = EVENT_STATE, .time_ns = unpacker->emit.last_ns, .size = recording});
}

void unpack_mark(struct unpacker *unpacker, const char *label)
{
    emit_event(&unpacker->emit, &(struct event){.kind = EVENT_MARK, .time_ns = unpacker->emit.last_ns, .define = label});
}

void unpack_done(struct unpacker *unpacker)
{
    family_free(unpacker->family);
    stacks_done(&unpacker->stacks);
    places_done(&unpacker->places);
    memory_free(unpacker->copy);
}
