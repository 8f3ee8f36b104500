/* still: rounds of "note what is written from now on, then copy it", until a round is short. */
#include "still.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mappings.h"

#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

enum {
    RUNS = 512,          /* asked for, or read, at once */
    ROUNDS_MOST = 5,
    SHORT_ROUND = 1024,  /* pages */
    DEAR = 6,            /* so many pages are copied by fork in the time in which one is read */
};
static const uint64_t AREA_LEAST = 1 << 20;  /* of memory in use in a mapping that is watched */
static const uint64_t WORTH_IT = 48 << 20;   /* of it in all */
static const uint64_t SHORT_STEP = 16 << 20; /* the same, where no other thread can map memory or touch new pages meanwhile */
static const uint64_t STEP = 64 << 20;       /* the kernel holds a lock of the process while it looks at so much */

/* --- which memory is watched --- */

static FILE *open_maps(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    return fopen(path, "re");
}

static int open_file(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Bytes of a range in use, up to `enough`. */
static uint64_t bytes_in_use(const struct still *still, struct page_run range, uint64_t enough)
{
    struct page_run runs[RUNS];
    uint64_t bytes = 0;
    for (int count = RUNS; count == RUNS && bytes < enough;) {
        count = presence_scan(still->pagemap, &range, &(struct presence_wish){0}, runs, RUNS, &range.start);
        for (int i = 0; i < count; i++)
            bytes += runs[i].end - runs[i].start;
    }
    return bytes;
}

static uint64_t memory_free_bytes(void)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
        ;
    if (file)
        fclose(file);
    return kib << 10;
}

static bool is_wanted(const struct mapping *mapping)
{
    bool is_kernels = mapping->path[0] == '[' && strcmp(mapping->path, "[heap]") && strncmp(mapping->path, "[anon", 5) && strncmp(mapping->path, "[stack", 6);
    return mapping->readable && !mapping->shared && !is_kernels;
}

/* Bytes in use of what can be watched. */
static uint64_t choose_areas(struct still *still, const struct mappings *mappings)
{
    uint64_t all = 0;
    for (size_t i = 0; i < mappings->at.count; i++) {
        const struct mapping *mapping = mappings->at.at + i;
        if (!is_wanted(mapping) || !mapping->writable || mapping->end - mapping->start < AREA_LEAST)
            continue;
        uint64_t bytes = bytes_in_use(still, (struct page_run){.start = mapping->start, .end = mapping->end}, UINT64_MAX);
        if (bytes < AREA_LEAST)
            continue;
        vec_push(&still->areas, ((struct still_area){mapping->start, mapping->end, NULL}));
        still->room_bytes += mapping->end - mapping->start;
        all += bytes;
    }
    return all;
}

bool still_begin(struct still *still, pid_t pid)
{
    struct mappings mappings = {0};
    *still = (struct still){.pid = pid, .watch = -1, .memory = open_file(pid, "mem"), .pagemap = open_file(pid, "pagemap")};
    FILE *maps = open_maps(pid);
    uint64_t bytes = 0;
    if (maps && still->memory >= 0 && still->pagemap >= 0) {
        mappings_read(&mappings, maps);
        bytes = choose_areas(still, &mappings);
    }
    if (maps)
        fclose(maps);
    mappings_done(&mappings);
    return bytes >= WORTH_IT && bytes <= memory_free_bytes() / 2;
}

/* --- the copy --- */

/* Runs of one process into as many places; what cannot be read stays as it is. */
static void copy_each(const struct still *still, const struct iovec *from, const struct iovec *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < from[i].iov_len; at += PRESENCE_PAGE) {
            ssize_t got = pread(still->memory, (char *)to[i].iov_base + at, PRESENCE_PAGE, (off_t)((uintptr_t)from[i].iov_base + at));
            (void)got;
        }
}

static void copy(const struct still *still, const struct iovec *from, const struct iovec *to, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += from[i].iov_len;
    if (count && process_vm_readv(still->pid, to, count, from, count, 0) != (ssize_t)bytes)
        copy_each(still, from, to, count);
}

