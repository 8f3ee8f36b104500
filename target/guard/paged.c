/* paged: in a size, out a block that ends at a page which nobody may touch; freed, its own pages are such too, and are given out again only when all others were.
 *
 * Newer kernels have a mark for pages that may not be touched, which costs no mapping (MADV_GUARD_INSTALL). With older ones each block makes two mappings
 * more, and when the kernel has no more of them, there is no block.
 *
 * Where every block is such a one, the memory of a freed block goes straight to the page of one that is to come (shift.h): it waits there as ready. */
#include "paged.h"

#include "shift.h"
#include "target/process/port_process.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

enum {
    PAGE_LOG2 = 12,
    PAGE = 1 << PAGE_LOG2,
    AHEAD_PAGES = 512, /* marked at once */
    BESIDE = 16,       /* bytes before a block that are looked at */
    BEHIND = 256,      /* and behind it */
    FILL = 0xA5,
    FAMILY_SHIFT = 48,
    FIT_SHIFT = 52, /* log2 of the alignment */
    TRIES = 1000,
    REGIONS = 3,
    READY = 1024,
};
/* Both: its pages are about to be shut. */
static const uint64_t LIVES = (uint64_t)1 << 63, ENDED = (uint64_t)1 << 62, IS_READY = (uint64_t)1 << 61, SIZE_MASK = ((uint64_t)1 << FAMILY_SHIFT) - 1;

char *ht__paged_low;
uint64_t ht__paged_bytes;
static uint64_t *starts; /* of each page, if a block begins in it: its size, family and state */
static uint64_t page_count, cursor, marked, highest, live, live_most;
static bool has_marks, shifts;
static struct paged_layout layout;
static uint64_t ready[READY], ready_count; /* pages that can be touched and are nobody's */
static uint32_t lock;
static __thread bool holds_lock __attribute__((tls_model("initial-exec")));

static bool change(const char *from, uint64_t pages, bool open)
{
    size_t bytes = pages << PAGE_LOG2;
    if (shifts && open)
        return shift_fresh((char *)(uintptr_t)from, pages);
    if (shifts) {
        shift_drop((char *)(uintptr_t)from, pages);
        return true;
    }
    if (has_marks)
        return !syscall(SYS_madvise, from, bytes, open ? MADV_GUARD_REMOVE : MADV_GUARD_INSTALL);
    if (open)
        return !syscall(SYS_mprotect, from, bytes, PROT_READ | PROT_WRITE);
    return !syscall(SYS_madvise, from, bytes, MADV_DONTNEED) && !syscall(SYS_mprotect, from, bytes, PROT_NONE);
}

static bool region_get(uint64_t bytes, bool often)
{
    char *low = ht__port_pages(bytes);
    if (!low)
        return false;
    has_marks = !syscall(SYS_madvise, low, PAGE, MADV_GUARD_INSTALL);
    shifts = often && shift_begin(low, bytes);
    if (!has_marks && !shifts)
        syscall(SYS_mprotect, low, bytes, PROT_NONE);
    ht__paged_low = low;
    page_count = bytes >> PAGE_LOG2;
    starts = ht__port_pages(page_count * sizeof *starts);
    if (!starts)
        return false;
    __atomic_store_n(&ht__paged_bytes, bytes, __ATOMIC_RELEASE);
    return true;
}

bool paged_begin(uint64_t most, struct paged_layout wanted, bool often)
{
    static const uint8_t logs[REGIONS] = {sizeof(void *) == 8 ? 36 : 29, sizeof(void *) == 8 ? 33 : 28, sizeof(void *) == 8 ? 30 : 26};
    live = ready_count = 0;
    live_most = most;
    layout = wanted;
    cursor = marked = highest = 1;
    for (int i = 0; i < REGIONS; i++)
        if (region_get((uint64_t)1 << logs[i], often))
            return true;
    return false;
}

static bool lock_get(void)
{
    if (holds_lock) /* a handler has interrupted it */
        return false;
    for (int i = 0; i < TRIES; i++) {
        if (!__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
            holds_lock = true;
            return true;
        }
        syscall(SYS_sched_yield);
    }
    return false;
}

