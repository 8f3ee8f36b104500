/* probe_ring: a ring for each processor, into which the probes of all threads write. What a ring has in order of time may come late against another's, so that all
 * is held back until nothing older can come. */
#include "probe_ring.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/now.h"

enum {
    RING_PAGES = 1024, /* of 4 KiB; a power of two */
    PAGE = 4096,
    FILES_MOST = 8192,
#ifdef __aarch64__
    STACK_BYTES = 0,
#else
    STACK_BYTES = 16,
#endif
    SAMPLE_BYTES_MOST = 1 << 16,
    OWNER_SHIFT = 8,
};
static const uint64_t LATE_NS = 2000000; /* a record may stand in its ring so long after its time */
/* Registers by linux/perf's numbers (arch/x86/include/uapi/asm/perf_regs.h, arch/arm64/...), in the order of the numbers. */
#ifdef __aarch64__
enum { REG_0, REG_1, REG_2, REG_3, REG_LINK, REG_SP, REGS, REG_RESULT = REG_0 };
static const uint64_t REG_BITS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 30 | (uint64_t)1 << 31;
#else
enum { REG_AX, REG_3, REG_2, REG_1, REG_0, REG_SP, REGS, REG_RESULT = REG_AX };
static const uint64_t REG_BITS = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7;
#endif

static struct perf_event_attr attr_new(void)
{
    return (struct perf_event_attr){.size = sizeof(struct perf_event_attr),
                                    .sample_period = 1,
                                    .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
                                                   (STACK_BYTES ? PERF_SAMPLE_STACK_USER : 0),
                                    .sample_regs_user = REG_BITS,
                                    .sample_stack_user = STACK_BYTES,
                                    .sample_id_all = 1,
                                    .inherit = 1,
                                    .watermark = 1,
                                    .wakeup_watermark = RING_PAGES * PAGE / 4,
                                    .use_clockid = 1,
                                    .clockid = CLOCK_MONOTONIC,
                                    .exclude_callchain_kernel = 1};
}

