/* presence: by PAGEMAP_SCAN, which goes over holes in one step; kernels before 6.7 tell page by page. */
#include "presence.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* linux/fs.h of a kernel that is new enough has these. */
struct scan_request {
    uint64_t size, flags, start, end, walk_end, runs, room, most, inverted, all, any, told;
};
static const unsigned long SCAN = _IOWR('f', 16, struct scan_request);
static const uint64_t PROTECT = 1, CHECK = 2; /* flags */
static const uint64_t FILES = 1 << 2, PRESENT = 1 << 3, SWAPPED = 1 << 4, GUARD = 1 << 8;
static const uint64_t ENTRY_PRESENT = 1ull << 63, ENTRY_SWAPPED = 1ull << 62, ENTRY_FILE = 1ull << 61;

int presence_scan(int pagemap, const struct page_run *range, const struct presence_wish *wish, struct page_run *runs, size_t room, uint64_t *next)
{
    static bool has_no_guards; /* the kernel does not know of them */
    struct scan_request request = {.size = sizeof request,
                                   .start = range->start & ~(uint64_t)(PRESENCE_PAGE - 1),
                                   .end = (range->end + PRESENCE_PAGE - 1) & ~(uint64_t)(PRESENCE_PAGE - 1),
                                   .runs = (uintptr_t)runs,
                                   .room = room,
                                   .any = PRESENT | SWAPPED,
                                   .told = PRESENCE_WATCHED | PRESENCE_WRITTEN};
    if (wish->private)
        request.inverted = request.all = FILES;
    if (wish->only_written) {
        request.flags = PROTECT | CHECK;
        request.all |= PRESENCE_WRITTEN;
    }
    struct scan_request without = request;
    request.inverted |= GUARD;
    request.all |= GUARD;
    int count = -1;
    if (!has_no_guards && (count = ioctl(pagemap, SCAN, &request)) < 0 && errno == EINVAL)
        has_no_guards = true;
    if (has_no_guards) {
        request = without;
        count = ioctl(pagemap, SCAN, &request);
    }
    *next = request.walk_end;
    return count;
}

/* The same from a number for each page. */
static uint64_t next_by_entries(int pagemap, uint64_t from, uint64_t end)
{
    enum { ENTRIES = 32768 };
    static uint64_t entries[ENTRIES];
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    while (from < end) {
        ssize_t got = pread(pagemap, entries, sizeof entries, (off_t)(from / page * sizeof *entries));
        if (got < (ssize_t)sizeof *entries)
            return from;
        for (size_t i = 0; i < (size_t)got / sizeof *entries && from < end; i++, from = (from / page + 1) * page)
            if (entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED) && !(entries[i] & ENTRY_FILE))
                return from;
    }
    return end;
}

uint64_t presence_next(int pagemap, uint64_t from, uint64_t end)
{
    struct page_run run;
    uint64_t next;
    int count = presence_scan(pagemap, &(struct page_run){.start = from, .end = end}, &(struct presence_wish){.private = true}, &run, 1, &next);
    if (count < 0)
        return next_by_entries(pagemap, from, end);
    return !count || run.start >= end ? end : run.start > from ? run.start : from;
}
