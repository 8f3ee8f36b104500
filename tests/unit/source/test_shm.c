/* shm: threads and processes that write lanes as the runtime does, with random delays between stamp and publication; what comes out must be in exact order,
 * complete and unharmed by a SIGKILL or by nonsense in the shared memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/base/vec.h"
#include "host/source/shm.h"
#include "wire/api.h"

enum { LANES = 16, LANE_BYTES = 32768, STRIDE = LANE_BYTES + HT_LANE_HEADER_BYTES, OFFSET = (sizeof(struct ht_session) + 4095) / 4096 * 4096 };

struct fixture {
    int fd;
    struct ht_session *session;
    struct clock clock;
    struct shm *shm;
    VEC(struct event) events;
    VEC(struct frame_definition) frames;
};

static void take(void *context, const struct event *events, size_t count)
{
    struct fixture *fixture = context;
    for (const struct event *event = events; event < events + count; event++) {
        if (event->kind == EVENT_FRAME)
            vec_push(&fixture->frames, *(const struct frame_definition *)event->define);
        vec_push(&fixture->events, *event);
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = memory_new(1, sizeof *fixture);
    size_t bytes = OFFSET + (size_t)LANES * STRIDE;
    fixture->fd = memfd_create("session", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fixture->fd, (off_t)bytes), 0);
    struct ht_session *session = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fixture->fd, 0);
    assert_true(session != MAP_FAILED && sizeof *session <= OFFSET);
    clock_start(&fixture->clock, clock_choose());
    session->lane_count = LANES;
    session->lane_bytes = LANE_BYTES;
    session->lane_stride = STRIDE;
    session->lanes_offset = OFFSET;
    session->file_bytes = bytes;
    session->clock = fixture->clock.kind;
    session->clock_start = fixture->clock.start_ticks;
    session->wake_bytes = LANE_BYTES / 4;
    session->recording = 1;
    fixture->session = session;
    fixture->shm = shm_new(&(struct shm_config){.session = session, .fd = fixture->fd, .clock = &fixture->clock, .put = take, .context = fixture});
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    shm_free(fixture->shm);
    munmap(fixture->session, fixture->session->file_bytes);
    close(fixture->fd);
    vec_done(&fixture->events);
    vec_done(&fixture->frames);
    memory_free(fixture);
    return 0;
}

/* ---- the writing side ---- */

struct writer {
    struct fixture *fixture;
    struct ht_lane *lane;
    uint64_t next; /* bytes written */
    unsigned seed;
};

static uint32_t process_add(struct fixture *fixture, uint32_t parent, uint32_t how)
{
    struct ht_session *session = fixture->session;
    uint32_t serial = __atomic_add_fetch(&session->process_count, 1, __ATOMIC_SEQ_CST);
    struct ht_process *entry = &session->processes[serial - 1];
    entry->parent = parent;
    entry->how = how;
    entry->stamp = clock_now(&fixture->clock);
    __atomic_store_n(&entry->state, 1, __ATOMIC_RELEASE);
    return serial;
}

static void process_ready(struct fixture *fixture, uint32_t serial)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    struct ht_process *entry = &fixture->session->processes[serial - 1];
    entry->pid = (uint32_t)getpid();
    strcpy(entry->name, "/bin/fake");
    __atomic_store_n(&entry->state, 2, __ATOMIC_RELEASE);
}

