/* line: in a frame, out a line of text, for consoles that carry a log too: "HT:", the frame without its last 0 in base64, and an end of line. */
#ifndef WIRE_LINE_H
#define WIRE_LINE_H

#include "device.h"

#define HT_LINE_MARK "HT:"
enum { HT_LINE_MOST = 3 + (HT_FRAME_MOST + 1) / 3 * 4 + 4 + 1 };

/* `frame` is what ht__frame_end made ready, `count` what it said. The characters written to `line` (HT_LINE_MOST are enough), without an end. */
size_t ht__line_put(char *line, const uint8_t *frame, size_t count);

#endif
