/* guarding: in the calls of a guarded heap, out those of the allocator below it, and what was found broken on the way. */
#include "guarding.h"

#include "fault.h"
#include "resting.h"
#include "paged.h"
#include "registry.h"
#include "seal.h"
#include "target/process/port_process.h"

#include <errno.h>
#include <string.h>

enum {
    SLICE_CALLS = 256, /* of a thread between two slices */
    SLICE_SLOTS = 32,
    REGION_BITS = 22,  /* a pointer is looked at if a block was ever given out so near to it */
    MOVES = 128 * 1024 /* a larger block is resized by the allocator below: it may move pages instead of bytes */
};
#if __SIZEOF_POINTER__ == 8
enum { ADDRESS_BITS = 48 };
static const size_t SIZE_MOST = (size_t)1 << 46; /* no program has so much */
#else
enum { ADDRESS_BITS = 32 };
static const size_t SIZE_MOST = SIZE_MAX / 2;
#endif

static struct guard_config guard;
static uint32_t *regions; /* a bit for each region */
static bool has_holes;    /* the program has unmapped something near blocks */
static __thread uint32_t calls __attribute__((tls_model("initial-exec")));
static __thread uint32_t until_page __attribute__((tls_model("initial-exec")));
static uint64_t asked;
static __thread bool asks_again __attribute__((tls_model("initial-exec"))); /* what was refused comes again */
static __thread size_t refused_last __attribute__((tls_model("initial-exec")));

static void *lowest(const void *block, uint32_t room_log2)
{
    return (char *)(uintptr_t)block - ((uintptr_t)1 << room_log2);
}

/* --- which pointers may be read before --- */

