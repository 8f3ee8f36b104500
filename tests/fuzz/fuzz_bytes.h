/* fuzz_bytes: in a fuzzer's bytes, out a stream that reads them. */
#ifndef TESTS_FUZZ_FUZZ_BYTES_H
#define TESTS_FUZZ_FUZZ_BYTES_H

#include <stdint.h>
#include <string.h>

struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
};

static inline long fuzz_bytes_read(void *context, void *room, size_t most)
{
    struct fuzz_bytes *bytes = context;
    size_t count = bytes->left < most ? bytes->left : most;
    if (count)
        memcpy(room, bytes->at, count);
    bytes->at += count;
    bytes->left -= count;
    return (long)count;
}

#endif
