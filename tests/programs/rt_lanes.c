/* rt_lanes: in a program and a session's settings, out what its lanes held: counts as key=value lines, and each record in order when asked for.
 * A collector made for the runtime's tests alone, so that they see records and not what the host makes of them.
 * usage: rt_lanes [flags=N policy=N sample=N depth=N lane_kb=N lanes=N slow_us=N paused_ms=N out=FILE print=1 stacks=1] -- PROGRAM [ARGUMENTS] */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "wire/api.h"
#include "wire/lane.h"

struct record {
    uint64_t stamp, sequence, address, size, old, source;
    uint32_t lane, process, tid, op, api, flags, depth, more;
    uint64_t *frames;
    char *text;
    uint64_t words[4];
};

struct lane_state {
    uint64_t *stack;
    uint64_t depth, last;
};

static struct ht_session *session;
static struct lane_state *lanes;
static struct record *records;
static uint64_t record_count, record_room;
static uint64_t count[8], bad_order, bad_stack, truncated_records, sampled, waits, lost, gaps, gap_events, gap_bytes, threads, names, modules, maps, marks, sources, states;
static uint64_t option_flags = HT_SESSION_FOLLOW | HT_SESSION_USABLE, option_policy, option_sample, option_depth, option_lane_kb = 512, option_lanes = 256, option_slow_us,
                option_print, option_stacks, option_paused_ms;
static const char *option_out;

static const struct {
    const char *name;
    uint64_t *value;
} options[] = {
    {"flags", &option_flags}, {"policy", &option_policy}, {"sample", &option_sample},   {"depth", &option_depth}, {"lane_kb", &option_lane_kb},
    {"lanes", &option_lanes}, {"slow_us", &option_slow_us}, {"print", &option_print}, {"stacks", &option_stacks}, {"paused_ms", &option_paused_ms},
};

static void read_option(const char *word)
{
    const char *equals = strchr(word, '=');
    if (!equals)
        exit(2);
    if (!strncmp(word, "out=", 4)) {
        option_out = equals + 1;
        return;
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!strncmp(word, options[i].name, (size_t)(equals - word)) && !options[i].name[equals - word]) {
            *options[i].value = strtoull(equals + 1, NULL, 0);
            return;
        }
    exit(2);
}

static struct record *add_record(void)
{
    if (record_count == record_room) {
        record_room = record_room ? record_room * 2 : 4096;
        records = realloc(records, record_room * sizeof *records);
    }
    struct record *record = &records[record_count];
    *record = (struct record){.sequence = record_count};
    record_count++;
    return record;
}

static void take_stack(struct lane_state *lane, struct record *record, uint64_t keep, uint64_t fresh, const uint64_t *frames)
{
    if (!lane->stack)
        lane->stack = malloc(sizeof(uint64_t) << 18);
    if (keep > lane->depth) {
        bad_stack++;
        keep = lane->depth;
    }
    memcpy(lane->stack + keep, frames, fresh * 8);
    lane->depth = keep + fresh;
    record->depth = (uint32_t)lane->depth;
    if (!option_stacks)
        return;
    record->frames = malloc(lane->depth * 8);
    memcpy(record->frames, lane->stack, lane->depth * 8);
}

static void take_more(struct lane_state *lane, struct record *record, const uint64_t *words)
{
    uint64_t bytes = words[1] >> 8;
    record->more = words[1] & 255;
    record->text = calloc(1, bytes + 1);
    memcpy(record->text, words + 2, bytes);
    memcpy(record->words, words + 2, bytes < 32 ? bytes : 32);
    threads += record->more == HT_MORE_THREAD;
    modules += record->more == HT_MORE_MODULE;
    marks += record->more == HT_MORE_MARK;
    sources += record->more == HT_MORE_SOURCE;
    states += record->more == HT_MORE_STATE;
    if (record->more == HT_MORE_STACK)
        take_stack(lane, record, words[2] >> 32, words[2] & 0xffffffff, words + 3);
    if (record->more == HT_MORE_MAP) {
        maps++;
        record->address = words[2];
        record->size = words[3];
        record->old = words[4];
        record->api = (uint32_t)words[5];
        take_stack(lane, record, words[6] >> 32, words[6] & 0xffffffff, words + 7);
    }
    if (record->more == HT_MORE_GAP) {
        gaps++;
        gap_events += words[2];
        gap_bytes += words[3];
    }
}

