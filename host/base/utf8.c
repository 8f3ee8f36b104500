/* utf8: in bytes that may be anything, out valid UTF-8 without control characters. */
#include "utf8.h"

#include <stdbool.h>
#include <string.h>

enum { UTF8_WRONG = 0xFFFD };

size_t utf8_next(const char *text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t count = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xF0 && bytes[0] < 0xF8 ? 4 : bytes[0] >= 0xE0 && bytes[0] < 0xF0 ? 3 : bytes[0] >= 0xC0 && bytes[0] < 0xE0 ? 2 : 0;
    *point = UTF8_WRONG;
    if (count == 1)
        *point = bytes[0];
    if (count <= 1)
        return 1;
    uint32_t value = bytes[0] & (0x7Fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (bytes[i] & 0x3F);
    }
    if (value < least[count] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 1;
    *point = value;
    return count;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

static size_t point_columns(uint32_t point)
{
    if ((point >= 0x300 && point < 0x370) || point == 0x200D || (point >= 0xFE00 && point < 0xFE10))
        return 0;
    bool is_wide = (point >= 0x1100 && point < 0x1160) || (point >= 0x2E80 && point < 0xA4D0) || (point >= 0xAC00 && point < 0xD7A4) ||
                   (point >= 0xF900 && point < 0xFB00) || (point >= 0xFE30 && point < 0xFE70) || (point >= 0xFF00 && point < 0xFF61) ||
                   (point >= 0x1F300 && point < 0x1FB00) || (point >= 0x20000 && point < 0x40000);
    return is_wide ? 2 : 1;
}

size_t utf8_columns(const char *text)
{
    size_t columns = 0;
    uint32_t point;
    while (*text) {
        text += utf8_next(text, &point);
        columns += point_columns(point);
    }
    return columns;
}

size_t utf8_fit(const char *text, size_t columns)
{
    const char *at = text;
    uint32_t point;
    while (*at) {
        size_t count = utf8_next(at, &point), wanted = point_columns(point);
        if (wanted > columns)
            break;
        columns -= wanted;
        at += count;
    }
    return (size_t)(at - text);
}

void utf8_add_clean(struct str *str, const char *text)
{
    uint32_t point;
    for (size_t count; *text; text += count) {
        count = utf8_next(text, &point);
        if (is_control(point))
            str_add_bytes(str, "?", 1);
        else if (count == 1 && point == UTF8_WRONG)
            str_add(str, "\xEF\xBF\xBD");
        else
            str_add_bytes(str, text, count);
    }
}