static int event_open(const struct perf_event_attr *attr, pid_t tid, int cpu)
{
    return (int)syscall(SYS_perf_event_open, attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

bool probe_rings_check(struct error *error)
{
#if defined(__x86_64__) || defined(__aarch64__)
    struct perf_event_attr attr = attr_new();
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_DUMMY;
    int file = event_open(&attr, 0, 0);
    if (file < 0 && (errno == EACCES || errno == EPERM))
        return error_set(error, ERROR_USAGE, "the kernel's probes are for root, or for who has CAP_PERFMON: sudo heaptracer probe ...");
    if (file < 0)
        return error_set_errno(error, ERROR_READ, "the kernel's events cannot be opened");
    close(file);
    return true;
#else
    return error_set(error, ERROR_USAGE, "the kernel's probes are read on x86-64 and aarch64 only: use 'heaptracer attach' or 'heaptracer run'");
#endif
}

static bool ring_open(struct probe_rings *rings, pid_t tid, int cpu, struct error *error)
{
    struct perf_event_attr attr = attr_new();
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_DUMMY;
    attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = 1;
    int file = event_open(&attr, tid, cpu);
    if (file < 0 && errno == ENODEV)
        return true; /* a processor that is off */
    void *at = file < 0 ? MAP_FAILED : mmap(NULL, (RING_PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) {
        error_set_errno(error, ERROR_READ, "the kernel gives no ring for its events");
        if (file >= 0)
            close(file);
        return false;
    }
    vec_push(&rings->rings, ((struct probe_ring){cpu, file, at}));
    return true;
}

static void limit_raise(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static size_t thread_count(pid_t pid)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

bool probe_rings_open(struct probe_rings *rings, pid_t pid, struct error *error)
{
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    *rings = (struct probe_rings){.pid = pid};
    if (!probe_events_open(&rings->events, error))
        return false;
    limit_raise();
    rings->is_filtered = pid && thread_count(pid) * (size_t)cpus * (2 * PROBE_NAMES + 1) > FILES_MOST;
    for (int cpu = 0; cpu < cpus; cpu++)
        if (!ring_open(rings, pid && !rings->is_filtered ? pid : -1, cpu, error))
            return false;
    if (!rings->rings.count)
        return error_set(error, ERROR_READ, "the kernel gives no ring for its events");
    return true;
}

/* Of one thread on one processor, or of all threads (tid -1). */
static bool probe_open(struct probe_rings *rings, const struct perf_event_attr *attr, pid_t tid, const struct probe_ring *ring, uint64_t name)
{
    uint64_t id;
    int file = event_open(attr, tid, ring->cpu);
    if (file < 0)
        return errno == ESRCH; /* the thread has ended */
    vec_push(&rings->files, file);
    if (ioctl(file, PERF_EVENT_IOC_SET_OUTPUT, ring->file) || ioctl(file, PERF_EVENT_IOC_ID, &id))
        return false;
    *map_put(&rings->names, id, NULL) = name | (uint64_t)(tid > 0 ? tid : 0) << OWNER_SHIFT;
    return true;
}

/* One direction of one function of a file. */
struct probe_place {
    uint64_t event, name;
};

struct probe_places {
    struct probe_place at[2 * PROBE_NAMES];
    size_t count;
};

static bool places_make(struct probe_rings *rings, struct probe_places *places, const char *path, const struct probe_file *file, struct error *error)
{
    for (uint64_t name = 0; name < PROBE_NAMES; name++) {
        uint64_t directions = probe_functions[name].role == PROBE_FREE ? 1 : 2;
        for (uint64_t i = 0; file->offsets[name] && i < directions; i++) {
            struct probe_place *place = places->at + places->count++;
            place->name = name * 2 + i;
            if (!probe_events_add(&rings->events, path, file->offsets[name], i, &place->event, error))
                return false;
        }
    }
    return true;
}

static bool thread_probe(struct probe_rings *rings, const struct probe_places *places, pid_t tid, struct error *error)
{
    struct perf_event_attr attr = attr_new();
    attr.type = PERF_TYPE_TRACEPOINT;
    for (size_t place = 0; place < places->count; place++) {
        attr.config = places->at[place].event;
        for (size_t i = 0; i < rings->rings.count; i++)
            if (!probe_open(rings, &attr, tid, rings->rings.at + i, places->at[place].name))
                return error_set_errno(error, ERROR_READ, "the kernel tells nothing of %s", probe_functions[places->at[place].name / 2].symbol);
    }
    return true;
}

/* Threads that come meanwhile have probes from those that made them, or are found by the next look; one that has both tells twice, which is seen later. */
static bool process_probe(struct probe_rings *rings, const struct probe_places *places, struct error *error)
{
    char folder_path[64];
    struct map seen = {0};
    bool is_good = true, has_more = true;
    snprintf(folder_path, sizeof folder_path, "/proc/%d/task", (int)rings->pid);
    while (is_good && has_more) {
        DIR *folder = opendir(folder_path);
        has_more = false;
        for (struct dirent *entry; is_good && folder && (entry = readdir(folder));) {
            pid_t tid = atoi(entry->d_name);
            bool is_new = false;
            if (tid > 0)
                map_put(&seen, (uint64_t)tid, &is_new);
            if (is_new)
                is_good = thread_probe(rings, places, tid, error);
            has_more |= is_new;
        }
        if (folder)
            closedir(folder);
    }
    map_done(&seen);
    return is_good;
}

bool probe_rings_add(struct probe_rings *rings, const char *path, const struct probe_file *file, struct error *error)
{
    struct probe_places places = {0};
    if (!places_make(rings, &places, path, file, error))
        return false;
    return rings->pid && !rings->is_filtered ? process_probe(rings, &places, error) : thread_probe(rings, &places, -1, error);
}

/* The next word of a record; 0 behind its end. */
struct words {
    const uint8_t *at, *end;
};

static uint64_t word(struct words *words)
{
    uint64_t value = 0;
    if (words->end - words->at >= (ptrdiff_t)sizeof value) {
        memcpy(&value, words->at, sizeof value);
        words->at += sizeof value;
    } else {
        words->at = words->end;
    }
    return value;
}

static void chain_read(struct words *words, struct probe_sample *sample)
{
    uint64_t count = word(words);
    bool is_first = true;
    for (uint64_t i = 0; i < count && words->at < words->end; i++) {
        uint64_t pc = word(words);
        if (pc >= (uint64_t)-4095)
            continue; /* PERF_CONTEXT_USER */
        if (!is_first && sample->frames < PROBE_FRAMES)
            sample->chain[sample->frames++] = pc;
        is_first = false; /* the probed place itself */
    }
}

static void registers_read(struct words *words, struct probe_sample *sample)
{
    uint64_t registers[REGS] = {0};
    if (word(words))
        for (int i = 0; i < REGS; i++)
            registers[i] = word(words);
    sample->arguments[0] = registers[REG_0];
    sample->arguments[1] = registers[REG_1];
    sample->arguments[2] = registers[REG_2];
    sample->arguments[3] = registers[REG_3];
    sample->result = registers[REG_RESULT];
    sample->sp = registers[REG_SP];
#ifdef __aarch64__
    sample->ra = registers[REG_LINK];
#endif
}

/* Where calls leave the return address on the stack. */
static void stack_read(struct words *words, struct probe_sample *sample)
{
    uint64_t bytes = word(words);
    if (bytes < sizeof(uint64_t) || bytes > (uint64_t)(words->end - words->at))
        return;
    const uint8_t *behind = words->at + bytes;
    sample->ra = word(words);
    words->at = behind;
    if (!word(words))
        sample->ra = 0; /* nothing of it could be read */
}

/* The caller's is told apart from those of further frames. */
static void chain_cut(struct probe_sample *sample)
{
    if (sample->frames && sample->chain[0] == sample->ra)
        memmove(sample->chain, sample->chain + 1, --sample->frames * sizeof *sample->chain);
}

static void sample_read(struct probe_rings *rings, struct words words)
{
    struct probe_sample sample = {0};
    uint64_t *name = map_get(&rings->names, word(&words)), ids = word(&words);
    if (!name)
        return;
    sample.name = (uint8_t)(*name % (1 << OWNER_SHIFT) / 2);
    sample.kind = *name % 2 ? PROBE_RETURN : PROBE_CALL;
    sample.owner = (uint32_t)(*name >> OWNER_SHIFT);
    sample.pid = (uint32_t)ids;
    sample.tid = (uint32_t)(ids >> 32);
    sample.time_ns = word(&words);
    chain_read(&words, &sample);
    registers_read(&words, &sample);
    if (STACK_BYTES)
        stack_read(&words, &sample);
    chain_cut(&sample);
    if (!rings->is_filtered || sample.pid == (uint32_t)rings->pid)
        vec_push(&rings->waiting, sample);
}

/* Records but samples end with pid and tid, time, id (sample_id_all). */
static void other_read(struct probe_rings *rings, const struct perf_event_header *header, struct words words)
{
    enum { TRAILER = 24 };
    static const struct {
        uint32_t type;
        uint8_t kind;
    } kinds[] = {{PERF_RECORD_LOST, PROBE_LOST}, {PERF_RECORD_LOST_SAMPLES, PROBE_LOST}, {PERF_RECORD_COMM, PROBE_EXEC}, {PERF_RECORD_FORK, PROBE_FORK},
                 {PERF_RECORD_EXIT, PROBE_EXIT}, {PERF_RECORD_MMAP2, PROBE_MAPPED}, {PERF_RECORD_MMAP, PROBE_MAPPED}};
    size_t i = 0, count = sizeof kinds / sizeof *kinds;
    while (i < count && kinds[i].type != header->type)
        i++;
    bool is_name = header->type == PERF_RECORD_COMM && !(header->misc & PERF_RECORD_MISC_COMM_EXEC);
    if (i == count || is_name || words.end - words.at < TRAILER + 16)
        return;
    struct words trailer = {words.end - TRAILER, words.end};
    uint64_t first = word(&words), second = word(&words), ids = word(&trailer);
    struct probe_sample sample = {.kind = kinds[i].kind, .pid = (uint32_t)ids, .tid = (uint32_t)(ids >> 32), .time_ns = word(&trailer)};
    if (header->type == PERF_RECORD_LOST)
        sample.count = second;
    else if (header->type == PERF_RECORD_LOST_SAMPLES)
        sample.count = first;
    if (header->type == PERF_RECORD_FORK || header->type == PERF_RECORD_EXIT) {
        sample.pid = (uint32_t)first; /* pid, ppid; tid, ptid */
        sample.parent = (uint32_t)(first >> 32);
        sample.tid = (uint32_t)second;
    }
    if (!rings->is_filtered || sample.kind == PROBE_LOST || sample.pid == (uint32_t)rings->pid)
        vec_push(&rings->waiting, sample);
}

static void ring_read(struct probe_rings *rings, const struct probe_ring *ring)
{
    struct perf_event_mmap_page *page = ring->at;
    const uint8_t *data = (const uint8_t *)ring->at + PAGE;
    const uint64_t mask = (uint64_t)RING_PAGES * PAGE - 1;
    uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), tail = page->data_tail;
    static uint8_t record[SAMPLE_BYTES_MOST]; /* one thread reads */
    while (tail < head) {
        struct perf_event_header header;
        for (size_t i = 0; i < sizeof header; i++)
            ((uint8_t *)&header)[i] = data[(tail + i) & mask];
        if (header.size < sizeof header || header.size > head - tail)
            break;
        for (size_t i = 0; i < header.size; i++)
            record[i] = data[(tail + i) & mask];
        struct words words = {record + sizeof header, record + header.size};
        if (header.type == PERF_RECORD_SAMPLE)
            sample_read(rings, words);
        else
            other_read(rings, &header, words);
        tail += header.size;
    }
    __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

static int sample_compare(const void *a, const void *b)
{
    const struct probe_sample *left = a, *right = b;
    return (left->time_ns > right->time_ns) - (left->time_ns < right->time_ns);
}

static void rings_wait(const struct probe_rings *rings, int timeout_ms)
{
    VEC(struct pollfd) polls = {0};
    for (size_t i = 0; i < rings->rings.count; i++)
        vec_push(&polls, ((struct pollfd){.fd = rings->rings.at[i].file, .events = POLLIN}));
    poll(polls.at, polls.count, timeout_ms);
    vec_done(&polls);
}

void probe_rings_take(struct probe_rings *rings, int timeout_ms, bool is_last, void (*see)(void *context, const struct probe_sample *sample), void *context)
{
    if (timeout_ms)
        rings_wait(rings, timeout_ms);
    uint64_t certain = is_last ? UINT64_MAX : now_ns() - LATE_NS;
    size_t told = 0;
    for (size_t i = 0; i < rings->rings.count; i++)
        ring_read(rings, rings->rings.at + i);
    if (rings->waiting.count)
        qsort(rings->waiting.at, rings->waiting.count, sizeof *rings->waiting.at, sample_compare);
    while (told < rings->waiting.count && rings->waiting.at[told].time_ns < certain)
        see(context, rings->waiting.at + told++);
    rings->waiting.count -= told;
    if (rings->waiting.count)
        memmove(rings->waiting.at, rings->waiting.at + told, rings->waiting.count * sizeof *rings->waiting.at);
}

void probe_rings_close(struct probe_rings *rings)
{
    for (size_t i = 0; i < rings->files.count; i++)
        close(rings->files.at[i]);
    for (size_t i = 0; i < rings->rings.count; i++) {
        munmap(rings->rings.at[i].at, (RING_PAGES + 1) * PAGE);
        close(rings->rings.at[i].file);
    }
    probe_events_close(&rings->events);
    vec_done(&rings->files);
    vec_done(&rings->rings);
    vec_done(&rings->waiting);
    map_done(&rings->names);
}
