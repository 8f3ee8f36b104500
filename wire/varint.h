/* varint: in unsigned numbers, out 1 to 10 bytes each, seven bits a byte, lowest first; freestanding. A signed number goes through zigzag. */
#ifndef WIRE_VARINT_H
#define WIRE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HT_VARINT_MOST = 10 };

/* A place in bytes that are read; after a read past the end `bad` is set and stays. */
struct ht_bytes {
    const uint8_t *at, *end;
    bool bad;
};

static inline uint8_t *ht_varint_put(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

uint64_t ht_varint_get_long(struct ht_bytes *from);

static inline uint64_t ht_varint_get(struct ht_bytes *from)
{
    if (from->at < from->end && *from->at < 0x80)
        return *from->at++;
    return ht_varint_get_long(from);
}

static inline uint64_t ht_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t ht_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ -(value & 1));
}

#endif
