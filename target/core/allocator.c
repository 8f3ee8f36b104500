/* allocator: in a program's malloc and its like, out the port's, told, and with guard bands where those are compiled in. */
#include "guard.h"
#include "plain.h"

#define GUARD_BYTES (HT_WITH_GUARD ? HT_GUARD_BYTES : 0)

static bool too_large(size_t bytes)
{
    const size_t most = HT_WITH_GUARD && SIZE_MAX > UINT32_MAX ? UINT32_MAX : SIZE_MAX; /* a guard's size has 32 bits */
    return bytes > most - GUARD_BYTES;
}

static void *guarded(void *raw, size_t bytes)
{
#if HT_WITH_GUARD
    return raw ? ht__guard_make(raw, bytes) : NULL;
#else
    (void)bytes;
    return raw;
#endif
}

void *ht_malloc_from(const struct ht_site *site, size_t bytes)
{
    void *block = too_large(bytes) ? NULL : guarded(ht_port_malloc(bytes + GUARD_BYTES, site->caps), bytes);
    uint8_t guard = HT_WITH_GUARD ? HT_LIVE_GUARDED : 0;
    if (block)
        ht__tell(site, block, bytes, tell_what(HT_TOLD_ALLOC | guard, ht__heap_of(block)));
    else
        ht__hook_block(site, block, bytes, tell_what(HT_TOLD_REFUSE, 0));
    return block;
}

void *ht_calloc_from(const struct ht_site *site, size_t count, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all)) {
        ht_on_refuse_from(site, 0, SIZE_MAX);
        return NULL;
    }
    void *block = ht_malloc_from(site, all);
    return block ? __builtin_memset(block, 0, all) : NULL;
}

void ht_free_from(const struct ht_site *site, void *block)
{
    if (!block)
        return;
#if HT_WITH_GUARD
    size_t size;
    enum ht_guarded guarded = ht__guard_judge(site, block, HT_FOUND_FREE, &size);
    if (guarded == HT_GUARDED_FREED)
        return;
    if (guarded != HT_GUARDED_FOREIGN) {
        ht__guard_free(site, block, size);
        return;
    }
#endif
    ht__tell(site, block, 0, tell_what(HT_TOLD_FREE, ht__heap_of(block)));
    ht_port_free(block);
}

/* A foreign block stays without guard bands. */
static void *resize(const struct ht_site *site, void *block, size_t bytes, bool is_guarded)
{
    size_t head = is_guarded ? HT_GUARD_HEAD : 0;
    struct ht_hooked hooked;
    ht__hooked_set(&hooked, HT_TOLD_RESIZE_FAILED, ht__heap_of(block), NULL, bytes);
    hooked.told.old_address = (uintptr_t)block;
    ht__hook_take(block, &hooked.was);
    hooked.live_flags = is_guarded ? HT_LIVE_GUARDED : 0;
    uint8_t *raw = too_large(bytes) ? NULL : ht_port_realloc((uint8_t *)block - head, bytes + (is_guarded ? GUARD_BYTES : 0), site->caps);
    void *now = raw && is_guarded ? guarded(raw, bytes) : raw;
    if (now) {
        hooked.told.kind = HT_TOLD_RESIZE;
        hooked.told.heap = ht__heap_of(now);
        hooked.told.address = (uintptr_t)now;
    }
    ht__hook(site, &hooked);
    return now;
}

void *ht_realloc_from(const struct ht_site *site, void *block, size_t bytes)
{
    bool is_guarded = false;
    if (!block)
        return ht_malloc_from(site, bytes);
    if (!bytes) {
        ht_free_from(site, block);
        return NULL;
    }
#if HT_WITH_GUARD
    size_t size;
    enum ht_guarded found = ht__guard_judge(site, block, HT_FOUND_RESIZE, &size);
    if (found == HT_GUARDED_FREED)
        return NULL;
    is_guarded = found != HT_GUARDED_FOREIGN;
#endif
    return resize(site, block, bytes, is_guarded);
}

HT_HOOK void *ht_malloc(size_t bytes)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    return ht_malloc_from(&site, bytes);
}

HT_HOOK void *ht_calloc(size_t count, size_t bytes)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    return ht_calloc_from(&site, count, bytes);
}

HT_HOOK void *ht_realloc(void *block, size_t bytes)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    return ht_realloc_from(&site, block, bytes);
}

HT_HOOK void ht_free(void *block)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_free_from(&site, block);
}

HT_HOOK void *ht_malloc_at(const struct ht_source *source, size_t bytes, uint32_t caps)
{
    const struct ht_site site = {HT_HERE, source, caps};
    return ht_malloc_from(&site, bytes);
}

HT_HOOK void *ht_calloc_at(const struct ht_source *source, size_t count, size_t bytes, uint32_t caps)
{
    const struct ht_site site = {HT_HERE, source, caps};
    return ht_calloc_from(&site, count, bytes);
}

HT_HOOK void *ht_realloc_at(const struct ht_source *source, void *block, size_t bytes, uint32_t caps)
{
    const struct ht_site site = {HT_HERE, source, caps};
    return ht_realloc_from(&site, block, bytes);
}

HT_HOOK char *ht_strdup_at(const struct ht_source *source, const char *text)
{
    const struct ht_site site = {HT_HERE, source, 0};
    size_t bytes = __builtin_strlen(text) + 1;
    char *copy = ht_malloc_from(&site, bytes);
    return copy ? __builtin_memcpy(copy, text, bytes) : NULL;
}