/* What of an area was written since it was last asked for; pages, or -1. */
static int64_t copy_written(const struct still *still, const struct still_area *area, struct page_run range)
{
    struct page_run runs[RUNS];
    struct iovec from[RUNS], to[RUNS];
    const uint64_t end = range.end;
    int64_t pages = 0;
    while (range.start < end) {
        int count = presence_scan(still->pagemap, &range, &(struct presence_wish){.only_written = true}, runs, RUNS, &range.start);
        if (count < 0)
            return -1;
        for (int i = 0; i < count; i++) {
            to[i] = (struct iovec){area->copy + (runs[i].start - area->start), runs[i].end - runs[i].start};
            from[i] = (struct iovec){(void *)(uintptr_t)runs[i].start, to[i].iov_len};
            pages += (int64_t)(to[i].iov_len / PRESENCE_PAGE);
        }
        copy(still, from, to, (size_t)count);
    }
    return pages;
}

static int64_t copy_round(const struct still *still)
{
    int64_t pages = 0;
    for (size_t i = 0; i < still->areas.count; i++) {
        const struct still_area *area = still->areas.at + i;
        for (uint64_t at = area->start, end; at < area->end; at = end) {
            end = area->end - at < STEP ? area->end : at + STEP;
            int64_t more = copy_written(still, area, (struct page_run){.start = at, .end = end});
            if (more < 0)
                return -1;
            pages += more;
        }
    }
    return pages;
}

static void *copier_live(void *context)
{
    struct still *still = context;
    int64_t pages = INT64_MAX;
    for (int i = 0; i < ROUNDS_MOST && pages > SHORT_ROUND; i++)
        pages = copy_round(still);
    __atomic_store_n(&still->has_failed, pages < 0, __ATOMIC_RELAXED);
    __atomic_store_n(&still->is_copied, true, __ATOMIC_RELEASE);
    return NULL;
}

static char *shared_memory(uint64_t bytes)
{
    void *memory = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* A mapping that is gone meanwhile is no area; what came instead is read at the moment. */
static void areas_register(struct still *still)
{
    char *copy = still->room;
    for (size_t i = 0; i < still->areas.count; i++) {
        struct still_area *area = still->areas.at + i;
        struct uffdio_register request = {.range = {area->start, area->end - area->start}, .mode = UFFDIO_REGISTER_MODE_WP};
        area->copy = copy;
        copy += area->end - area->start;
        if (ioctl(still->watch, UFFDIO_REGISTER, &request))
            area->end = area->start;
    }
}

bool still_watch(struct still *still, int watch)
{
    struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC};
    sigset_t all, before;
    still->watch = watch;
    if (watch < 0 || ioctl(watch, UFFDIO_API, &api) || !(still->room = shared_memory(still->room_bytes)))
        return false;
    areas_register(still);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    still->copies = !pthread_create(&still->copier, NULL, copier_live, still);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return still->copies;
}

bool still_is_copied(const struct still *still)
{
    return __atomic_load_n(&still->is_copied, __ATOMIC_ACQUIRE);
}

/* --- the moment --- */

