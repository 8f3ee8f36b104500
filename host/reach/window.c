/* window: a MiB at a time, by process_vm_readv where that is allowed, else through /proc/PID/mem. */
#include "window.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/base/memory.h"

static const uint64_t NOWHERE = 1ull << 63;
static const uint64_t PAGE_PRESENT = 1ull << 63, PAGE_SWAPPED = 1ull << 62, PAGE_FILE = 1ull << 61;

void window_init(struct window *window, pid_t pid, int memory, int pagemap)
{
    *window = (struct window){.pid = pid, .memory = memory, .pagemap = pagemap, .start = NOWHERE, .bytes = memory_new(1, WINDOW_BYTES)};
}

void window_done(struct window *window)
{
    memory_free(window->bytes);
}

/* Which pages are worth reading: those of a file that the process only read hold no pointer of its own. */
static void window_ask(struct window *window)
{
    uint64_t entries[WINDOW_PAGES], bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    memset(window->present, 1, sizeof window->present);
    if (window->pagemap < 0 || window->shared || bytes > WINDOW_BYTES)
        return;
    size_t wanted = WINDOW_BYTES / bytes * sizeof *entries;
    if (pread(window->pagemap, entries, wanted, (off_t)(window->start / bytes * sizeof *entries)) != (ssize_t)wanted)
        return;
    for (uint64_t i = 0; i < WINDOW_PAGES; i++) {
        uint64_t entry = entries[i * WINDOW_PAGE / bytes];
        window->present[i] = entry & (PAGE_PRESENT | PAGE_SWAPPED) && !(entry & PAGE_FILE);
    }
}

/* Through the file a page at a time, so that one that cannot be read costs no other. */
static void window_read_file(struct window *window)
{
    for (int i = 0; i < WINDOW_PAGES; i++) {
        char *to = window->bytes + i * WINDOW_PAGE;
        window->present[i] = window->present[i] && pread(window->memory, to, WINDOW_PAGE, (off_t)(window->start + (uint64_t)i * WINDOW_PAGE)) == WINDOW_PAGE;
    }
}

/* The run of pages from `first` on; how many. */
static int window_run(const struct window *window, int first)
{
    int end = first;
    while (end < WINDOW_PAGES && window->present[end])
        end++;
    return end - first;
}

/* False: not allowed. */
static bool window_read_directly(struct window *window)
{
    for (int i = 0, run; i < WINDOW_PAGES; i += run ? run : 1) {
        run = window_run(window, i);
        struct iovec to = {window->bytes + i * WINDOW_PAGE, (size_t)run * WINDOW_PAGE};
        struct iovec from = {(void *)(uintptr_t)(window->start + (uint64_t)i * WINDOW_PAGE), to.iov_len};
        ssize_t got = run ? process_vm_readv(window->pid, &to, 1, &from, 1, 0) : 0;
        if (got < 0 && errno != EFAULT)
            return false;
        if (!run || got == (ssize_t)to.iov_len)
            continue;
        run = (int)(got > 0 ? got / WINDOW_PAGE : 0);
        window->present[i + run] = false;
        run++;
    }
    return true;
}

static void window_read_still(struct window *window)
{
    for (uint64_t i = 0; i < WINDOW_PAGES; i++) {
        const char *page = still_page(window->still, window->start + i * WINDOW_PAGE);
        window->present[i] = page != NULL;
        if (page)
            memcpy(window->bytes + i * WINDOW_PAGE, page, WINDOW_PAGE);
    }
}

static void window_read_process(struct window *window)
{
    window_ask(window);
    if (window->pid && window_read_directly(window))
        return;
    window->pid = 0;
    window_read_file(window);
}

void window_load(struct window *window, uint64_t page)
{
    window->start = page & ~(uint64_t)(WINDOW_BYTES - 1);
    window->was_shared = window->shared;
    if (window->still && !window->shared)
        window_read_still(window);
    else
        window_read_process(window);
    for (int i = 0; i < WINDOW_PAGES; i++)
        window->read_bytes += window->present[i] ? WINDOW_PAGE : 0;
}

/* The kernel is asked for what is behind the pages that are here. */
uint64_t window_next(const struct window *window, uint64_t page, uint64_t end)
{
    while (page < end && page - window->start < WINDOW_BYTES && !window->present[(page - window->start) / WINDOW_PAGE])
        page += WINDOW_PAGE;
    if (page >= end || page - window->start < WINDOW_BYTES || window->shared)
        return page < end ? page : end;
    if (window->still)
        return still_next(window->still, page, end);
    return window->pagemap < 0 ? page : presence_next(window->pagemap, page, end);
}

static bool still_copy(const struct still *still, uint64_t address, char *to, size_t count)
{
    for (size_t part; count; address += part, to += part, count -= part) {
        uint64_t offset = address % WINDOW_PAGE;
        const char *page = still_page(still, address - offset);
        if (!page)
            return false;
        part = WINDOW_PAGE - offset < count ? WINDOW_PAGE - offset : count;
        memcpy(to, page + offset, part);
    }
    return true;
}

bool window_copy(struct window *window, uint64_t address, void *to, size_t count)
{
    struct iovec local = {to, count}, remote = {(void *)(uintptr_t)address, count};
    uint64_t at = address - window->start;
    if (at < WINDOW_BYTES && count <= WINDOW_BYTES - at && window->present[at / WINDOW_PAGE] && window->present[(at + count - 1) / WINDOW_PAGE]) {
        memcpy(to, window->bytes + at, count);
        return true;
    }
    if (window->still && still_copy(window->still, address, to, count))
        return true;
    if (window->pid && process_vm_readv(window->pid, &local, 1, &remote, 1, 0) == (ssize_t)count)
        return true;
    return pread(window->memory, to, count, (off_t)address) == (ssize_t)count;
}
