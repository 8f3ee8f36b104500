/* more: the payload is copied out of the shared memory once, then checked and read; texts get their NUL in the copy. */
#include "more.h"

#include <stdio.h>
#include <string.h>

#include "wire/api.h"
#include "wire/finding.h"

enum { MORE_PAYLOAD_MOST = 1 << 20 };

struct more {
    const char *at;
    uint64_t bytes;
};

static uint64_t more_u64(struct more more, unsigned index)
{
    uint64_t value;
    memcpy(&value, more.at + index * 8, 8);
    return value;
}

static uint32_t more_u32(struct more more, unsigned index)
{
    uint32_t value;
    memcpy(&value, more.at + index * 4, 4);
    return value;
}

/* The text from `from` on; the copy's end is a NUL. Moves `from` behind it. */
static const char *more_text(struct more more, uint64_t *from)
{
    const char *text = more.at + (*from < more.bytes ? *from : more.bytes);
    *from += strlen(text) + 1;
    return text;
}

static bool more_module(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    struct ht_more_module head;
    if (more.bytes < sizeof head)
        return false;
    memcpy(&head, more.at, sizeof head);
    if (head.build_id_bytes > more.bytes - sizeof head || head.path_bytes > more.bytes - sizeof head - head.build_id_bytes || head.start >= head.end)
        return false;
    struct module_definition define = {.process = ring->serial, .start = head.start, .end = head.end, .bias = head.bias};
    define.build_id_bytes = head.build_id_bytes < sizeof define.build_id ? head.build_id_bytes : sizeof define.build_id;
    memcpy(define.build_id, more.at + sizeof head, define.build_id_bytes);
    uint64_t from = sizeof head + head.build_id_bytes;
    define.path = more_text(more, &from);
    define.id = places_module(&unpacker->places, define.path, define.build_id, define.build_id_bytes);
    image_map(ring->image, &(struct image_range){head.start, head.end, head.bias, define.id});
    emit_event(&unpacker->emit, &(struct event){.kind = EVENT_MODULE, .process = ring->serial, .time_ns = unpacker->emit.last_ns, .define = &define});
    return true;
}

static bool more_module_gone(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    (void)unpacker;
    if (more.bytes < 8)
        return false;
    image_unmap(ring->image, more_u64(more, 0));
    return true;
}

static bool more_thread(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    if (more.bytes < 8)
        return false;
    ring->tid = more_u32(more, 0);
    unpack_tell_thread(unpacker, ring, more.at + 8);
    return true;
}

static bool more_mark(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    emit_event(&unpacker->emit,
               &(struct event){.kind = EVENT_MARK, .process = ring->serial, .thread = ring->thread, .time_ns = unpacker->emit.last_ns, .define = more.at});
    return true;
}

static bool more_heap(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    if (more.bytes < 24)
        return false;
    uint64_t *id = map_put(&ring->image->heaps, more_u32(more, 0), NULL);
    if (!*id)
        *id = ++unpacker->heaps;
    struct heap_definition define = {
        .id = (uint32_t)*id, .process = ring->serial, .kind = more_u32(more, 1), .base = more_u64(more, 1), .size = more_u64(more, 2), .name = more.at + 24};
    emit_event(&unpacker->emit,
               &(struct event){.kind = EVENT_HEAP, .process = ring->serial, .heap = define.id, .time_ns = unpacker->emit.last_ns, .define = &define});
    return true;
}

static bool more_gap(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    if (more.bytes < 16)
        return false;
    unpack_gap(unpacker, ring, more_u64(more, 0), more_u64(more, 1), "the lane was full");
    return true;
}

static bool more_source(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    if (more.bytes < 16)
        return false;
    uint64_t *id = map_put(&ring->image->sources, more_u64(more, 0), NULL), from = 16;
    if (!*id)
        *id = ++unpacker->sources;
    struct source_definition define = {.id = (uint32_t)*id, .line = more_u32(more, 2)};
    define.file = more_text(more, &from);
    define.function = more_text(more, &from);
    define.variable = more_text(more, &from);
    emit_event(&unpacker->emit,
               &(struct event){.kind = EVENT_SOURCE, .process = ring->serial, .source = define.id, .time_ns = unpacker->emit.last_ns, .define = &define});
    return true;
}

static bool more_map(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    if (more.bytes < 40)
        return false;
    uint64_t shape = more_u64(more, 4), fresh = shape & 0xFFFFFFFF, api = more_u64(more, 3);
    if (fresh > (more.bytes - 40) / 8 || api > UINT8_MAX)
        return false;
    struct event event = {.kind = api == HT_API_MUNMAP ? EVENT_UNMAP : EVENT_MAP,
                          .api = (uint8_t)api,
                          .process = ring->serial,
                          .thread = ring->thread,
                          .time_ns = unpacker->emit.last_ns,
                          .address = more_u64(more, 0),
                          .size = more_u64(more, 1),
                          .old_address = more_u64(more, 2)};
    event.stack = unpack_stack(unpacker, ring, shape >> 32, fresh, (const uint64_t *)(more.at + 40));
    emit_event(&unpacker->emit, &event);
    return true;
}

