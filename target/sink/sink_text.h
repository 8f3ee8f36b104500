/* sink_text: in frames, out lines of text ("HT:" and base64) for a console that carries a log too. A third longer than the frames themselves. */
#ifndef TARGET_SINK_TEXT_H
#define TARGET_SINK_TEXT_H

#include <heaptracer/heaptracer.h>
#include "wire/line.h"

struct ht_text {
    void (*print)(void *context, const char *letters, size_t count); /* one line, with its end */
    void *context;
    uint8_t frame[HT_FRAME_MOST];                                    /* ht_text_begin's from here on */
    uint8_t used;
    struct ht_sink sink;
};
const struct ht_sink *ht_text_begin(struct ht_text *text);

#endif
