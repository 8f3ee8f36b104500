/* producer: in whole records, out a ring in shared memory that the collector reads. Single producer; never wraps a record. */
#ifndef TARGET_PROCESS_PRODUCER_H
#define TARGET_PROCESS_PRODUCER_H

#include "port_process.h"
#include "thread.h"

/* Room for a record of `bytes` (a multiple of 8, at most a quarter of the ring), or NULL: it is dropped and was counted. May wait: see enum ht_policy. */
uint64_t *ht__lane_reserve_slow(struct ht_thread *thread, uint64_t bytes);
/* Puts a MORE record; parts are joined. Returns false if it was dropped. */
bool ht__lane_put_more(struct ht_thread *thread, unsigned type, const void *head, uint64_t head_bytes, const void *tail, uint64_t tail_bytes);
/* Puts a record of what was dropped, if something was and there is room. */
void ht__lane_tell_gap(struct ht_thread *thread);
/* Takes an idle lane of the session for this thread; false: none is left. */
bool ht__lane_take(struct ht_thread *thread, uint32_t process, uint32_t pid, uint32_t tid);
void ht__lane_leave(struct ht_thread *thread);

/* Not so when the process left the session of this lane meanwhile, and perhaps joined another. */
static inline bool lane_is_current(const struct ht_lane *lane)
{
    return (uintptr_t)lane - (uintptr_t)ht__session < ht__session->file_bytes;
}

static inline uint64_t *lane_reserve(struct ht_thread *thread, uint64_t bytes)
{
    if (__builtin_expect(thread->head + bytes > thread->soft_limit, 0))
        return ht__lane_reserve_slow(thread, bytes);
    return (uint64_t *)(void *)(thread->ring + (thread->head & thread->ring_mask));
}

/* From here to lane_publish the collector waits for this lane before it hands on anything younger. */
static inline void lane_begin(struct ht_thread *thread)
{
    __atomic_store_n(&thread->lane->head, thread->head | 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void lane_publish(struct ht_thread *thread, uint64_t bytes)
{
    thread->head += bytes;
    __atomic_store_n(&thread->lane->head, thread->head, __ATOMIC_RELEASE);
}

#endif
