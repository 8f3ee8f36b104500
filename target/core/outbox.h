/* outbox: in records, out frames that wait for the line, in a ring of them in the caller's memory. Under the lock, but for ht__outbox_send. */
#ifndef TARGET_CORE_OUTBOX_H
#define TARGET_CORE_OUTBOX_H

#include "core.h"

void ht__outbox_open(uint8_t *bytes, uint8_t slots);
/* Where the open frame has no room. False: no other one is free; it was counted. */
bool ht__outbox_hot_slow(const struct ht_told *told);
#if HT_WITH_STREAM
static inline bool outbox_hot(const struct ht_told *told)
{
    if (!ht__core.outbox.lost_events && ht__frame_put_hot(&ht__core.outbox.frame, told))
        return true;
    return ht__outbox_hot_slow(told);
}
#endif
/* False: there is no room now. */
bool ht__outbox_rare(uint8_t kind, const ht_number *numbers, uint8_t count, const void *tail, size_t tail_bytes);
/* As ht__outbox_rare, with the lock taken; nothing if no stream runs. tail: a text. */
#if HT_WITH_STREAM
void ht__outbox_tell(uint8_t kind, const ht_number *numbers, uint8_t count, const char *tail);
#else
#define ht__outbox_tell(kind, numbers, count, tail) ((void)(numbers), (void)(tail))
#endif
bool ht__outbox_stack(uint16_t slot, const ht_pc *pcs, uint8_t count, bool is_cut);
/* An event is lost. */
void ht__outbox_miss(uint32_t bytes);
/* The open frame is done; false: no other is free. */
bool ht__outbox_next(uint32_t tick);
uint8_t ht__outbox_free(void); /* frames that are neither open nor waiting */
/* Writes what is closed; the open frame too once it is old. Returns how many wait. */
int ht__outbox_send(void);

#endif
