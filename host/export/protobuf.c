/* protobuf: in fields, out a message in protobuf's wire form (https://protobuf.dev/programming-guides/encoding). */
#include "protobuf.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_BITS = 3, VARINT_MOST = 10 };

void protobuf_packed(struct str *part, uint64_t value)
{
    char bytes[VARINT_MOST];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[count++] = (char)(value | 0x80);
    bytes[count++] = (char)value;
    str_add_bytes(part, bytes, count);
}

void protobuf_number(struct str *message, unsigned field, uint64_t value)
{
    if (!value)
        return;
    protobuf_packed(message, field << WIRE_BITS | WIRE_VARINT);
    protobuf_packed(message, value);
}

static void bytes_put(struct str *message, unsigned field, const char *bytes, size_t count)
{
    protobuf_packed(message, field << WIRE_BITS | WIRE_BYTES);
    protobuf_packed(message, count);
    str_add_bytes(message, bytes, count);
}

void protobuf_text(struct str *message, unsigned field, const char *text)
{
    bytes_put(message, field, text, strlen(text));
}

void protobuf_part(struct str *message, unsigned field, struct str *part)
{
    bytes_put(message, field, str_text(part), part->count);
    str_clear(part);
}
