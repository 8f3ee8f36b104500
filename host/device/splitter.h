/* splitter: in bytes of a line, in pieces as they come, out what may be frames: what stands before a 0, and lines of text that begin with "HT:". A line may carry
 * frames and a log at once, as long as a text ends before a frame begins: what stands behind an end of line is tried too. */
#ifndef HOST_DEVICE_SPLITTER_H
#define HOST_DEVICE_SPLITTER_H

#include "wire/device_get.h"
#include "wire/line.h"

enum { SPLITTER_ROOM = 2048 };

struct splitter {
    /* Whether it was a frame. Gets the payload, without COBS. */
    bool (*put)(void *context, const uint8_t *payload, size_t count);
    /* May be NULL: gets every line of text that is no frame, without its end. */
    void (*say)(void *context, const char *text, size_t count);
    void *context;
    uint64_t broken;  /* pieces between zeros, and "HT:" lines, that were no frames */
    uint64_t garbage; /* their bytes */
    /* its own */
    uint8_t bytes[SPLITTER_ROOM];
    size_t count, line; /* line: where the current line begins */
    size_t told;        /* up to here it was text, and said */
};

void splitter_put(struct splitter *splitter, const uint8_t *bytes, size_t count);
/* No more will come. */
void splitter_end(struct splitter *splitter);

#endif