static bool more_stack(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    if (more.bytes < 8)
        return false;
    uint64_t shape = more_u64(more, 0), fresh = shape & 0xFFFFFFFF;
    if (fresh > (more.bytes - 8) / 8)
        return false;
    unpack_stack(unpacker, ring, shape >> 32, fresh, (const uint64_t *)(more.at + 8));
    return true;
}

static bool more_state(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    (void)ring;
    if (more.bytes < 8)
        return false;
    unpack_state(unpacker, more_u64(more, 0) != 0);
    return true;
}

/* The innermost frames are the runtime's own: they are no part of the program's stack. */
static uint32_t more_stack_of_program(const struct unpacker *unpacker, const struct ring *ring, bool is_from_signal)
{
    static const char runtime[] = "/libheaptracer.so";
    uint32_t depth = ring->depth;
    for (; depth > 0; depth--) {
        const struct stack_node *node = unpacker->stacks.nodes.at + ring->stack[depth - 1];
        const char *path = unpacker->places.modules.at[unpacker->places.at.at[node->place].module].path;
        size_t bytes = strlen(path);
        if (bytes < sizeof runtime - 1 || strcmp(path + bytes - (sizeof runtime - 1), runtime))
            break;
    }
    if (is_from_signal && depth > 1) /* where a handler returns to */
        depth--;
    return depth ? ring->stack[depth - 1] : 0;
}

static bool more_fault(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    struct ht_more_fault fault;
    char around[2 * sizeof fault.around + 1] = "";
    if (more.bytes < sizeof fault + 8)
        return false;
    memcpy(&fault, more.at, sizeof fault);
    uint64_t shape = more_u64(more, sizeof fault / 8), fresh = shape & 0xFFFFFFFF;
    if (fresh > (more.bytes - sizeof fault - 8) / 8)
        return false;
    for (uint32_t i = 0; i < fault.around_bytes && i < sizeof fault.around; i++)
        snprintf(around + 2 * i, 3, "%02x", fault.around[i]);
    struct fault_definition define = {.kind = fault.kind,
                                      .found_by = fault.found_by,
                                      .guess = fault.guess,
                                      .block = fault.block,
                                      .block_bytes = fault.block_bytes,
                                      .first_bad = fault.first_bad,
                                      .bad_bytes = fault.bad_bytes,
                                      .around = around};
    unpack_stack(unpacker, ring, shape >> 32, fresh, (const uint64_t *)(more.at + sizeof fault + 8));
    emit_event(&unpacker->emit, &(struct event){.kind = EVENT_FAULT,
                                                .process = ring->serial,
                                                .thread = ring->thread,
                                                .time_ns = unpacker->emit.last_ns,
                                                .address = fault.address,
                                                .stack = more_stack_of_program(unpacker, ring, fault.found_by == HT_FOUND_PAGE || fault.found_by == HT_FOUND_CRASH),
                                                .define = &define});
    return true;
}

static bool more_thread_end(struct unpacker *unpacker, struct ring *ring, struct more more)
{
    (void)more;
    unpack_thread_end(unpacker, ring);
    return true;
}

static bool (*const more_kinds[])(struct unpacker *, struct ring *, struct more) = {
    [HT_MORE_MODULE] = more_module, [HT_MORE_MODULE_GONE] = more_module_gone,
    [HT_MORE_THREAD] = more_thread, [HT_MORE_MARK] = more_mark,
    [HT_MORE_HEAP] = more_heap,     [HT_MORE_GAP] = more_gap,
    [HT_MORE_SOURCE] = more_source, [HT_MORE_MAP] = more_map,
    [HT_MORE_STATE] = more_state,   [HT_MORE_STACK] = more_stack,
    [HT_MORE_FAULT] = more_fault,   [HT_MORE_THREAD_END] = more_thread_end,
};

uint64_t more_unpack(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp)
{
    if (count < 2)
        return 0;
    uint64_t size = ring_word(words + 1), bytes = size >> 8, kind = size & 0xFF, padded = 2 + (bytes + 7) / 8;
    if (bytes > ring->room || padded > count)
        return 0;
    if (kind == HT_MORE_PAD)
        return padded;
    if (kind >= sizeof more_kinds / sizeof *more_kinds || bytes > MORE_PAYLOAD_MOST)
        return 0;
    if (padded > unpacker->copy_words) {
        unpacker->copy_words = padded;
        unpacker->copy = memory_resize(unpacker->copy, padded, sizeof *unpacker->copy);
    }
    char *copy = memcpy(unpacker->copy, words + 2, bytes);
    copy[bytes] = 0;
    emit_time(&unpacker->emit, stamp > unpacker->emit.last_stamp ? stamp : unpacker->emit.last_stamp);
    return more_kinds[kind](unpacker, ring, (struct more){copy, bytes}) ? padded : 0;
}