static uint64_t take(struct ht_lane *shared, uint32_t index, const uint64_t *words)
{
    struct lane_state *lane = &lanes[index];
    struct record *record = add_record();
    record->stamp = words[0] >> 8;
    record->op = words[0] & 7;
    record->api = (words[0] & 255) >> 3;
    record->lane = index;
    record->process = shared->process;
    record->tid = shared->tid;
    bad_order += record->stamp < lane->last;
    lane->last = record->stamp;
    count[record->op]++;
    if (record->op == HT_LANE_MORE) {
        take_more(lane, record, words);
        return 16 + (((words[1] >> 8) + 7) & ~7ull);
    }
    record->address = words[1];
    if (record->op == HT_LANE_FREE || record->op == HT_LANE_RESIZE_BEGIN)
        return 16;
    if (record->op == HT_LANE_ALLOC) {
        record->size = words[2] >> 32;
        take_stack(lane, record, words[2] >> 16 & 0xffff, words[2] & 0xffff, words + 3);
        return 24 + 8 * (words[2] & 0xffff);
    }
    if (record->op == HT_LANE_FREE_STACK) {
        record->flags = words[2] >> 40 & 0xff;
        truncated_records += record->flags & HT_LANE_TRUNCATED;
        take_stack(lane, record, words[2] >> 20 & 0xfffff, words[2] & 0xfffff, words + 3);
        return 24 + 8 * (words[2] & 0xfffff);
    }
    record->size = words[2];
    record->flags = words[5] & 0xffff;
    record->old = words[6];
    record->source = words[7];
    truncated_records += record->flags & HT_LANE_TRUNCATED;
    sampled += (record->flags & HT_LANE_SAMPLED) != 0;
    take_stack(lane, record, words[3] >> 32, words[3] & 0xffffffff, words + 8);
    return 64 + 8 * (words[3] & 0xffffffff);
}

static void give_back(struct ht_lane *lane, uint64_t tail)
{
    __atomic_store_n(&lane->tail, tail, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&lane->blocked, __ATOMIC_SEQ_CST))
        return;
    __atomic_add_fetch(&lane->room_futex, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &lane->room_futex, FUTEX_WAKE, 1000, NULL, NULL, 0);
}

static int drain_lane(uint32_t index, int end)
{
    struct ht_lane *lane = ht_session_lane(session, index);
    uint32_t state = __atomic_load_n(&lane->state, __ATOMIC_ACQUIRE);
    uint64_t head = __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE) & ~1ull, tail = lane->tail, from = tail;
    while (tail < head)
        tail += take(lane, index, (const uint64_t *)(ht_lane_ring(lane) + (tail & (session->lane_bytes - 1))));
    if (tail != from)
        give_back(lane, tail);
    bool gone = state == HT_LANE_OWNED && tail == from && kill((pid_t)lane->pid, 0) < 0 && errno == ESRCH;
    if (state == HT_LANE_CLOSED || gone || end) {
        waits += lane->waits;
        lost += lane->lost_events;
        lane->waits = lane->lost_events = 0;
        lanes[index].depth = lanes[index].last = 0;
        lane->head = lane->tail;
        if (!end)
            __atomic_store_n(&lane->state, HT_LANE_IDLE, __ATOMIC_RELEASE);
    }
    return tail != from;
}

static int drain(int end)
{
    int got = 0;
    for (uint32_t i = 0; i < session->lanes_used && i < session->lane_count; i++)
        got |= drain_lane(i, end);
    return got;
}

static void open_session(char *path)
{
    sprintf(path, "/dev/shm/rt_lanes-%d", (int)getpid());
    uint64_t lane_bytes = option_lane_kb * 1024, offset = (sizeof(struct ht_session) + 4095) & ~4095ull, stride = lane_bytes + 4096;
    uint64_t bytes = offset + option_lanes * stride;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)bytes))
        exit(3);
    session = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    session->magic = HT_SESSION_MAGIC;
    session->version = HT_SESSION_VERSION;
    session->lane_count = (uint32_t)option_lanes;
    session->lane_bytes = lane_bytes;
    session->lane_stride = stride;
    session->lanes_offset = offset;
    session->file_bytes = bytes;
    session->flags = (uint32_t)option_flags;
    session->policy = (uint32_t)option_policy;
    session->clock = HT_CLOCK_TSC;
    session->clock_start = __rdtsc();
    session->collector_pid = (uint32_t)getpid();
    session->wake_bytes = (uint32_t)(lane_bytes / 4);
    session->depth_limit = (uint32_t)option_depth;
    session->sample_bytes = option_sample;
    session->recording = !option_paused_ms;
    lanes = calloc(option_lanes, sizeof *lanes);
}