static void region_mark(const void *block)
{
    uint64_t region = (uint64_t)(uintptr_t)block >> REGION_BITS;
    uint32_t bit = (uint32_t)1 << (region & 31), *word = &regions[region >> 5];
    if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
        __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

/* A block may begin there, and its head can be read. What lies at the beginning of a page may have been unmapped with all before it. */
static bool may_be_block(const void *block)
{
    uint64_t address = (uint64_t)(uintptr_t)block, region = address >> REGION_BITS;
    if (address & (SEAL_HEAD - 1) || address < 4096 || address >> (ADDRESS_BITS - 1) >> 1 || !(regions[region >> 5] >> (region & 31) & 1))
        return false;
    return (address & 4095) > 64 || (ht__port_can_read(address - SEAL_HEAD) && ht__port_can_read(address));
}

/* --- what is told --- */

static void tell_refused(size_t size)
{
    if (refused_last != size) /* operator new asks once more */
        fault_tell(&(struct finding){.kind = HT_FAULT_HUGE_SIZE, .found_by = HT_FOUND_ALLOC, .block_bytes = size});
    refused_last = size;
    errno = ENOMEM;
}

static void check_tail(const void *block, const struct seal *seal, enum ht_told_found found_by)
{
    if (seal_tail_is_whole(block, seal->size))
        return;
    struct finding finding = {.kind = HT_FAULT_OVERFLOW, .found_by = found_by, .block = block, .block_bytes = seal->size};
    seal_tail_damage(block, seal->size, &finding.damage);
    finding.address = (const char *)block + finding.damage.first;
    fault_tell(&finding);
}

/* --- blocks that leave --- */

static void leave(const struct resting *resting)
{
    struct finding finding = {.kind = HT_FAULT_USE_AFTER_FREE, .found_by = HT_FOUND_QUARANTINE, .block = resting->block, .block_bytes = resting->size};
    if (!resting_is_whole(resting, &finding.damage)) {
        finding.address = (const char *)resting->block + finding.damage.first;
        fault_tell(&finding);
    }
    guard.below.free(lowest(resting->block, resting->room_log2));
}

static void see_resting(const struct resting *resting)
{
    struct finding finding = {.kind = HT_FAULT_USE_AFTER_FREE, .found_by = HT_FOUND_EXIT, .block = resting->block, .block_bytes = resting->size};
    if (resting_is_whole(resting, &finding.damage))
        return;
    finding.address = (const char *)resting->block + finding.damage.first;
    fault_tell(&finding);
    resting_poison(resting);
}

static void rest(void *block)
{
    struct seal seal;
    seal_get(block, &seal);
    resting_put(&(struct resting){block, seal.size, seal.room_log2});
}

/* --- looks at living blocks --- */

struct living {
    void *block;
    uint32_t index;
};

/* The head of a living block is broken: true if it could be mended. */
static bool mend(struct living living, enum ht_told_found found_by)
{
    struct finding finding = {.kind = HT_FAULT_METADATA, .found_by = found_by, .address = living.block, .block = living.block};
    struct seal seal;
    bool certain = seal_head_damage(living.block, living.index, &seal, &finding.damage);
    if (certain) {
        finding.kind = HT_FAULT_UNDERFLOW;
        finding.block_bytes = seal.size;
        finding.address = (const char *)living.block + finding.damage.first;
        seal_put(living.block, &seal);
    } else if (found_by == HT_FOUND_SCAN) /* it will be found again and again */
        return false;
    fault_tell(&finding);
    return certain;
}

/* A walk through many blocks. */
struct walk {
    enum ht_told_found found_by;
    bool doubts;       /* some may lie where nothing is any more */
    uint64_t readable; /* the page that was asked for last */
};

static bool can_read(struct walk *walk, const void *at)
{
    uint64_t page = (uint64_t)(uintptr_t)at & ~(uint64_t)4095;
    if (walk->doubts && page != walk->readable && !ht__port_can_read(page))
        return false;
    walk->readable = page;
    return true;
}

static void see_living(void *block, uint32_t index, void *context)
{
    struct walk *walk = context;
    struct seal seal;
    if (!can_read(walk, (char *)block - SEAL_HEAD))
        return;
    enum seal_state state = seal_get(block, &seal);
    if (state == SEAL_LIVE && can_read(walk, (char *)block + seal_body(seal.size) - 1) && !seal_tail_is_whole(block, seal.size)) {
        check_tail(block, &seal, walk->found_by);
        seal_put(block, &seal);
    }
    if (state == SEAL_BROKEN)
        mend((struct living){block, index}, walk->found_by);
}

static void look_around(void)
{
    struct walk walk = {HT_FOUND_SCAN, .doubts = has_holes};
    registry_slice(&(struct registry_look){see_living, rest, &walk}, SLICE_SLOTS);
}

static inline void count_call(void)
{
    if (__builtin_expect(++calls % SLICE_CALLS == 0, 0))
        look_around();
}

/* --- pointers that are no living block --- */

struct search {
    struct walk walk;
    const void *address;
    struct living living;
    struct seal seal;
    bool is_whole;
};

static void search_see(void *block, uint32_t index, void *context)
{
    struct search *search = context;
    struct seal seal;
    if (!can_read(&search->walk, (char *)block - SEAL_HEAD))
        return;
    enum seal_state state = seal_get(block, &seal);
    if (state == SEAL_FREED || (block != search->address && (state == SEAL_BROKEN || (uintptr_t)search->address - (uintptr_t)block > seal.size)))
        return;
    search->living = (struct living){block, index};
    search->seal = seal;
    search->is_whole = state == SEAL_LIVE;
}

static struct search search_living(const void *address)
{
    struct search search = {.walk.doubts = has_holes, .address = address};
    registry_each(&(struct registry_look){search_see, rest, &search});
    return search;
}

/* True if it is a living block after all. */
static bool explain(void *block, enum seal_state state, const struct seal *seal, enum ht_told_found found_by)
{
    struct finding finding = {.kind = HT_FAULT_DOUBLE_FREE, .found_by = found_by, .address = block, .block = block, .block_bytes = seal->size};
    struct resting resting;
    if (state != SEAL_FREED) {
        struct search search = search_living(block);
        if (search.living.block == block && !search.is_whole)
            return mend(search.living, found_by) || (registry_take_out(search.living.index, block), false);
        finding.kind = search.living.block ? HT_FAULT_INTERIOR_FREE : HT_FAULT_WILD_FREE;
        finding.block = search.living.block;
        finding.block_bytes = search.living.block ? search.seal.size : 0;
        if (!search.living.block && resting_find(block, &resting)) {
            finding.kind = resting.block == block ? HT_FAULT_DOUBLE_FREE : HT_FAULT_INTERIOR_FREE;
            finding.block = resting.block;
            finding.block_bytes = resting.size;
        }
    }
    if (finding.kind == HT_FAULT_DOUBLE_FREE && found_by == HT_FOUND_RESIZE)
        finding.kind = HT_FAULT_FREED_RESIZE;
    fault_tell(&finding);
    return false;
}

/* A living block, or false: then that was told. */
static bool is_living(void *block, struct seal *seal, enum ht_told_found found_by)
{
    enum seal_state state = SEAL_BROKEN;
    *seal = (struct seal){0};
    if (__builtin_expect(may_be_block(block), 1))
        state = seal_get(block, seal);
    if (__builtin_expect(state == SEAL_LIVE, 1))
        return true;
    return explain(block, state, seal, found_by) && seal_get(block, seal) == SEAL_LIVE;
}

/* --- blocks at guard pages --- */

static uint64_t random_next(void)
{
    static __thread uint64_t state __attribute__((tls_model("initial-exec")));
    if (!state)
        state = (uint64_t)(uintptr_t)&state ^ guard.secret;
    return seal_mix(state += 0x9E3779B97F4A7C15u);
}

static bool page_is_wanted(void)
{
    if (guard.page_every <= 1)
        return guard.page_every;
    if (__builtin_expect(until_page > 1, 1)) {
        until_page--;
        return false;
    }
    bool is_drawn = until_page == 1; /* not before a thread's first block */
    until_page = 1 + (uint32_t)(random_next() % (2 * (uint64_t)guard.page_every));
    return is_drawn;
}

static void *page_try(size_t size, size_t alignment, enum guard_family family)
{
    if (!page_is_wanted())
        return NULL;
    void *block = paged_alloc(size, alignment, (uint8_t)family);
    if (!block && ht__session)
        __atomic_add_fetch(&ht__session->unpaged, 1, __ATOMIC_RELAXED);
    return block;
}

static void see_paged(const struct paged *paged, enum ht_told_found found_by)
{
    struct finding finding = {.kind = HT_FAULT_OVERFLOW, .found_by = found_by, .block = paged->block, .block_bytes = paged->size};
    if (paged_is_whole(paged, &finding.damage))
        return;
    if (finding.damage.first < 0)
        finding.kind = HT_FAULT_UNDERFLOW;
    finding.address = (const char *)paged->block + finding.damage.first;
    fault_tell(&finding);
    paged_mend(paged);
}

static void see_paged_at_exit(const struct paged *paged)
{
    see_paged(paged, HT_FOUND_EXIT);
}

/* A living block that begins at `block`; else false, and that was told. */
static bool paged_is_living(const void *block, struct paged *paged, enum ht_told_found found_by)
{
    struct finding finding = {.kind = HT_FAULT_WILD_FREE, .found_by = found_by, .address = block};
    bool is_known = paged_find(block, paged);
    if (is_known && paged->block == block && paged->lives)
        return true;
    if (is_known && (uintptr_t)block - (uintptr_t)paged->block <= paged->size) {
        finding.kind = paged->block != block ? HT_FAULT_INTERIOR_FREE : found_by == HT_FOUND_RESIZE ? HT_FAULT_FREED_RESIZE : HT_FAULT_DOUBLE_FREE;
        finding.block = paged->block;
        finding.block_bytes = paged->size;
    }
    fault_tell(&finding);
    return false;
}

static void check_ending(const void *block, uint64_t size, enum guard_family family, const struct guard_ending *ending)
{
    struct finding finding = {.kind = HT_FAULT_SIZE_MISMATCH, .found_by = HT_FOUND_FREE, .address = block, .block = block, .block_bytes = size};
    if (family != ending->family)
        finding.kind = HT_FAULT_MISMATCHED_FREE;
    else if (!ending->is_sized || ending->size == size)
        return;
    fault_tell(&finding);
}

static void *dress(void *raw, size_t size, uint32_t room_log2, enum guard_family family)
{
    if (!raw)
        return NULL;
    char *block = (char *)raw + ((uintptr_t)1 << room_log2);
    region_mark(block);
    struct seal seal = {.size = size, .family = (uint8_t)family, .room_log2 = (uint8_t)room_log2, .index = registry_reserve()};
    seal_put(block, &seal);
    registry_put(seal.index, block);
    return block;
}

static void *make(size_t size, size_t alignment, enum guard_family family)
{
    if (__builtin_expect(size > SIZE_MOST || alignment > SIZE_MOST, 0)) {
        tell_refused(size);
        return NULL;
    }
    void *paged = page_try(size, alignment, family);
    if (paged)
        return paged;
    count_call();
    if (__builtin_expect(alignment <= SEAL_HEAD, 1))
        return dress(guard.below.malloc(SEAL_HEAD + seal_body(size)), size, SEAL_HEAD_LOG2, family);
    uint32_t room_log2 = (uint32_t)(sizeof(long) * 8) - (uint32_t)__builtin_clzl(alignment - 1);
    size_t room = (size_t)1 << room_log2;
    return dress(guard.below.memalign(room, room + seal_body(size)), size, room_log2, family);
}

static void free_paged(const void *block, const struct guard_ending *ending)
{
    struct paged paged;
    if (!paged_is_living(block, &paged, HT_FOUND_FREE))
        return;
    see_paged(&paged, HT_FOUND_FREE);
    check_ending(block, paged.size, (enum guard_family)paged.family, ending);
    if (!paged_end(&paged))
        fault_tell(&(struct finding){.kind = HT_FAULT_DOUBLE_FREE, .found_by = HT_FOUND_FREE, .address = block, .block = block, .block_bytes = paged.size});
}

static void *resize_paged(void *block, size_t size)
{
    struct paged paged;
    bool lives = paged_is_living(block, &paged, HT_FOUND_RESIZE);
    if (lives)
        check_ending(block, paged.size, (enum guard_family)paged.family, &(struct guard_ending){.family = GUARD_MALLOC});
    void *fresh = size || !lives ? make(size, 0, GUARD_MALLOC) : NULL;
    if (!lives || (!fresh && size))
        return fresh;
    if (fresh)
        memcpy(fresh, block, paged.size < size ? paged.size : size);
    see_paged(&paged, HT_FOUND_RESIZE);
    paged_end(&paged);
    return fresh;
}

static enum ht_told_fault kind_of_hit(const struct paged *paged, const void *address, bool is_write)
{
    if ((uintptr_t)address >= (uintptr_t)paged->block + paged->size)
        return is_write ? HT_FAULT_OVERFLOW : HT_FAULT_OVERREAD;
    if ((uintptr_t)address < (uintptr_t)paged->block)
        return is_write ? HT_FAULT_UNDERFLOW : HT_FAULT_UNDERREAD;
    return is_write ? HT_FAULT_USE_AFTER_FREE : HT_FAULT_READ_AFTER_FREE;
}

bool ht__guard_hit(const void *address, bool is_write, bool *opened)
{
    struct paged paged;
    if (!paged_find(address, &paged))
        return false;
    struct finding finding = {.found_by = HT_FOUND_PAGE, .address = address, .block = paged.block, .block_bytes = paged.size};
    finding.kind = kind_of_hit(&paged, address, is_write);
    finding.damage.first = (const char *)address - (const char *)paged.block;
    finding.damage.count = 1;
    *opened = guard.page_every > 1 && !guard.stop;
    fault_tell(&finding);
    if (*opened)
        paged_open(address);
    return true;
}

void ht__guard_crash(const void *address, bool is_write)
{
    fault_tell(&(struct finding){.kind = is_write ? HT_FAULT_WILD_WRITE : HT_FAULT_WILD_READ, .found_by = HT_FOUND_CRASH, .address = address});
}

/* --- refusals on purpose --- */

/* This call of the process is to be refused. operator new that got nothing asks by malloc once more. */
static bool is_refused(enum guard_family family)
{
    if (__builtin_expect(!guard.fail_nth && !guard.fail_rate, 1))
        return false;
    bool due = asks_again && family == GUARD_MALLOC;
    asks_again = false;
    if (!due && guard.fail_nth)
        due = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) == guard.fail_nth;
    if (!due && guard.fail_rate)
        due = (uint32_t)random_next() < guard.fail_rate;
    asks_again = due && family != GUARD_MALLOC;
    if (due)
        errno = ENOMEM;
    return due;
}

