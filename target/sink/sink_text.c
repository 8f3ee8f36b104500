/* sink_text: a frame is collected up to its 0, then it is one line. */
#include "sink_text.h"

static void frame_print(struct ht_text *text)
{
    char line[HT_LINE_MOST];
    text->print(text->context, line, ht__line_put(line, text->frame, text->used));
}

static long text_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_text *text = context;
    for (size_t at = 0; at < count; at++) {
        if (text->used < sizeof text->frame)
            text->frame[text->used++] = bytes[at];
        if (bytes[at])
            continue;
        frame_print(text);
        text->used = 0;
    }
    return (long)count;
}

const struct ht_sink *ht_text_begin(struct ht_text *text)
{
    text->used = 0;
    text->sink = (struct ht_sink){text_write, NULL, text};
    return &text->sink;
}
