/* device: what a firmware tells its host: in records, out frames for a line; and back. SPEC.md, "The firmware stream", has every byte. The put side (device.c)
 * is freestanding, needs no memory but the frame's own and no 64-bit arithmetic where pointers are shorter; the get side (device_get.c) is the host's.
 *
 * One writer: ht__frame_begin; ht__frame_put_* until one says false; ht__frame_end; the bytes go to the line. A put that says false changed nothing that
 * matters: end the frame, begin another, put again. */
#ifndef WIRE_DEVICE_H
#define WIRE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding.h"

#if UINTPTR_MAX > 0xFFFFFFFF || defined(__linux__)
typedef uint64_t ht_number; /* an address, a size, a number of a record */
typedef int64_t ht_signed;
#else
typedef uint32_t ht_number;
typedef int32_t ht_signed;
#endif
#if defined(__AVR__)
typedef uint16_t ht_word; /* an address or a size of a block */
typedef int16_t ht_distance;
#else
typedef ht_number ht_word;
typedef ht_signed ht_distance;
#endif

enum {
    HT_DEVICE_VERSION = 1,
    HT_FRAME_MOST = 240,  /* bytes on the line, all in */
    HT_FRAME_HEAD = 9,    /* 1 for COBS, u16 sequence, u16 events before it, u32 tick */
    HT_FRAME_TAIL = 5,    /* u32 check, the 0 between frames */
    HT_FRAME_LEAST = 96,  /* a room that takes every rare record with a short tail */
    HT_NUMBERS_MOST = 16, /* of a rare record */
    HT_TAIL_MOST = 192,
    HT_STACK_MOST = 32,   /* return addresses of one stack */
};

enum ht_told_kind {
    /* hot: five of them have a struct ht_told */
    HT_TOLD_ALLOC = 1,     /* address size taken */
    HT_TOLD_FREE,          /* address */
    HT_TOLD_RESIZE,        /* old_address became address; told after the call */
    HT_TOLD_RESIZE_FAILED, /* old_address lives on */
    HT_TOLD_REFUSE,        /* size */
    HT_TOLD_STACK,         /* slot n has these return addresses from now on */
    HT_TOLD_FIRST_RARE = 8,
#define HT_TOLD(name, number, numbers, has_tail) HT_TOLD_##name = number,
#include "device.def"
#undef HT_TOLD
};

enum ht_told_flag {
    HT_TOLD_INTERRUPT = 4, /* told from an interrupt; it has no task */
    HT_TOLD_CUT = 8,       /* there was more stack than could be told */
};

/* Own numbers of the rare records, in their order on the wire. Ids: heaps, tasks and sources from 1, 0 none; slots from 1, 0 no stack. */
enum { HT_HELLO_VERSION, HT_HELLO_POINTER_BYTES, HT_HELLO_MODE, HT_HELLO_TICKS_PER_S, HT_HELLO_ADDRESS_SHIFT, HT_HELLO_FLAGS, HT_HELLO_EPOCH, HT_HELLO_IMAGE_START,
       HT_HELLO_IMAGE_BYTES, HT_HELLO_IMAGE_HASH, HT_HELLO_BOOT, HT_HELLO_ADDRESS_BASE, HT_HELLO_QUARANTINE,
       HT_HELLO_QUARANTINE_BYTES /* 0: no limit */, HT_HELLO_NUMBERS };
