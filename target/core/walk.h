/* walk: in the registers at an event, out the thread's stack as "the oldest `keep` frames of last time, then these", by rules and verified reuse.
 *
 * Why reuse is sound. A frame is (slot, pc): the place of the return address that leads into it and the value there. What lies above a frame is a
 * function of its pc, its slot (hence SP), its frame pointer where a rule asks for it, and of the memory words that the rules read: return address
 * slots and, for frames found through the frame pointer, the slot it was restored from ("anchor"). So if the walk reaches a (slot, pc) that it also
 * met last time, and every older slot still holds the same return address and every older anchor the same value, then by induction each older frame
 * is what it was. No word is read that was not derived from a frame already proven, so stale stack contents cannot mislead it. */
#ifndef TARGET_CORE_WALK_H
#define TARGET_CORE_WALK_H

#include "thread.h"

struct walk {
    uint32_t keep, fresh; /* the stack is thread->frames[0 .. keep + fresh), of which the first `keep` are as told last time */
    bool truncated;
};

/* `frame` is __builtin_frame_address(0) of the hook: { caller's frame pointer, return address }. */
struct walk ht__walk(struct ht_thread *thread, const uint64_t *frame);

#endif
