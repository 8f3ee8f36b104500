/* plain: what an allocator gave, or took back, into the tracer; the short way for what is as most are, else by hook.c. */
#ifndef TARGET_CORE_PLAIN_H
#define TARGET_CORE_PLAIN_H

#include "core.h"

/* what: HT_TOLD_ALLOC, or HT_TOLD_FREE with 0 bytes; HT_LIVE_GUARDED; and the heap. Of what the long way is told any kind of record. */
enum { TELL_KIND = 7, TELL_HEAP = 8 };
void ht__tell(const struct ht_site *site, const void *block, size_t bytes, unsigned what);
void ht__hook_block(const struct ht_site *site, const void *block, size_t bytes, unsigned what);

static inline unsigned tell_what(uint8_t kind, ht_heap_id heap)
{
    return kind | (unsigned)heap << TELL_HEAP;
}

#endif
