/* splitter: zeros part frames, ends of line part texts; which of the two it was is told by the frame's check. */
#include "splitter.h"

#include <string.h>

static bool is_text(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((bytes[i] < ' ' && !strchr("\t\r\33\b", bytes[i])) || bytes[i] == 0x7F)
            return false;
    return true;
}

static bool frame_try(struct splitter *splitter, const uint8_t *bytes, size_t count)
{
    uint8_t copy[HT_FRAME_MOST];
    if (!count || count >= HT_FRAME_MOST)
        return false;
    memcpy(copy, bytes, count);
    size_t payload = ht__cobs_get(copy, count);
    return payload && splitter->put(splitter->context, copy, payload);
}

static void piece_lost(struct splitter *splitter, size_t bytes)
{
    splitter->broken++;
    splitter->garbage += bytes;
}

static int digit_value(uint8_t digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = digit ? strchr(digits, digit) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* How many bytes the base64 text gives; 0: it is none. */
static size_t base64_get(uint8_t *to, size_t room, const uint8_t *text, size_t count)
{
    uint32_t bits = 0;
    size_t bytes = 0, kept = 0;
    while (count && text[count - 1] == '=')
        count--;
    for (size_t i = 0; i < count; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return 0;
        bits = bits << 6 | (uint32_t)value;
        if ((kept += 6) < 8)
            continue;
        kept -= 8;
        if (bytes == room)
            return 0;
        to[bytes++] = (uint8_t)(bits >> kept);
    }
    return bytes;
}

/* A monitor may have put its own words, such as the time, in front of the mark. */
static bool marked_try(struct splitter *splitter, const uint8_t *text, size_t count, bool *is_marked)
{
    uint8_t frame[HT_FRAME_MOST];
    const uint8_t *mark = memmem(text, count, HT_LINE_MARK, strlen(HT_LINE_MARK));
    *is_marked = mark != NULL;
    if (!mark)
        return false;
    mark += strlen(HT_LINE_MARK);
    return frame_try(splitter, frame, base64_get(frame, sizeof frame, mark, count - (size_t)(mark - text)));
}

static void line_end(struct splitter *splitter)
{
    const uint8_t *text = splitter->bytes + splitter->line;
    size_t count = splitter->count - splitter->line;
    bool is_marked;
    if (count && text[count - 1] == '\r')
        count--;
    if (!is_text(text, count))
        return;
    if (!marked_try(splitter, text, count, &is_marked)) {
        if (is_marked)
            piece_lost(splitter, count);
        else if (splitter->say)
            splitter->say(splitter->context, (const char *)text, count);
    }
    if (splitter->told == splitter->line)
        splitter->told = splitter->count;
}

/* The whole piece, then what stands behind each end of line in it. */
static void piece_end(struct splitter *splitter)
{
    bool is_frame = frame_try(splitter, splitter->bytes, splitter->count);
    for (size_t at = splitter->count; !is_frame && at-- > 0;)
        is_frame = splitter->bytes[at] == '\n' && frame_try(splitter, splitter->bytes + at + 1, splitter->count - at - 1);
    if (!is_frame && splitter->count > splitter->told)
        piece_lost(splitter, splitter->count - splitter->told);
    splitter->count = splitter->line = splitter->told = 0;
}

/* No frame is so long: the older half is let go. */
static void make_room(struct splitter *splitter)
{
    size_t half = SPLITTER_ROOM / 2;
    splitter->garbage += splitter->told < half ? half - splitter->told : 0;
    memmove(splitter->bytes, splitter->bytes + half, half);
    splitter->count -= half;
    splitter->line = splitter->line > half ? splitter->line - half : 0;
    splitter->told = splitter->told > half ? splitter->told - half : 0;
}

void splitter_put(struct splitter *splitter, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!bytes[i]) {
            piece_end(splitter);
            continue;
        }
        if (splitter->count == SPLITTER_ROOM)
            make_room(splitter);
        if (bytes[i] == '\n')
            line_end(splitter);
        splitter->bytes[splitter->count++] = bytes[i];
        if (bytes[i] != '\n')
            continue;
        if (splitter->told + 1 == splitter->count)
            splitter->told++;
        splitter->line = splitter->count;
    }
}

void splitter_end(struct splitter *splitter)
{
    if (splitter->count > splitter->line)
        line_end(splitter);
    if (splitter->count > splitter->told)
        piece_lost(splitter, splitter->count - splitter->told);
    splitter->count = splitter->line = splitter->told = 0;
}