static int by_stamp(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->stamp != y->stamp)
        return x->stamp < y->stamp ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Live blocks of all processes: open addressing, never shrinks. */
struct live {
    uint64_t address, size, process;
    int state; /* 0 never used, 1 live, 2 gone */
};
static struct live *live;
static uint64_t live_room = 1 << 12, live_used;

static struct live *live_find(uint64_t process, uint64_t address)
{
    for (uint64_t i = (address / 8 * 0x9E3779B97F4A7C15u ^ process) & (live_room - 1);; i = (i + 1) & (live_room - 1))
        if (!live[i].state || (live[i].address == address && live[i].process == process))
            return &live[i];
}

static void live_put(uint64_t process, uint64_t address, uint64_t size)
{
    if (live_used * 2 > live_room) {
        struct live *old = live;
        uint64_t room = live_room;
        live_room *= 2;
        live_used = 0;
        live = calloc(live_room, sizeof *live);
        for (uint64_t i = 0; i < room; i++)
            if (old[i].state == 1)
                live_put(old[i].process, old[i].address, old[i].size);
        free(old);
    }
    struct live *entry = live_find(process, address);
    live_used += !entry->state;
    *entry = (struct live){address, size, process, 1};
}

static double estimated_bytes, estimated_count, variance_bytes;
static uint64_t doubles, unknown_frees, live_blocks, live_bytes, total_bytes, allocated;

static void replay_alloc(const struct record *record)
{
    if (!record->address)
        return;
    doubles += live_find(record->process, record->address)->state == 1;
    live_put(record->process, record->address, record->size);
    total_bytes += record->size;
    allocated++;
    double size = record->size ? (double)record->size : 1, p = record->flags & HT_LANE_SAMPLED ? -expm1(-size / (double)session->sample_bytes) : 1;
    estimated_bytes += (double)record->size / p;
    estimated_count += 1 / p;
    variance_bytes += size / p * size / p * (1 - p);
}

static void replay_free(const struct record *record)
{
    struct live *entry = live_find(record->process, record->address);
    if (entry->state == 1)
        entry->state = 2;
    else
        unknown_frees++;
}

static void replay(const struct record *record)
{
    if (record->op == HT_LANE_FREE || record->op == HT_LANE_FREE_STACK || record->op == HT_LANE_RESIZE_BEGIN)
        replay_free(record);
    else if (record->op == HT_LANE_RESIZE_END && !record->address)
        live_put(record->process, record->old, 0);
    else if (record->op != HT_LANE_MORE && record->op != HT_LANE_REFUSE)
        replay_alloc(record);
}

static void print_record(FILE *out, const struct record *record)
{
    static const char *const ops[] = {"more", "free", "alloc", "alloc_wide", "resize_begin", "resize_end", "refuse", "free_stack"};
    static const char *const apis[] = {"none",
#define HT_API(name, text, role) text,
#include "wire/api.def"
#undef HT_API
    };
    fprintf(out, "%s process=%u tid=%u lane=%u stamp=%llu", ops[record->op], record->process, record->tid, record->lane, (unsigned long long)record->stamp);
    if (record->op == HT_LANE_MORE && record->more != HT_MORE_MAP) {
        unsigned skip = record->more == HT_MORE_THREAD ? 8 : record->more == HT_MORE_HEAP ? 24 : 0;
        fprintf(out, " type=%u", record->more);
        if (record->more == HT_MORE_SOURCE) {
            const char *file = record->text + 16, *function = file + strlen(file) + 1;
            fprintf(out, " id=%llu line=%u file=%s function=%s variable=%s", (unsigned long long)record->words[0], (unsigned)record->words[1], file, function,
                    function + strlen(function) + 1);
        } else if (record->more == HT_MORE_THREAD || record->more == HT_MORE_MARK || record->more == HT_MORE_HEAP)
            fprintf(out, " text=%s", record->text + skip);
        else if (record->more == HT_MORE_GAP)
            fprintf(out, " events=%llu bytes=%llu", (unsigned long long)record->words[0], (unsigned long long)record->words[1]);
        else if (record->more == HT_MORE_STATE)
            fprintf(out, " on=%llu", (unsigned long long)record->words[0]);
        else if (record->more == HT_MORE_MODULE)
            fprintf(out, " start=%llx end=%llx path=%s", (unsigned long long)record->words[0], (unsigned long long)record->words[1],
                    record->text + sizeof(struct ht_more_module) + (record->words[3] & 0xffffffff));
    } else
        fprintf(out, " api=%s address=%llx size=%llu old=%llx flags=%u depth=%u source=%llu", record->api < HT_API_COUNT ? apis[record->api] : "?",
                (unsigned long long)record->address, (unsigned long long)record->size, (unsigned long long)record->old, record->flags, record->depth,
                (unsigned long long)record->source);
    if (record->frames) {
        fputs(" stack=", out);
        for (uint32_t i = record->depth; i > 0; i--)
            fprintf(out, "%llx%s", (unsigned long long)record->frames[i - 1], i > 1 ? "," : "");
    }
    fputc('\n', out);
}