/* --- the calls --- */

void *ht__guard_alloc(size_t size, size_t alignment, enum guard_family family)
{
    return is_refused(family) ? NULL : make(size, alignment, family);
}

void *ht__guard_zeroed(size_t count, size_t size)
{
    size_t bytes;
    if (is_refused(GUARD_MALLOC))
        return NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MOST) {
        tell_refused(__builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes);
        return NULL;
    }
    void *paged = page_try(bytes, 0, GUARD_MALLOC);
    if (paged)
        return bytes <= PAGED_USED_MOST ? memset(paged, 0, bytes) : paged;
    count_call();
    return dress(guard.below.calloc(1, SEAL_HEAD + seal_body(bytes)), bytes, SEAL_HEAD_LOG2, GUARD_MALLOC);
}


static void end_block(void *block, const struct seal *seal)
{
    if (!seal_end(block, seal)) { /* another thread was first */
        fault_tell(&(struct finding){.kind = HT_FAULT_DOUBLE_FREE, .found_by = HT_FOUND_FREE, .address = block, .block = block, .block_bytes = seal->size});
        return;
    }
    if (registry_remove(seal->index, block))
        resting_put(&(struct resting){block, seal->size, seal->room_log2});
}

void ht__guard_free(void *block, const struct guard_ending *ending)
{
    struct seal seal;
    if (__builtin_expect(paged_owns(block), 0)) {
        free_paged(block, ending);
        return;
    }
    if (!block || !is_living(block, &seal, HT_FOUND_FREE))
        return;
    count_call();
    check_tail(block, &seal, HT_FOUND_FREE);
    if (__builtin_expect(seal.family != ending->family || ending->is_sized, 0))
        check_ending(block, seal.size, (enum guard_family)seal.family, ending);
    end_block(block, &seal);
}