enum { HT_HELLO_BIG_ENDIAN = 1, HT_HELLO_WORD_PCS = 2 /* return addresses count words of 2 bytes (AVR) */, HT_HELLO_GUARDS = 4, HT_HELLO_SLICES = 8 };
enum { HT_GUARD_HEAD = 16, HT_GUARD_TAIL = 4 }; /* bytes of the guard bands before and behind a block, where HELLO has the flag */
enum { HT_SLICE_KEY = 3 /* of the numbers of a STACK that is the key of a SLICE: pc, first, second */ };
enum { HT_HEAP_ID, HT_HEAP_KIND, HT_HEAP_BASE, HT_HEAP_SIZE, HT_HEAP_CAPS, HT_HEAP_NUMBERS };
enum { HT_TASK_ID, HT_TASK_HANDLE, HT_TASK_STACK_BASE, HT_TASK_STACK_BYTES, HT_TASK_PRIORITY, HT_TASK_NUMBERS };
enum { HT_SOURCE_ID, HT_SOURCE_FILE, HT_SOURCE_FUNCTION, HT_SOURCE_VARIABLE, HT_SOURCE_LINE, HT_SOURCE_CAPS, HT_SOURCE_API, HT_SOURCE_NUMBERS };
enum { HT_HEAP_USE_HEAP, HT_HEAP_USE_USED, HT_HEAP_USE_FREE, HT_HEAP_USE_LARGEST, HT_HEAP_USE_LEAST, HT_HEAP_USE_BLOCKS, HT_HEAP_USE_NUMBERS };
enum { HT_STACK_USE_TASK, HT_STACK_USE_SIZE, HT_STACK_USE_LEAST_FREE, HT_STACK_USE_NOW, HT_STACK_USE_FLAGS, HT_STACK_USE_NUMBERS };
enum { HT_POOL_USE_HEAP, HT_POOL_USE_BLOCK_BYTES, HT_POOL_USE_BLOCKS, HT_POOL_USE_USED, HT_POOL_USE_PEAK, HT_POOL_USE_REFUSED, HT_POOL_USE_WASTE, HT_POOL_USE_NUMBERS };
enum { HT_BANDWIDTH_HEAP, HT_BANDWIDTH_BYTES, HT_BANDWIDTH_READ, HT_BANDWIDTH_WRITE, HT_BANDWIDTH_RANDOM_READ, HT_BANDWIDTH_RANDOM_WRITE, HT_BANDWIDTH_NUMBERS };
enum { HT_FAULT_KIND, HT_FAULT_ADDRESS, HT_FAULT_BLOCK, HT_FAULT_SIZE, HT_FAULT_OFFSET /* zigzag */, HT_FAULT_COUNT, HT_FAULT_GUESS, HT_FAULT_TASK, HT_FAULT_FOUND_BY,
       HT_FAULT_ALLOC_SLOT, HT_FAULT_FREE_SLOT, HT_FAULT_HIT_SLOT, HT_FAULT_NUMBERS };
enum { HT_ALERT_LEVEL, HT_ALERT_RULE, HT_ALERT_VALUE, HT_ALERT_THRESHOLD, HT_ALERT_NUMBERS };
enum { HT_LOST_EVENTS, HT_LOST_BYTES, HT_LOST_WHY, HT_LOST_NUMBERS };
enum { HT_COST_FRAMES, HT_COST_BYTES, HT_COST_DROPPED, HT_COST_TABLE_FULL, HT_COST_CUT_STACKS, HT_COST_LONGEST_LOCK, HT_COST_NUMBERS };
enum { HT_SNAPSHOT_PHASE /* 0 begins, 1 ended in order, 2 broken off */, HT_SNAPSHOT_COUNT /* blocks told */,
       HT_SNAPSHOT_MISSED /* blocks that live may be missing: so often the table had no room */, HT_SNAPSHOT_NUMBERS };
enum { HT_BLOCK_ADDRESS, HT_BLOCK_SIZE, HT_BLOCK_AGE /* ticks */, HT_BLOCK_TASK, HT_BLOCK_HEAP, HT_BLOCK_SLOT, HT_BLOCK_SOURCE, HT_BLOCK_REACH, HT_BLOCK_NUMBERS };
enum ht_told_reach { HT_REACH_UNKNOWN, HT_REACH_YES, HT_REACH_NOT, HT_REACH_MAYBE };
enum { HT_SLICE_SLOT, HT_SLICE_PC, HT_SLICE_SP, HT_SLICE_HOOK, HT_SLICE_FP, HT_SLICE_BELOW, HT_SLICE_ABOVE, HT_SLICE_FIRST, HT_SLICE_SECOND, HT_SLICE_NUMBERS };

