/* receiver: in the bytes of a device's line, in pieces as they come, out the events of a trace. It refuses what is broken, late or repeated, counts what is
 * missing, and knows a device that restarted from one that goes on. */
#ifndef HOST_DEVICE_RECEIVER_H
#define HOST_DEVICE_RECEIVER_H

#include "splitter.h"
#include "twin.h"

enum { RECEIVER_BOOTS = 16, RECEIVER_RECORDS = HT_FRAME_MOST / 2 };

struct receiver_counts {
    uint64_t frames, bytes;          /* that were taken; of the line, with all */
    uint64_t repeated;               /* frames that came again or too late */
    uint64_t strange;                /* pieces of a device whose HELLO was not heard yet, or broken */
    uint64_t senseless;              /* frames with the right check and contents that make none */
    uint64_t lost_frames, lost_events;
    uint64_t restarts;
};

struct receiver {
    struct receiver_counts counts;
    struct splitter splitter; /* `say` may be set */
    struct twin twin;
    struct error error;       /* set when nothing more can be recorded */
    uint64_t now_ns;          /* since the session's start, kept by the caller; 0: not known, as of a file */
    /* its own */
    struct ht_device device;
    uint16_t next_sequence, next_events;
    bool is_going;            /* next_* hold */
    struct map epochs;        /* of this boot: the check of each HELLO that was heard */
    uint32_t ended[RECEIVER_BOOTS]; /* boots that are over */
    unsigned ended_count;
    uint64_t heard_ns, heard_ticks; /* a moment of both clocks */
    struct ht_heard heard[RECEIVER_RECORDS];
};

void receiver_init(struct receiver *receiver, const struct twin_sink *sink, const struct flash *flash, const char *from);
void receiver_put(struct receiver *receiver, const uint8_t *bytes, size_t count);
/* No more will come. */
void receiver_end(struct receiver *receiver);
void receiver_done(struct receiver *receiver);

#endif