/* The block is in no registry. */
static void *resize_below(void *block, const struct seal *seal, size_t size)
{
    char *raw = guard.below.realloc(lowest(block, SEAL_HEAD_LOG2), SEAL_HEAD + seal_body(size));
    if (raw)
        return dress(raw, size, SEAL_HEAD_LOG2, (enum guard_family)seal->family);
    dress(lowest(block, SEAL_HEAD_LOG2), seal->size, SEAL_HEAD_LOG2, (enum guard_family)seal->family);
    return NULL;
}

static bool is_large(const struct seal *seal, size_t size)
{
    return seal->size >= MOVES && size >= MOVES && seal->room_log2 == SEAL_HEAD_LOG2;
}

static void *resize_by_copy(void *block, const struct seal *seal, size_t size)
{
    void *fresh = make(size, 0, GUARD_MALLOC);
    if (!fresh)
        return NULL;
    memcpy(fresh, block, seal->size < size ? seal->size : size);
    end_block(block, seal);
    return fresh;
}

void *ht__guard_realloc(void *block, size_t size)
{
    struct seal seal;
    if (!block)
        return ht__guard_alloc(size, 0, GUARD_MALLOC);
    if (size && is_refused(GUARD_MALLOC))
        return NULL;
    if (paged_owns(block))
        return resize_paged(block, size);
    if (!is_living(block, &seal, HT_FOUND_RESIZE))
        return seal.size ? make(size, 0, GUARD_MALLOC) : NULL;
    check_tail(block, &seal, HT_FOUND_RESIZE);
    if (seal.family != GUARD_MALLOC)
        check_ending(block, seal.size, (enum guard_family)seal.family, &(struct guard_ending){.family = GUARD_MALLOC});
    if (!size) {
        end_block(block, &seal);
        return NULL;
    }
    if (size > SIZE_MOST) {
        tell_refused(size);
        return NULL;
    }
    if (is_large(&seal, size) && registry_take_out(seal.index, block))
        return resize_below(block, &seal, size);
    return resize_by_copy(block, &seal, size);
}