static void lock_give(void)
{
    holds_lock = false;
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static char *page_at(uint64_t page)
{
    return ht__paged_low + (page << PAGE_LOG2);
}

static uint64_t pages_of(uint64_t size)
{
    return size ? (size + PAGE - 1) >> PAGE_LOG2 : 1;
}

/* What lives between `from` and `end` stands in the way: the page behind the last of it, or 0. */
static uint64_t obstacle(uint64_t from, uint64_t end)
{
    uint64_t behind = 0;
    for (uint64_t i = from; i < end; i++)
        if (starts[i] & (LIVES | IS_READY))
            behind = i + pages_of((starts[i] & SIZE_MASK) + ((uint64_t)1 << (starts[i] >> FIT_SHIFT & 15)) - 1) + 1;
    return behind;
}

/* Pages that nobody uses, the last of which stays shut; 0: there are none. */
static uint64_t find_pages(uint64_t count)
{
    for (int rounds = 0; rounds < 2;) {
        if (cursor + count + 1 > page_count) {
            cursor = 1;
            rounds++;
            continue;
        }
        uint64_t behind = obstacle(cursor, cursor + count + 1);
        if (!behind)
            return cursor;
        cursor = behind;
    }
    return 0;
}

/* Pages that were never used are shut some at a time. */
static bool mark_to(uint64_t end)
{
    if (end <= marked || shifts)
        return true;
    uint64_t to = end + AHEAD_PAGES < page_count ? end + AHEAD_PAGES : page_count;
    if (has_marks && syscall(SYS_madvise, page_at(marked), (to - marked) << PAGE_LOG2, MADV_GUARD_INSTALL))
        return false;
    marked = to;
    return true;
}

static size_t alignment_of(size_t size, size_t alignment)
{
    size_t usual = size >= 16 ? 16 : size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1, least = usual < layout.align ? usual : layout.align;
    bool is_power = !(alignment & (alignment - 1)); /* memalign takes any, and gives what the next power of two is good for */
    size_t wanted = is_power ? alignment : (size_t)1 << (sizeof(long) * 8 - (size_t)__builtin_clzl(alignment));
    return wanted > least ? wanted : least;
}

static char *place(uint64_t page, uint64_t count, size_t size, size_t alignment)
{
    char *end = page_at(page + count);
    return layout.before ? page_at(page) : end - ((size + alignment - 1) & ~(alignment - 1)) - (size ? 0 : alignment);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void fill_beside(char *block, size_t size, const char *low, const char *end)
{
    uint64_t before = least((uint64_t)(block - low), BESIDE);
    memset(block - before, FILL, before);
    memset(block + size, FILL, least((uint64_t)(end - block) - size, BEHIND));
}

static uint64_t start_of(uint64_t size, uint8_t family, size_t alignment)
{
    return size | (uint64_t)family << FAMILY_SHIFT | (uint64_t)__builtin_ctzl(alignment) << FIT_SHIFT;
}

static void go_on_from(uint64_t page)
{
    cursor = page;
    highest = cursor > highest ? cursor : highest;
}

/* The program has closed our file: what does not live is shut as it is where pages cannot be shifted. */
static void stop_shifting(void)
{
    bool has_shut = true;
    shifts = false;
    while (ready_count)
        starts[ready[--ready_count]] = 0;
    for (uint64_t from = 1, end; from < page_count && has_shut; from = end) {
        uint64_t behind = from < highest ? obstacle(from, from + 1) : 0;
        for (end = behind ? behind - 1 : from + 1; !behind && end < highest && !(starts[end] & LIVES); end++)
            ;
        if (!behind && end >= highest)
            end = page_count;
        has_shut = behind || change(page_at(from), end - from, false);
    }
    marked = page_count;
}

/* The block's memory is that of a block to come. */
static bool make_ready(const struct paged *paged)
{
    if (!shifts || paged->pages != 1 || !lock_get())
        return false;
    uint64_t page = ready_count < READY ? find_pages(1) : 0;
    bool is_done = page && shifts && shift_page(page_at(page), paged->low);
    if (is_done) {
        starts[page] = IS_READY;
        starts[page + 1] = 0;
        ready[ready_count++] = page;
        go_on_from(page + 2);
    } else if (shifts && !shift_works())
        stop_shifting();
    lock_give();
    return is_done;
}

static uint64_t get_pages(uint64_t count)
{
    if (count == 1 && ready_count)
        return ready[--ready_count];
    uint64_t page = find_pages(count);
    if (!page || !mark_to(page + count + 1) || !change(page_at(page), count, true))
        return 0;
    go_on_from(page + count + 1);
    return page;
}

static void *take(size_t size, size_t alignment, uint8_t family, uint64_t count)
{
    uint64_t page = get_pages(count);
    if (!page && shifts && !shift_works()) {
        stop_shifting();
        page = get_pages(count);
    }
    if (!page)
        return NULL;
    for (uint64_t i = page; i <= page + count; i++)
        starts[i] = 0;
    char *block = place(page, count, size, alignment);
    fill_beside(block, size, page_at(page), page_at(page + count));
    uint64_t first = (uint64_t)(block - ht__paged_low) >> PAGE_LOG2;
    __atomic_store_n(&starts[first], start_of(size, family, alignment) | LIVES, __ATOMIC_RELEASE);
    __atomic_add_fetch(&live, count, __ATOMIC_RELAXED);
    return block;
}

void *paged_alloc(size_t size, size_t alignment, uint8_t family)
{
    size_t fit = alignment_of(size, alignment);
    uint64_t count = pages_of((size + fit - 1) & ~(fit - 1));
    if (fit > PAGE || !ht__paged_bytes || count + 2 > page_count || !lock_get())
        return NULL;
    void *block = live + count <= live_most ? take(size, fit, family, count) : NULL;
    lock_give();
    return block;
}

static bool is_start(uint64_t page, struct paged *paged)
{
    uint64_t start = __atomic_load_n(&starts[page], __ATOMIC_ACQUIRE);
    if (!start || start & IS_READY)
        return false;
    paged->size = start & SIZE_MASK;
    paged->family = start >> FAMILY_SHIFT & 15;
    paged->alignment = (size_t)1 << (start >> FIT_SHIFT & 15);
    paged->lives = (start & (LIVES | ENDED)) == LIVES;
    paged->pages = pages_of((paged->size + paged->alignment - 1) & ~(uint64_t)(paged->alignment - 1));
    paged->low = page_at(page);
    paged->block = place(page, paged->pages, paged->size, paged->alignment);
    return true;
}

bool paged_find(const void *address, struct paged *paged)
{
    enum { PAGES_MOST = 1 << 20 };
    uint64_t page = (uint64_t)((const char *)address - ht__paged_low) >> PAGE_LOG2, most = page > PAGES_MOST ? page - PAGES_MOST : 0;
    if (!paged_owns(address))
        return false;
    for (uint64_t i = page; i > most; i--)
        if (is_start(i, paged)) {
            struct paged next;
            bool is_nearer = i + paged->pages == page && ((uintptr_t)address & (PAGE - 1)) >= PAGE / 2 && page + 1 < page_count && is_start(page + 1, &next);
            if (is_nearer)
                *paged = next;
            if (i + paged->pages >= page)
                return true;
            break;
        }
    return page + 1 < page_count && is_start(page + 1, paged);
}

bool paged_end(const struct paged *paged)
{
    uint64_t *start = &starts[(uint64_t)(paged->low - ht__paged_low) >> PAGE_LOG2];
    uint64_t lives = start_of(paged->size, paged->family, paged->alignment) | LIVES;
    if (!__atomic_compare_exchange_n(start, &lives, lives | ENDED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    if (!make_ready(paged))
        change(paged->low, paged->pages, false);
    __atomic_store_n(start, (lives & ~LIVES) | ENDED, __ATOMIC_RELEASE);
    __atomic_sub_fetch(&live, paged->pages, __ATOMIC_RELAXED);
    return true;
}

static void check_beside(const struct paged *paged, int64_t from, int64_t end, struct damage *damage)
{
    const uint8_t *block = paged->block;
    for (int64_t i = from; i < end; i++)
        if (block[i] != FILL) {
            if (!damage->count++)
                damage->first = i;
            if (damage->around_bytes < SEAL_AROUND)
                damage->around[damage->around_bytes++] = block[i];
        }
}

bool paged_is_whole(const struct paged *paged, struct damage *damage)
{
    uint64_t before = (uint64_t)((char *)paged->block - paged->low), behind = (paged->pages << PAGE_LOG2) - before - paged->size;
    check_beside(paged, -(int64_t)least(before, BESIDE), 0, damage);
    if (!damage->count)
        check_beside(paged, (int64_t)paged->size, (int64_t)(paged->size + least(behind, BEHIND)), damage);
    return !damage->count;
}

void paged_mend(const struct paged *paged)
{
    fill_beside(paged->block, paged->size, paged->low, paged->low + (paged->pages << PAGE_LOG2));
}

void paged_each(void (*see)(const struct paged *paged))
{
    struct paged paged;
    for (uint64_t i = 1; ht__paged_bytes && i < highest; i++)
        if (is_start(i, &paged) && paged.lives)
            see(&paged);
}

/* What another thread of the parent was about to change is not known. */
void paged_after_fork(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    if (!shifts)
        return;
    shift_after_fork();
    if (!shift_works())
        stop_shifting();
}

bool paged_shut(const void *address)
{
    char *page = (char *)((uintptr_t)address & ~(uintptr_t)(PAGE - 1));
    if (!shifts || !paged_owns(address))
        return false;
    return !syscall(SYS_madvise, page, PAGE, MADV_GUARD_INSTALL) || !syscall(SYS_mprotect, page, PAGE, PROT_NONE);
}

void paged_open(const void *address)
{
    change((const char *)((uintptr_t)address & ~(uintptr_t)(PAGE - 1)), 1, true);
}