enum ht_told_mode { HT_TOLD_STREAM, HT_TOLD_TABLE, HT_TOLD_BOTH };
enum ht_told_state { HT_TOLD_IDLE, HT_TOLD_TRACKING, HT_TOLD_ALERTING, HT_TOLD_REPORTING };
enum ht_told_level { HT_LEVEL_OK, HT_LEVEL_WARN, HT_LEVEL_CRITICAL, HT_LEVEL_NO_DATA };
enum ht_told_why { HT_WHY_RING_FULL, HT_WHY_TOO_BIG, HT_WHY_PAUSED };

/* Bytes from host to firmware. Other bytes are passed over. DUMP is followed by u64 address, u16 count and the exclusive or of these ten bytes and 'd'. */
enum ht_control {
    HT_CONTROL_START = 's',
    HT_CONTROL_STOP = 'p',
    HT_CONTROL_SNAPSHOT = 'n',
    HT_CONTROL_DUMP = 'd',
    HT_CONTROL_MARK = 'm',
    HT_CONTROL_DETACH = 'q',
    HT_CONTROL_RESYNC = 'r', /* begin an epoch */
};
enum { HT_CONTROL_DUMP_BYTES = 12 };

/* A hot record. Numbers that its kind does not have are left alone. */
struct ht_told {
    uint8_t kind;  /* HT_TOLD_ALLOC to HT_TOLD_REFUSE */
    uint8_t flags; /* enum ht_told_flag */
    uint8_t api;   /* enum ht_api (wire/api.def); 0: malloc, free or realloc, as the kind says */
    uint8_t heap;
    uint16_t task;
    uint16_t slot;
    uint16_t source;
    uint32_t tick; /* read under the same lock as the put */
    ht_word address, old_address;
    ht_word size;  /* asked for */
    ht_word taken; /* what it takes of the heap, at least size; 0: not known */
};

struct ht_rare {
    uint8_t kind;
    uint8_t count;      /* of numbers; zeros at their end may be left out */
    uint8_t tail_bytes; /* at most HT_TAIL_MOST */
    uint32_t tick;
    const ht_number *numbers;
    const void *tail; /* a text without an end, or bytes */
};

/* Between frames the caller owns it: zero, then `boot`, `shift`, `address_base` and `pc_base`, which the HELLO tells too. */
struct ht_frame {
    uint8_t *bytes;
    uint8_t room, used; /* used: what ht__frame_end is told */
    uint8_t shift;      /* addresses are multiples of 1 << shift, most of them; 0 where pointers have 16 bits */
    uint8_t heap;       /* of the last record, from here on */
    uint16_t events;    /* hot records put in all frames, and those that LOST told, modulo 2^16 */
    uint16_t task;
    uint32_t tick;
    ht_word address, address_base;
    ht_number pc, pc_base; /* _base: where addresses and return addresses begin in each frame: the first heap, the image */
};

/* `bytes` has room for `room` (HT_FRAME_LEAST to HT_FRAME_MOST) bytes. The first frame of an epoch begins with HELLO. */
void ht__frame_begin(struct ht_frame *frame, uint8_t *bytes, uint8_t room, uint16_t sequence, uint32_t tick);
bool ht__frame_put_hot(struct ht_frame *frame, const struct ht_told *told);
bool ht__frame_put_rare(struct ht_frame *frame, const struct ht_rare *rare);
/* Into an empty frame it puts what fits, and says that it is cut. */
bool ht__frame_put_stack(struct ht_frame *frame, uint16_t slot, const ht_number *pcs, uint8_t count, bool is_cut);
static inline bool ht__frame_is_empty(const struct ht_frame *frame)
{
    return frame->used == HT_FRAME_HEAD;
}
/* Makes the frame ready for the line, in place: check, COBS, 0. It needs no struct ht_frame, so that it can run outside the lock. The bytes on the line. */
size_t ht__frame_end(uint8_t *bytes, uint8_t used, uint32_t boot);

#define HT_CHECK_START 0x811C9DC5u
#define HT_CHECK_FACTOR 0x01000193u
/* FNV-1a of 32 bits; `check`: HT_CHECK_START ^ boot, or what came before. With HT_CHECK_START it is the image's hash. */
uint32_t ht__check(uint32_t check, const uint8_t *bytes, size_t count);

#endif
