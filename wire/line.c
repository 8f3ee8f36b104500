/* line: base64, six bits a character. */
#include "line.h"

static char digit(uint8_t six)
{
    if (six < 26)
        return (char)('A' + six);
    if (six < 52)
        return (char)('a' + six - 26);
    if (six < 62)
        return (char)('0' + six - 52);
    return six == 62 ? '+' : '/';
}

size_t ht__line_put(char *line, const uint8_t *frame, size_t count)
{
    char *to = line;
    uint16_t bits = 0;
    uint8_t kept = 0;
    *to++ = 'H';
    *to++ = 'T';
    *to++ = ':';
    for (const uint8_t *end = frame + count - 1; frame < end; frame++) {
        bits = (uint16_t)(bits << 8 | *frame);
        for (kept = (uint8_t)(kept + 8); kept >= 6; kept = (uint8_t)(kept - 6))
            *to++ = digit(bits >> (kept - 6) & 63);
    }
    if (kept)
        *to++ = digit((uint8_t)(bits << (6 - kept)) & 63);
    while ((to - line - 3) % 4)
        *to++ = '=';
    *to++ = '\n';
    return (size_t)(to - line);
}
