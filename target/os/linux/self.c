/* self: in a thread's first event, out what the runtime keeps for it: a mapping, the bounds of its stack, a lane, its name; and its end.
 *
 * A signal handler that allocates while a record is being made gets a level of its own: one more ht_thread with one more lane for the same thread. So
 * nothing of the unfinished record is touched, whatever the handler does: return, jump away, or switch to another stack and come back later. */
#include "os.h"

#include "target/process/port_process.h"
#include "target/process/producer.h"
#include "target/process/sample.h"
#include "target/process/walk.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Stands for a thread that has not begun: its generation is equal to no state's, and its countdown to a sample has run out. What many threads take off that
 * at once does not matter. */
static struct {
    uint64_t generation;
    int64_t sample_left;
} nobody = {1, INT64_MIN / 2};
_Static_assert(offsetof(struct ht_thread, generation) == 0 && offsetof(struct ht_thread, sample_left) == 8, "as struct ht_thread begins");
__thread struct ht_thread *ht__self __attribute__((tls_model("initial-exec"))) = (struct ht_thread *)(void *)&nobody;

enum {
    REFUSED_EVENTS = 4096, /* after a refusal before a thread asks for a lane again */
    SPARE_THREADS = 64,    /* mappings kept for threads to come: an munmap interrupts every CPU of the process */
};

static pthread_key_t thread_key;
static __thread uint32_t end_rounds __attribute__((tls_model("initial-exec")));
static __thread uint32_t refused_events __attribute__((tls_model("initial-exec")));
static struct ht_thread *late_threads, *spare_threads;
static uint32_t spare_count, spare_lock;

static bool is_nobody(const struct ht_thread *thread)
{
    return (const void *)thread == &nobody;
}