size_t ht__guard_size(const void *block)
{
    struct seal seal;
    struct paged paged;
    if (paged_owns(block))
        return paged_find(block, &paged) && paged.block == block && paged.lives ? paged.size : 0;
    return block && may_be_block(block) && seal_get(block, &seal) == SEAL_LIVE ? seal.size : 0;
}

void ht__guard_forget(const void *address, size_t size)
{
    uint64_t from = (uint64_t)(uintptr_t)address >> REGION_BITS, to = ((uint64_t)(uintptr_t)address + size - 1) >> REGION_BITS;
    for (uint64_t region = from; regions && region <= to; region++)
        if (regions[region >> 5] >> (region & 31) & 1)
            __atomic_store_n(&has_holes, true, __ATOMIC_RELAXED);
}

void ht__guard_at_exit(void)
{
    static uint32_t times;
    struct walk walk = {HT_FOUND_EXIT, .doubts = true};
    if (!regions)
        return;
    registry_each(&(struct registry_look){see_living, rest, &walk});
    resting_each(see_resting);
    paged_each(see_paged_at_exit);
    if (ht__session && !__atomic_fetch_add(&times, 1, __ATOMIC_RELAXED))
        __atomic_add_fetch(&ht__session->looks, 1, __ATOMIC_RELAXED);
}

bool ht__guard_begin(const struct guard_config *config)
{
    guard = *config;
    seal_begin(config->secret);
    fault_begin(config->stop);
    uint32_t *bits = ht__port_pages((uint64_t)1 << (ADDRESS_BITS - REGION_BITS - 3));
    if (!bits || !registry_begin() || !resting_begin(config->quarantine_bytes, leave))
        return false;
    if (config->page_every && !paged_begin(config->pages_most, config->layout, config->page_every == 1))
        guard.page_every = 0;
    regions = bits;
    return true;
}

bool ht__guard_shut(const void *address)
{
    return paged_shut(address);
}

void ht__guard_after_fork(void)
{
    if (regions)
        resting_after_fork();
    paged_after_fork();
}
