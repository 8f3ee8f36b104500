/* sink_postmortem: in frames, out a ring in RAM that survives a reset: the next run sends it, or a dump of the memory has it (heaptracer decode FILE).
 *
 * The memory is in a section that startup code leaves alone (.noinit) and that no cache holds back. The stream is read from the first epoch in it on: build with
 * HT_EPOCH_FRAMES so that an epoch (HT_EPOCH_FRAMES * HT_FRAME_BYTES) is at most a quarter of the ring. */
#ifndef TARGET_SINK_POSTMORTEM_H
#define TARGET_SINK_POSTMORTEM_H

#include <heaptracer/heaptracer.h>
#include "wire/postmortem.h"

struct ht_postmortem {
    struct ht_postmortem_head *head;
    uint32_t written;
    uint8_t turn;
    uint32_t told; /* of what ht_postmortem_tell has sent */
    struct ht_sink sink;
};
/* Bytes that the run before left; 0: none, or the memory is not whole. Before ht_postmortem_begin. */
uint32_t ht_postmortem_found(struct ht_postmortem *postmortem, void *memory, size_t bytes);
/* Sends them through another sink. Returns how many are left; 0: all is sent. */
uint32_t ht_postmortem_tell(struct ht_postmortem *postmortem, const struct ht_sink *sink);
/* Begins anew. NULL: the memory is too small. */
const struct ht_sink *ht_postmortem_begin(struct ht_postmortem *postmortem, void *memory, size_t bytes);

#endif
