/* seal: in a block's place and size, out a head before it and a tail behind it that tell whether somebody wrote there.
 *
 * Head, 16 bytes: size (48 bits), family (4), log2 of the room before the block (6); then index in the registry (32) and a check of all that, of the address
 * and of whether the block lives (32). Tail: one byte, which depends on the address and is what programs rarely write, repeated. */
#ifndef TARGET_GUARD_SEAL_H
#define TARGET_GUARD_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal {
    uint64_t size;
    uint32_t index;
    uint8_t family, room_log2;
};

enum seal_state { SEAL_BROKEN, SEAL_LIVE, SEAL_FREED };
enum { SEAL_HEAD = 16, SEAL_HEAD_LOG2 = 4, SEAL_AROUND = 16 };

/* What is not as it was left. */
struct damage {
    int64_t first; /* offset of the first bad byte from the block's */
    uint64_t count;
    uint8_t around[SEAL_AROUND]; /* from the first bad one on */
    uint32_t around_bytes;
};

void seal_begin(uint64_t secret);
/* Bytes of the block and its tail: with the head before it a size that glibc gives out whole. */
static inline size_t seal_body(size_t size)
{
    return ((size + 15) & ~(size_t)15) + 8;
}
void seal_put(void *block, const struct seal *seal);
/* The head must be readable. */
enum seal_state seal_get(const void *block, struct seal *seal);
/* Living becomes freed; false: somebody else was first. */
bool seal_end(void *block, const struct seal *seal);
bool seal_tail_is_whole(const void *block, uint64_t size);
void seal_tail_damage(const void *block, uint64_t size, struct damage *damage);
/* A head that is broken, of a living block that the registry has at `index`: true if what it was is certain; then `seal` is that. */
bool seal_head_damage(const void *block, uint32_t index, struct seal *seal, struct damage *damage);
uint64_t seal_mix(uint64_t value);

#endif
