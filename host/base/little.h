/* little: in bytes, lowest first, out the number that they are. */
#ifndef HOST_BASE_LITTLE_H
#define HOST_BASE_LITTLE_H

#include <stddef.h>
#include <stdint.h>

/* Of at most 8 bytes. */
static inline uint64_t little_get(const uint8_t *bytes, size_t count)
{
    uint64_t number = 0;
    while (count--)
        number = number << 8 | bytes[count];
    return number;
}

#endif