static void print_all(FILE *out, int status)
{
    live = calloc(live_room, sizeof *live);
    qsort(records, record_count, sizeof *records, by_stamp);
    for (uint64_t i = 0; i < record_count; i++) {
        replay(&records[i]);
        if (option_print)
            print_record(out, &records[i]);
    }
    for (uint64_t i = 0; i < live_room; i++)
        if (live[i].state == 1) {
            live_blocks++;
            live_bytes += live[i].size;
        }
    uint32_t processes = session->process_count < HT_SESSION_PROCESSES ? session->process_count : HT_SESSION_PROCESSES, unfilled = 0;
    for (uint32_t i = 0; i < processes; i++) {
        const struct ht_process *p = &session->processes[i];
        unfilled += p->state == 1;
        if (i < 32)
            fprintf(out, "process=%u pid=%u parent=%u how=%u state=%u name=%s\n", i + 1, p->pid, p->parent, p->how, p->state, p->name);
    }
#define SHOW(name, value) fprintf(out, name "=%llu\n", (unsigned long long)(value))
    SHOW("status", status), SHOW("processes", processes), SHOW("processes_unfilled", unfilled), SHOW("allocs", count[HT_LANE_ALLOC] + count[HT_LANE_ALLOC_WIDE]);
    SHOW("frees", count[HT_LANE_FREE] + count[HT_LANE_FREE_STACK]), SHOW("resize_begins", count[HT_LANE_RESIZE_BEGIN]), SHOW("resize_ends", count[HT_LANE_RESIZE_END]);
    SHOW("refuses", count[HT_LANE_REFUSE]), SHOW("sampled", sampled), SHOW("truncated", truncated_records), SHOW("bad_order", bad_order), SHOW("bad_stack", bad_stack);
    SHOW("doubles", doubles), SHOW("unknown_frees", unknown_frees), SHOW("live_blocks", live_blocks), SHOW("live_bytes", live_bytes), SHOW("total_bytes", total_bytes);
    SHOW("allocated", allocated), SHOW("lost", lost), SHOW("waits", waits), SHOW("gaps", gaps), SHOW("gap_events", gap_events), SHOW("gap_bytes", gap_bytes);
    SHOW("threads", threads), SHOW("modules", modules), SHOW("maps", maps), SHOW("marks", marks), SHOW("sources", sources), SHOW("states", states);
    SHOW("estimated_bytes", estimated_bytes), SHOW("estimated_count", estimated_count), SHOW("sigma_bytes", sqrt(variance_bytes));
    SHOW("lanes_used", session->lanes_used), SHOW("lanes_refused", session->lanes_refused);
}

static int watch(pid_t pid)
{
    int status;
    uint64_t rounds = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct timespec pause = {0, option_slow_us ? (long)option_slow_us * 1000 : 500000};
        int got = drain(0);
        if (!got || option_slow_us)
            nanosleep(&pause, NULL);
        if (option_paused_ms && ++rounds * (uint64_t)pause.tv_nsec > option_paused_ms * 1000000)
            __atomic_store_n(&session->recording, 1, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < 200 && drain(0); i++)
        usleep(1000);
    drain(1);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--"); at++)
        read_option(argv[at]);
    if (at + 1 >= argc)
        return 2;
    char path[64];
    open_session(path);
    pid_t pid = fork();
    if (!pid) {
        const char *library = getenv("LIB"), *other = getenv("PRELOAD");
        char *preload = malloc(8192);
        sprintf(preload, "%s%s%s", library ? library : "", other ? ":" : "", other ? other : "");
        unsetenv("PRELOAD");
        setenv(HT_ENV_SESSION, path, 1);
        setenv(HT_ENV_LIBRARY, library ? library : "", 1);
        setenv("LD_PRELOAD", preload, 1);
        execvp(argv[at + 1], argv + at + 1);
        _exit(127);
    }
    int status = watch(pid);
    FILE *out = option_out ? fopen(option_out, "w") : stderr;
    print_all(out, status);
    unlink(path);
    return status;
}
