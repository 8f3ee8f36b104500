/* guard: in a block of the allocator's, out the same with a guard band before and behind it, and what became of these.
 *
 *   0xDEADBEEF | size | tick | check | the block's bytes | 0xCAFEBABE
 *
 * The check joins size, tick and address, so whichever of the sixteen bytes in front is hit, it shows; a freed block has another. */
#ifndef TARGET_CORE_GUARD_H
#define TARGET_CORE_GUARD_H

#include "core.h"

enum { HT_GUARD_BYTES = HT_GUARD_HEAD + HT_GUARD_TAIL };
enum ht_guarded { HT_GUARDED_WHOLE, HT_GUARDED_FOREIGN /* no block of ours */, HT_GUARDED_FREED, HT_GUARDED_BROKEN };

/* The block in `raw`, which has HT_GUARD_BYTES more than `bytes`. */
void *ht__guard_make(void *raw, size_t bytes);
void ht__guard_mark_freed(void *block);
/* fault: block holds its story if it is known, else address 0; filled when it is broken. */
enum ht_guarded ht__guard_look(const void *block, struct ht_fault *fault);
/* What stands at the `count` bytes where `expected` should, as a guess. False: all is well. */
bool ht__guard_compare(const uint8_t *bytes, const void *expected, uint8_t count, struct ht_fault *fault);

/* guard_check.c: what is to be done with a block that comes back, or is looked at: what is wrong with it is told. FREED: nothing, it is nobody's.
 * *size: of a guarded one. */
enum ht_guarded ht__guard_judge(const struct ht_site *site, const void *block, uint8_t found_by, size_t *size);
/* A guarded block of that size is freed. */
void ht__guard_free(const struct ht_site *site, void *block, size_t size);

/* quarantine.c: the block goes back to the allocator later. */
void ht__quarantine_put(const struct ht_site *site, struct ht_held *held);
/* The story of a block that is held back, if it is. */
void ht__quarantine_find(const void *block, struct ht_fault *fault);

#endif