static void lock_spares(void)
{
    while (__atomic_exchange_n(&spare_lock, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_sched_yield);
}

static struct ht_thread *take_spare(void)
{
    lock_spares();
    struct ht_thread *thread = spare_threads;
    if (thread) {
        spare_threads = thread->next_late;
        spare_count--;
    }
    __atomic_store_n(&spare_lock, 0, __ATOMIC_RELEASE);
    return thread;
}

static struct ht_thread *map_thread(void)
{
    struct ht_thread *thread = __atomic_load_n(&spare_threads, __ATOMIC_RELAXED) ? take_spare() : NULL;
    if (thread)
        return thread;
    thread = ht__pages_get(sizeof *thread, MAP_NORESERVE);
    if (thread == MAP_FAILED)
        return NULL;
    memset(&thread->sentinel, 0xff, sizeof thread->sentinel);
    return thread;
}

static void unmap_thread(struct ht_thread *thread)
{
    lock_spares();
    bool keep = spare_count < SPARE_THREADS;
    if (keep) {
        thread->next_late = spare_threads;
        spare_threads = thread;
        spare_count++;
    }
    __atomic_store_n(&spare_lock, 0, __ATOMIC_RELEASE);
    if (!keep)
        syscall(SYS_munmap, thread, sizeof *thread);
}

/* Not so in a new child, whose lanes are its parent's, and in a process that joined another session. */
static bool has_lane(const struct ht_thread *t)
{
    return t->lane && lane_is_current(t->lane) && t->lane->process == ht__process_serial && t->lane->tid == t->tid &&
           __atomic_load_n(&t->lane->state, __ATOMIC_RELAXED) == HT_LANE_OWNED;
}

static bool take_lane(struct ht_thread *t, uint32_t tid)
{
    walk_begin(t);
    t->busy = 0;
    t->tid = tid;
    memset(t->name, 0, sizeof t->name);
    if (!ht__lane_take(t, ht__process_serial, (uint32_t)getpid(), tid))
        return false;
    t->lane->own_address = (uint64_t)(uintptr_t)t;
    t->lane->own_bytes = sizeof *t;
    t->generation = ht__state->generation;
    t->random = t->gap_events = t->gap_bytes = 0; /* a child must not draw what its parent draws */
    ht__sample_set(t, ht__sample_filter ? ht__session->sample_bytes : 0);
    return true;
}

void ht__thread_tell_name(struct ht_thread *t)
{
    char name[16] = "";
    uint32_t head[2] = {t->tid, 0};
    syscall(SYS_prctl, PR_GET_NAME, name);
    if (!memcmp(name, t->name, sizeof name))
        return;
    memcpy(t->name, name, sizeof name);
    ht__lane_put_more(t, HT_MORE_THREAD, head, sizeof head, name, strnlen(name, sizeof name));
}

/* A record that nobody will finish: what it had begun to write is not there, and is counted. */
static void drop_record(struct ht_thread *t)
{
    for (; t; t = t->above) {
        if (!t->busy || !t->lane)
            continue;
        __atomic_store_n(&t->lane->head, t->head, __ATOMIC_RELEASE);
        __atomic_add_fetch(&t->lane->lost_events, 1, __ATOMIC_RELAXED);
        walk_forget(t);
        t->busy = 0;
    }
}

static void end_levels(struct ht_thread *t)
{
    drop_record(t);
    for (struct ht_thread *above; t; t = above) {
        above = t->above;
        t->above = NULL;
        if (has_lane(t)) {
            ht__lane_tell_gap(t);
            ht__lane_put_more(t, HT_MORE_THREAD_END, "", 0, "", 0);
            ht__lane_leave(t);
        }
        unmap_thread(t);
    }
}

static void push_late(struct ht_thread *t)
{
    t->next_late = __atomic_load_n(&late_threads, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&late_threads, &t->next_late, t, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* Threads that had an event after their last destructor: nothing tells when they are gone. */
static void end_late_threads(void)
{
    struct ht_thread *list = __atomic_exchange_n(&late_threads, NULL, __ATOMIC_ACQUIRE);
    for (struct ht_thread *next; list; list = next) {
        next = list->next_late;
        if (syscall(SYS_tgkill, getpid(), list->tid, 0) < 0 && errno == ESRCH)
            end_levels(list);
        else
            push_late(list);
    }
}

/* The last of all rounds of destructors: those of others may allocate and free. */
static void end_thread(void *value)
{
    struct ht_thread *self = value;
    if (self != ht__self)
        return;
    if (++end_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(thread_key, self);
        return;
    }
    uint64_t signals = ht__signals_block();
    ht__self = (struct ht_thread *)(void *)&nobody;
    end_levels(self);
    ht__signals_restore(signals);
}

bool ht__threads_init(void)
{
    static bool is_made;
    is_made = is_made || !pthread_key_create(&thread_key, end_thread);
    return is_made;
}

bool ht__thread_is_busy(void)
{
    return !is_nobody(ht__self) && ht__self->busy;
}

void ht__threads_after_fork(void)
{
    late_threads = spare_threads = NULL; /* another thread may have been in the middle of a change */
    spare_count = spare_lock = 0;
}

static bool begin(uint32_t tid)
{
    struct ht_thread *self = map_thread();
    if (!self)
        return false;
    self->sample_bytes = 0; /* the mapping may have been another thread's */
    if (!take_lane(self, tid)) {
        unmap_thread(self);
        return false;
    }
    if (!ht__port_home(&self->home_low, &self->home_high))
        self->home_low = self->home_high = 0;
    bool ended = end_rounds >= PTHREAD_DESTRUCTOR_ITERATIONS;
    if (late_threads)
        end_late_threads();
    if (ended)
        push_late(self);
    else
        pthread_setspecific(thread_key, self);
    ht__self = self;
    return true;
}

bool ht__thread_begin(void)
{
    struct ht_thread *self = ht__self;
    if (refused_events && refused_events-- > 1)
        return false;
    uint32_t tid = (uint32_t)syscall(SYS_gettid);
    bool good;
    if (is_nobody(self))
        good = begin(tid);
    else
        good = has_lane(self) || take_lane(self, tid);
    if (!good) {
        refused_events = REFUSED_EVENTS;
        return false;
    }
    ht__self->generation = ht__state->generation;
    ht__thread_tell_name(ht__self);
    return true;
}

/* The level that runs: the highest that is in a record. */
struct ht_thread *ht__thread_now(void)
{
    struct ht_thread *now = ht__self;
    for (struct ht_thread *t = now->above; t; t = t->above)
        if (t->busy)
            now = t;
    return now;
}

static bool holds(uint64_t low, uint64_t high, uint64_t a, uint64_t b)
{
    return a >= low && a < high && b >= low && b < high;
}

/* The hook at `frame` runs on the stack that the unfinished record's hook was on, and that one's frame is gone: control went back past it. */
static bool is_dead(const struct ht_thread *t, uint64_t frame)
{
    stack_t alternate;
    if (frame < t->busy || !(holds(t->home_low, t->home_high, frame, t->busy) || holds(t->stack_high - t->stack_bytes, t->stack_high, frame, t->busy)))
        return false;
    if (syscall(SYS_sigaltstack, NULL, &alternate) < 0 || !(alternate.ss_flags & SS_ONSTACK))
        return true;
    uint64_t low = (uint64_t)(uintptr_t)alternate.ss_sp;
    return holds(low, low + alternate.ss_size, t->busy, t->busy);
}

static struct ht_thread *make_above(struct ht_thread *t)
{
    struct ht_thread *above = t->above ? t->above : map_thread();
    if (!above)
        return NULL;
    above->home_low = t->home_low;
    above->home_high = t->home_high;
    if (!take_lane(above, t->tid)) {
        if (above != t->above)
            unmap_thread(above);
        return NULL;
    }
    t->above = above;
    ht__thread_tell_name(above);
    return above;
}

static struct ht_thread *find_level(struct ht_thread *t, uint64_t frame)
{
    for (int level = 1;; level++) {
        if (t->busy && is_dead(t, frame))
            drop_record(t);
        if (!t->busy)
            return t;
        if (level == HT_LEVELS || !((t->above && has_lane(t->above)) || make_above(t))) {
            __atomic_add_fetch(&t->lane->lost_events, 1, __ATOMIC_RELAXED);
            return NULL;
        }
        t = t->above;
    }
}

struct ht_thread *ht__thread_interrupted(struct ht_thread *t, uint64_t frame)
{
    int saved = errno;
    uint64_t signals = ht__signals_block();
    t = find_level(t, frame);
    ht__signals_restore(signals);
    errno = saved;
    return t;
}
