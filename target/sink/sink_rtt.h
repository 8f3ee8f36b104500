/* sink_rtt: in frames, out bytes in a ring in RAM that a debug probe reads while the firmware runs, by the layout that probes look for ("SEGGER RTT").
 *
 * A firmware that has such a control block already hands over one of its rings (ht_rtt_join); any other gets one (ht_rtt_begin). Nobody reading: the ring fills,
 * and the core drops and counts. */
#ifndef TARGET_SINK_RTT_H
#define TARGET_SINK_RTT_H

#include <heaptracer/heaptracer.h>

struct ht_rtt_ring {
    const char *name;
    uint8_t *bytes;
    uint32_t size;
    volatile uint32_t write, read; /* places; equal: empty */
    uint32_t flags;                /* 0: the writer skips what does not fit */
};
struct ht_rtt_block {
    char id[16];
    uint32_t ups, downs;
    struct ht_rtt_ring up[1], down[1];
};
struct ht_rtt {
    struct ht_rtt_ring *up, *down; /* down NULL: no way back */
    struct ht_sink sink;
};
/* `block` must stay; `up_bytes` and `down_bytes` are memory for its rings. */
const struct ht_sink *ht_rtt_begin(struct ht_rtt *rtt, struct ht_rtt_block *block, uint8_t *up_bytes, uint32_t up_size, uint8_t *down_bytes, uint32_t down_size);
const struct ht_sink *ht_rtt_join(struct ht_rtt *rtt, struct ht_rtt_ring *up, struct ht_rtt_ring *down);

#endif