static const struct still_area *find_area(const struct still *still, uint64_t address)
{
    for (size_t low = 0, high = still->areas.count; low < high;) {
        size_t middle = (low + high) / 2;
        const struct still_area *area = still->areas.at + middle;
        if (address >= area->start && address < area->end)
            return area;
        if (area->start > address)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Runs that are still to be read have no bytes yet. */
static void add_run(struct still *still, const struct page_run *run, uint64_t *unread)
{
    bool is_clean = (run->kind & (PRESENCE_WATCHED | PRESENCE_WRITTEN)) == PRESENCE_WATCHED;
    for (uint64_t at = run->start, end; at < run->end; at = end) {
        const struct still_area *area = find_area(still, at);
        bool is_copied = area && is_clean;
        end = area && area->end < run->end ? area->end : run->end;
        for (size_t i = 0; !area && i < still->areas.count; i++)
            if (still->areas.at[i].start > at && still->areas.at[i].start < end)
                end = still->areas.at[i].start;
        vec_push(&still->runs, ((struct still_run){at, end, is_copied ? area->copy + (at - area->start) : NULL}));
        *unread += is_copied ? 0 : end - at;
    }
}

static bool find_runs(struct still *still, const struct mappings *mappings, uint64_t *unread)
{
    struct page_run runs[RUNS];
    for (size_t i = 0; i < mappings->at.count; i++) {
        const struct mapping *mapping = mappings->at.at + i;
        struct page_run range = {.start = mapping->start, .end = mapping->end};
        for (int count = RUNS; is_wanted(mapping) && count == RUNS && range.start < range.end;) {
            count = presence_scan(still->pagemap, &range, &(struct presence_wish){.private = mapping->path[0] == '/'}, runs, RUNS, &range.start);
            if (count < 0)
                return false;
            for (int k = 0; k < count; k++)
                add_run(still, runs + k, unread);
        }
    }
    return true;
}

static void read_runs(struct still *still)
{
    struct iovec from[RUNS], to[RUNS];
    char *rest = still->rest;
    size_t count = 0;
    for (size_t i = 0; i < still->runs.count; i++) {
        struct still_run *run = still->runs.at + i;
        if (run->bytes)
            continue;
        to[count] = (struct iovec){rest, run->end - run->start};
        from[count++] = (struct iovec){(void *)(uintptr_t)run->start, run->end - run->start};
        run->bytes = rest;
        rest += run->end - run->start;
        if (count < RUNS)
            continue;
        copy(still, from, to, count);
        count = 0;
    }
    copy(still, from, to, count);
}

static bool maps_take(struct still *still, struct mappings *mappings)
{
    char part[4096];
    int fd = open_file(still->pid, "maps");
    for (ssize_t got; fd >= 0 && (got = read(fd, part, sizeof part)) > 0;)
        str_add_bytes(&still->maps, part, (size_t)got);
    if (fd >= 0)
        close(fd);
    FILE *in = still->maps.count ? fmemopen(still->maps.at, still->maps.count, "r") : NULL;
    if (!in)
        return false;
    mappings_read(mappings, in);
    fclose(in);
    return true;
}

bool still_take(struct still *still)
{
    struct mappings mappings = {0};
    uint64_t unread = 0, bytes = 0;
    bool is_good = !still->has_failed && maps_take(still, &mappings) && find_runs(still, &mappings, &unread);
    mappings_done(&mappings);
    for (size_t i = 0; i < still->runs.count; i++)
        bytes += still->runs.at[i].end - still->runs.at[i].start;
    still->rest_bytes = unread;
    if (!is_good || unread > bytes / DEAR || !(still->rest = shared_memory(unread)))
        return false;
    read_runs(still);
    return true;
}

/* --- what is in it --- */

/* The first run that ends behind the address, or the number of them. */
static size_t find_run(const struct still *still, uint64_t address)
{
    size_t low = 0, high = still->runs.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (still->runs.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *still_page(const struct still *still, uint64_t page)
{
    size_t i = find_run(still, page);
    const struct still_run *run = still->runs.at + i;
    return i < still->runs.count && run->start <= page ? run->bytes + (page - run->start) : NULL;
}

uint64_t still_next(const struct still *still, uint64_t from, uint64_t end)
{
    size_t i = find_run(still, from);
    if (i == still->runs.count || still->runs.at[i].start >= end)
        return end;
    return still->runs.at[i].start > from ? still->runs.at[i].start : from;
}

static void areas_unregister(const struct still *still)
{
    for (size_t i = 0; i < still->areas.count; i++) {
        const struct still_area *area = still->areas.at + i;
        for (uint64_t at = area->start; at < area->end; at += SHORT_STEP) {
            struct uffdio_range range = {at, area->end - at < SHORT_STEP ? area->end - at : SHORT_STEP};
            ioctl(still->watch, UFFDIO_UNREGISTER, &range);
        }
    }
}

static void close_file(int *fd)
{
    if (*fd > 0)
        close(*fd);
    *fd = -1;
}

void still_unwatch(struct still *still)
{
    if (still->copies)
        pthread_join(still->copier, NULL);
    still->copies = false;
    if (still->watch >= 0)
        areas_unregister(still);
    close_file(&still->watch);
}

void still_done(struct still *still)
{
    still_unwatch(still);
    close_file(&still->memory);
    close_file(&still->pagemap);
    if (still->room)
        munmap(still->room, still->room_bytes ? still->room_bytes : 1);
    if (still->rest)
        munmap(still->rest, still->rest_bytes ? still->rest_bytes : 1);
    vec_done(&still->areas);
    vec_done(&still->runs);
    str_done(&still->maps);
    still->room = still->rest = NULL;
}
