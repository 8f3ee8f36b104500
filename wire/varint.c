/* varint: the numbers of more than one byte. */
#include "varint.h"

uint64_t ht_varint_get_long(struct ht_bytes *from)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && from->at < from->end; shift += 7) {
        uint8_t byte = *from->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    from->bad = true;
    return 0;
}