static void lane_take(struct writer *writer, struct fixture *fixture, uint32_t serial)
{
    for (uint32_t i = 0;; i = (i + 1) % LANES) {
        uint32_t used = __atomic_load_n(&fixture->session->lanes_used, __ATOMIC_SEQ_CST), idle = HT_LANE_IDLE;
        if (used <= i)
            __atomic_compare_exchange_n(&fixture->session->lanes_used, &used, i + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        struct ht_lane *lane = ht_session_lane(fixture->session, i);
        if (!__atomic_compare_exchange_n(&lane->state, &idle, HT_LANE_OWNED, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            continue;
        *writer = (struct writer){fixture, lane, lane->head & ~1ull, i * 77 + serial};
        lane->pid = (uint32_t)getpid();
        lane->tid = (uint32_t)gettid();
        __atomic_store_n(&lane->process, serial, __ATOMIC_RELEASE);
        return;
    }
}

static void lane_leave(struct writer *writer)
{
    __atomic_store_n(&writer->lane->state, HT_LANE_CLOSED, __ATOMIC_RELEASE);
}

static void await_room(struct writer *writer, uint64_t bytes)
{
    struct ht_lane *lane = writer->lane;
    while (writer->next + bytes - __atomic_load_n(&lane->tail, __ATOMIC_ACQUIRE) > LANE_BYTES) {
        uint32_t futex = __atomic_load_n(&lane->room_futex, __ATOMIC_SEQ_CST);
        __atomic_store_n(&lane->blocked, 1, __ATOMIC_SEQ_CST);
        if (writer->next + bytes - __atomic_load_n(&lane->tail, __ATOMIC_SEQ_CST) > LANE_BYTES)
            syscall(SYS_futex, &lane->room_futex, FUTEX_WAIT, futex, NULL, NULL, 0);
        __atomic_store_n(&lane->blocked, 0, __ATOMIC_SEQ_CST);
    }
}

static void delay(struct writer *writer)
{
    unsigned dice = (unsigned)rand_r(&writer->seed) % 2000;
    if (dice == 0)
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    else if (dice < 20)
        sched_yield();
    else if (dice < 200)
        for (volatile unsigned i = 0; i < dice; i++)
            ;
}

/* A time stamp counter may be read before earlier loads are done: then an effect could be stamped before its cause. */
static uint64_t stamp_now(struct fixture *fixture)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_lfence();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
    return clock_now(&fixture->clock);
}

/* Puts words 1.. of a record; stamps it between taking and publishing. */
static void put(struct writer *writer, unsigned op, unsigned api, const uint64_t *words, uint64_t count)
{
    struct ht_lane *lane = writer->lane;
    uint64_t bytes = (count + 1) * 8, at = writer->next & (LANE_BYTES - 1);
    if (LANE_BYTES - at < bytes) {
        uint64_t left = LANE_BYTES - at;
        await_room(writer, left + bytes);
        uint64_t *pad = (uint64_t *)(ht_lane_ring(lane) + at);
        if (left >= 16)
            pad[1] = (left - 16) << 8 | HT_MORE_PAD;
        pad[0] = ht_lane_word0(clock_now(&writer->fixture->clock), HT_LANE_MORE, 0);
        writer->next += left;
        __atomic_store_n(&lane->head, writer->next, __ATOMIC_RELEASE);
        at = 0;
    }
    await_room(writer, bytes);
    __atomic_store_n(&lane->head, writer->next | 1, __ATOMIC_RELAXED);
    __asm__ volatile("" ::: "memory");
    uint64_t stamp = stamp_now(writer->fixture);
    delay(writer);
    uint64_t *ring = (uint64_t *)(ht_lane_ring(lane) + at);
    ring[0] = ht_lane_word0(stamp, op, api);
    memcpy(ring + 1, words, count * 8);
    writer->next += bytes;
    __atomic_store_n(&lane->head, writer->next, __ATOMIC_RELEASE);
    uint32_t *sleeping = &writer->fixture->session->sleeping;
    if (writer->next - __atomic_load_n(&lane->tail, __ATOMIC_RELAXED) >= LANE_BYTES / 4 && __atomic_load_n(sleeping, __ATOMIC_RELAXED) &&
        __atomic_exchange_n(sleeping, 0, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, sleeping, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void put_alloc(struct writer *writer, uint64_t address, uint64_t size, uint64_t keep, uint64_t fresh, const uint64_t *frames)
{
    uint64_t words[2 + 64] = {address, size << 32 | keep << 16 | fresh};
    memcpy(words + 2, frames, fresh * 8);
    put(writer, HT_LANE_ALLOC, HT_API_MALLOC, words, 2 + fresh);
}

static void put_counted(struct writer *writer, uint32_t thread, uint64_t number)
{
    uint64_t frames[3] = {0x1000 + thread, 0x2000 + number % 7, 0x3000 + number % 3};
    put_alloc(writer, (uint64_t)thread << 32 | number, number & 0xFFFF, 0, 3, frames);
}

enum { THREADS = 6, EVENTS = 20000 };

struct worker {
    struct fixture *fixture;
    uint32_t serial, number, events;
};

static void *work(void *context)
{
    struct worker *worker = context;
    struct writer writer;
    lane_take(&writer, worker->fixture, worker->serial);
    for (uint32_t i = 0; i < worker->events; i++)
        put_counted(&writer, worker->number, i);
    lane_leave(&writer);
    return NULL;
}

static pid_t start_workers(struct fixture *fixture, uint32_t first, uint32_t threads, uint32_t events)
{
    uint32_t serial = process_add(fixture, 0, 0);
    pid_t pid = fork();
    if (pid)
        return pid;
    process_ready(fixture, serial);
    pthread_t handles[THREADS];
    struct worker workers[THREADS];
    for (uint32_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){fixture, serial, first + i, events};
        pthread_create(&handles[i], NULL, work, &workers[i]);
    }
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(handles[i], NULL);
    _exit(7);
}

static void collect(struct fixture *fixture, int children)
{
    while (children) {
        enum shm_work did = shm_round(fixture->shm);
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid > 0) {
            shm_exited(fixture->shm, (uint32_t)pid, status);
            children--;
        }
        shm_wait(fixture->shm, did);
    }
    while (shm_living(fixture->shm))
        shm_round(fixture->shm);
    shm_finish(fixture->shm);
}

static void times_do_not_fall(struct fixture *fixture)
{
    for (size_t i = 1; i < fixture->events.count; i++)
        assert_true(fixture->events.at[i].time_ns >= fixture->events.at[i - 1].time_ns);
}

static uint32_t stack_depth(struct fixture *fixture, uint32_t stack)
{
    uint32_t depth = 0;
    for (; stack; stack = fixture->frames.at[stack - 1].parent)
        depth++;
    return depth;
}

static void many_threads_come_out_in_order(void **state)
{
    struct fixture *fixture = *state;
    start_workers(fixture, 0, 3, EVENTS);
    start_workers(fixture, 3, 3, EVENTS);
    collect(fixture, 2);
    struct cost_definition cost = {0};
    shm_cost(fixture->shm, &cost);
    assert_int_equal(cost.late_events, 0);
    times_do_not_fall(fixture);
    uint32_t next[THREADS] = {0}, ends = 0, threads = 0;
    for (size_t i = 0; i < fixture->events.count; i++) {
        struct event *event = &fixture->events.at[i];
        ends += event->kind == EVENT_PROCESS_END && event->size == 7 << 8 && !event->flags;
        threads += event->kind == EVENT_THREAD_END;
        if (event->kind != EVENT_ALLOC)
            continue;
        uint32_t thread = (uint32_t)(event->address >> 32), number = (uint32_t)event->address;
        assert_int_equal(number, next[thread]++);
        const struct frame_definition *frame = &fixture->frames.at[event->stack - 1];
        assert_int_equal(frame->offset, 0x3000 + number % 3);
        assert_int_equal(fixture->frames.at[frame->parent - 1].offset, 0x2000 + number % 7);
        assert_int_equal(stack_depth(fixture, event->stack), 3);
    }
    assert_int_equal(ends, 2);
    assert_int_equal(threads, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(next[i], EVENTS);
}

static uint64_t *shared_counter;

/* One token goes round: a thread may put its event only when it has it, so the truth is the token's count, and the stamps must give the same order. */
static void *pass_token(void *context)
{
    struct worker *worker = context;
    struct writer writer;
    lane_take(&writer, worker->fixture, worker->serial);
    for (uint32_t i = 0; i < worker->events; i++) {
        while (__atomic_load_n(shared_counter, __ATOMIC_ACQUIRE) % THREADS != worker->number)
            sched_yield();
        put_counted(&writer, 0, *shared_counter);
        __atomic_add_fetch(shared_counter, 1, __ATOMIC_SEQ_CST);
    }
    lane_leave(&writer);
    return NULL;
}

static void causal_order_is_kept(void **state)
{
    struct fixture *fixture = *state;
    shared_counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t serial = process_add(fixture, 0, 0);
    if (!fork()) {
        process_ready(fixture, serial);
        pthread_t handles[THREADS];
        struct worker workers[THREADS];
        for (uint32_t i = 0; i < THREADS; i++) {
            workers[i] = (struct worker){fixture, serial, i, 2000};
            pthread_create(&handles[i], NULL, pass_token, &workers[i]);
        }
        for (uint32_t i = 0; i < THREADS; i++)
            pthread_join(handles[i], NULL);
        _exit(0);
    }
    collect(fixture, 1);
    uint32_t next = 0;
    for (size_t i = 0; i < fixture->events.count; i++)
        if (fixture->events.at[i].kind == EVENT_ALLOC)
            assert_int_equal(fixture->events.at[i].address, next++);
    assert_int_equal(next, 2000 * THREADS);
}

/* A thread that is silent, and one that stays in the middle of a record, must not stop the others for ever. */
static void a_silent_or_stuck_lane_does_not_stop_the_rest(void **state)
{
    struct fixture *fixture = *state;
    uint32_t serial = process_add(fixture, 0, 0);
    process_ready(fixture, serial);
    struct writer silent, stuck, busy;
    lane_take(&silent, fixture, serial);
    lane_take(&stuck, fixture, serial);
    lane_take(&busy, fixture, serial);
    put_counted(&silent, 0, 0);
    put_counted(&stuck, 1, 0);
    for (uint32_t i = 0; i < 10; i++)
        put_counted(&busy, 2, i);
    shm_round(fixture->shm);
    assert_int_equal(fixture->events.at[fixture->events.count - 1].address, 2ull << 32 | 9);
    __atomic_store_n(&stuck.lane->head, stuck.next | 1, __ATOMIC_SEQ_CST);
    put_counted(&busy, 2, 10);
    assert_int_equal(shm_round(fixture->shm), SHM_HELD);
    assert_int_equal(fixture->events.at[fixture->events.count - 1].address, 2ull << 32 | 9);
    for (int i = 0; i < 100; i++)
        shm_wait(fixture->shm, shm_round(fixture->shm));
    nanosleep(&(struct timespec){.tv_sec = 3, .tv_nsec = 100000000}, NULL);
    shm_round(fixture->shm);
    assert_int_equal(fixture->events.at[fixture->events.count - 1].address, 2ull << 32 | 10);
}

static void what_a_killed_process_finished_is_there(void **state)
{
    struct fixture *fixture = *state;
    uint64_t *published = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t serial = process_add(fixture, 0, 0);
    pid_t pid = fork();
    if (!pid) {
        process_ready(fixture, serial);
        struct writer writer;
        lane_take(&writer, fixture, serial);
        for (uint64_t i = 0;; i++) {
            put_counted(&writer, 0, i);
            __atomic_store_n(published, i + 1, __ATOMIC_RELEASE);
        }
    }
    for (int i = 0; i < 20; i++)
        shm_wait(fixture->shm, shm_round(fixture->shm));
    kill(pid, SIGKILL);
    collect(fixture, 1);
    uint64_t count = 0;
    for (size_t i = 0; i < fixture->events.count; i++)
        if (fixture->events.at[i].kind == EVENT_ALLOC)
            assert_int_equal((uint32_t)fixture->events.at[i].address, count++);
    assert_in_range(count, *published, *published + 1);
    assert_true(count > 1000);
    assert_int_equal(fixture->events.at[fixture->events.count - 1].kind, EVENT_PROCESS_END);
    assert_int_equal(fixture->events.at[fixture->events.count - 1].size, SIGKILL);
}

/* A child's blocks are its parent's at the fork: the child must be told after all that came before the fork and before all that came behind it. */
static void a_fork_has_its_exact_place(void **state)
{
    struct fixture *fixture = *state;
    uint32_t parent = process_add(fixture, 0, 0);
    process_ready(fixture, parent);
    struct writer mine, childs;
    lane_take(&mine, fixture, parent);
    put_counted(&mine, 0, 0);
    uint32_t child = process_add(fixture, parent, 1);
    put_counted(&mine, 0, 1);
    assert_int_equal(shm_round(fixture->shm), SHM_HELD);
    process_ready(fixture, child);
    lane_take(&childs, fixture, child);
    put_counted(&childs, 1, 0);
    for (int i = 0; i < 3; i++)
        shm_round(fixture->shm);
    VEC(uint64_t) seen = {0};
    for (size_t i = 0; i < fixture->events.count; i++) {
        if (fixture->events.at[i].kind == EVENT_ALLOC)
            vec_push(&seen, fixture->events.at[i].address);
        if (fixture->events.at[i].kind == EVENT_PROCESS && fixture->events.at[i].process == child)
            vec_push(&seen, 99);
    }
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.at[1], 99);
    assert_int_equal(seen.at[3], 1ull << 32);
    vec_done(&seen);
}

static void modules_name_frames(void **state)
{
    struct fixture *fixture = *state;
    uint32_t serial = process_add(fixture, 0, 0);
    process_ready(fixture, serial);
    struct writer writer;
    lane_take(&writer, fixture, serial);
    struct {
        uint64_t size;
        struct ht_more_module module;
        char rest[16];
    } more = {.module = {.start = 0x5000, .end = 0x6000, .bias = 0x4000, .build_id_bytes = 4, .path_bytes = 6}, .rest = "\1\2\3\4/lib/a"};
    more.size = (sizeof more.module + 10) << 8 | HT_MORE_MODULE;
    put(&writer, HT_LANE_MORE, 0, &more.size, 1 + (sizeof more.module + 16) / 8);
    uint64_t frames[2] = {0x5010, 0x6010}, gone[2] = {8 << 8 | HT_MORE_MODULE_GONE, 0x5000};
    put_alloc(&writer, 1, 1, 0, 2, frames);
    put(&writer, HT_LANE_MORE, 0, gone, 2);
    put_alloc(&writer, 2, 1, 0, 1, frames);
    shm_round(fixture->shm);
    assert_int_equal(fixture->frames.count, 3);
    assert_int_equal(fixture->frames.at[0].module, 1);
    assert_int_equal(fixture->frames.at[0].offset, 0x1010);
    assert_int_equal(fixture->frames.at[1].module, 0);
    assert_int_equal(fixture->frames.at[1].parent, 1);
    assert_int_equal(fixture->frames.at[2].module, 0);
    assert_int_equal(fixture->frames.at[2].offset, 0x5010);
}

static void nonsense_drops_the_lane_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    uint32_t serial = process_add(fixture, 0, 0);
    process_ready(fixture, serial);
    unsigned seed = 5;
    for (int round = 0; round < 3000; round++) {
        struct writer writer;
        lane_take(&writer, fixture, round % 50 ? serial : (uint32_t)rand_r(&seed));
        for (int i = 0; i < 5; i++)
            put_counted(&writer, 0, (uint64_t)i);
        uint64_t *ring = (uint64_t *)ht_lane_ring(writer.lane), words = LANE_BYTES / 8;
        for (int i = 0; i < 40; i++)
            ring[(writer.next / 8 - 1 - (uint64_t)rand_r(&seed) % 30) % words] = rand_r(&seed) % 3 ? (uint64_t)rand_r(&seed) : (uint64_t)rand_r(&seed) << 33;
        if (round % 7 == 0)
            __atomic_store_n(&writer.lane->head, (uint64_t)rand_r(&seed) << (rand_r(&seed) % 33), __ATOMIC_SEQ_CST);
        lane_leave(&writer);
        shm_round(fixture->shm);
        shm_round(fixture->shm);
    }
    size_t before = fixture->events.count;
    struct writer writer;
    lane_take(&writer, fixture, serial);
    put_counted(&writer, 5, 5);
    shm_round(fixture->shm);
    assert_true(fixture->events.count > before);
    assert_int_equal(fixture->events.at[fixture->events.count - 1].address, 5ull << 32 | 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(many_threads_come_out_in_order),           TEST(causal_order_is_kept),       TEST(a_silent_or_stuck_lane_does_not_stop_the_rest),
        TEST(what_a_killed_process_finished_is_there),  TEST(a_fork_has_its_exact_place), TEST(modules_name_frames),
        TEST(nonsense_drops_the_lane_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
