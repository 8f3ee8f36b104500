/* start: in the environment, out a thread that may record: the session mapped, the process entered, a lane taken. Runs at the first event of a
 * process, of a thread, and of a child after fork; from then on ht_thread_get() needs none of it. */
#include "launch.h"
#include "os.h"

#include "target/process/tell.h"
#include "target/process/producer.h"
#include "target/process/sample.h"
#include "target/process/port_process.h"
#include "target/unwind/arch.h"
#include "target/unwind/rule.h"
#include "wire/join.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { LOCK_TRIES = 1000 };

static const uint32_t never;
static struct ht_state idle = {0, &never, 0};

struct ht_state *ht__state = &idle;
uint32_t ht__process_serial;
static const char always_false;
const char *ht__single_threaded = &always_false;
extern char __libc_single_threaded __attribute__((weak));

/* volatile: what is called in between may allocate, whatever its declaration says. */
static __thread volatile bool starting __attribute__((tls_model("initial-exec")));
static __thread uint32_t fork_entry __attribute__((tls_model("initial-exec")));
static uint32_t start_lock;
static uint64_t generations = 1;

/* Of the file, 0 if it is none of ours. What comes before the lanes is much and a stack may be small: only the beginning is looked at. */
static uint64_t session_bytes(int fd)
{
    struct {
        uint64_t magic;
        uint32_t version, lane_count;
        uint64_t lane_bytes, lane_stride, lanes_offset, file_bytes;
    } start;
    _Static_assert(sizeof start == offsetof(struct ht_session, flags), "as struct ht_session begins");
    bool good = syscall(SYS_read, fd, &start, sizeof start) == (long)sizeof start && start.magic == HT_SESSION_MAGIC && start.version == HT_SESSION_VERSION;
    return good && start.file_bytes <= SIZE_MAX / 2 ? start.file_bytes : 0;
}

static struct ht_session *map_session(const char *path)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    uint64_t bytes = session_bytes(fd);
    struct ht_session *session = bytes ? ht__pages_map(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0) : MAP_FAILED;
    syscall(SYS_close, fd);
    return session == MAP_FAILED ? NULL : session;
}

/* Inode of a PID namespace, 0 not known; `link` is of /proc/self/ns. */
static uint32_t find_pid_space(const char *link)
{
    char text[32] = "";
    uint32_t space = 0;
    syscall(SYS_readlinkat, AT_FDCWD, link, text, sizeof text - 1);
    const char *digit = strchr(text, '[');
    while (digit && *++digit >= '0' && *digit <= '9')
        space = space * 10 + (uint32_t)(*digit - '0');
    return space;
}

/* The latest living image of `pid` in a PID namespace, 0 none. */
static uint32_t find_image(uint32_t pid, uint32_t space)
{
    uint32_t count = __atomic_load_n(&ht__session->process_count, __ATOMIC_ACQUIRE);
    for (uint32_t serial = count < HT_SESSION_PROCESSES ? count : HT_SESSION_PROCESSES; serial > 0; serial--) {
        const struct ht_process *process = &ht__session->processes[serial - 1];
        if (process->pid == pid && process->state == 2 && (!space || !process->pid_space || process->pid_space == space))
            return serial;
    }
    return 0;
}

static uint32_t take_entry(uint32_t parent, uint32_t how)
{
    uint32_t serial = __atomic_add_fetch(&ht__session->process_count, 1, __ATOMIC_ACQ_REL);
    if (serial > HT_SESSION_PROCESSES) {
        __atomic_sub_fetch(&ht__session->process_count, 1, __ATOMIC_ACQ_REL);
        __atomic_add_fetch(&ht__session->lanes_refused, 1, __ATOMIC_RELAXED);
        return 0;
    }
    struct ht_process *process = &ht__session->processes[serial - 1];
    process->parent = parent;
    process->how = how;
    process->stamp = stamp_early();
    __atomic_store_n(&process->state, 1, __ATOMIC_RELEASE);
    return serial;
}

/* An image that came by exec or is the first. */
static uint32_t enter_new_image(void)
{
    uint32_t space = find_pid_space("/proc/self/ns/pid"), before = find_image((uint32_t)getpid(), space);
    if (!before)
        before = find_image((uint32_t)getppid(), space);
    if (before && !(ht__session->flags & HT_SESSION_FOLLOW))
        return 0;
    return take_entry(before, before ? 2 : 0);
}

static uint32_t enter_fork(void)
{
    if (!(ht__session->flags & HT_SESSION_FOLLOW))
        return 0;
    uint32_t entry = fork_entry ? fork_entry : take_entry(ht__process_serial, 1);
    fork_entry = 0;
    return entry;
}

static void fill_entry(struct ht_process *process)
{
    static char path[512];
    long bytes = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof path);
    size_t room = sizeof process->name - 1, from = bytes > (long)room ? (size_t)bytes - room : 0;
    if (bytes > 0)
        memcpy(process->name, path + from, (size_t)bytes - from);
    process->usable_rule = (uint16_t)ht__usable_rule;
    process->machine = ARCH_MACHINE;
    process->pid = (uint32_t)getpid();
    process->pid_space = find_pid_space("/proc/self/ns/pid");
    __atomic_store_n(&process->state, 2, __ATOMIC_RELEASE);
}

/* glibc's allocator, as it is laid out since 2.0; any other is asked nothing. */
static void find_usable_rule(void)
{
    if (!(ht__session->flags & HT_SESSION_USABLE) || !ht__real_find("gnu_get_libc_version"))
        return;
    if (ht__same_module((void *)(uintptr_t)ht__real.malloc, ht__real_find("gnu_get_libc_version")))
        ht__usable_rule = sizeof(void *) == 8 ? HT_USABLE_GLIBC64 : HT_USABLE_GLIBC32;
}

/* musl has no unwind information, and its loader is its libc: main is called near __libc_start_main, and threads begin between these two functions. */
static void find_root_code(void)
{
    Dl_info libc;
    if (!dladdr((void *)(uintptr_t)ht__real.malloc, &libc) || (uintptr_t)libc.dli_fbase != getauxval(AT_BASE))
        return;
    uint64_t main_caller = (uint64_t)(uintptr_t)ht__real_find("__libc_start_main"), a = (uint64_t)(uintptr_t)ht__real_find("pthread_exit");
    uint64_t b = (uint64_t)(uintptr_t)ht__real_find("pthread_create");
    ht__root_code[0][0] = main_caller - 256;
    ht__root_code[0][1] = main_caller + 256;
    ht__root_code[1][0] = a < b ? a : b;
    ht__root_code[1][1] = a < b ? b : a;
}

static bool make_state(void)
{
    struct ht_state *page = ht__pages_get(4096, 0);
    if (page == MAP_FAILED)
        return false;
    madvise(page, 4096, MADV_WIPEONFORK);
    ht__state = page;
    return true;
}

/* An image cannot come from one of another processor by exec, since that one's library is not loaded into it: both are there, and to the collector a
 * second image of a process says that the first is gone. */
static bool is_in_emulator(void)
{
    uint32_t other = find_image((uint32_t)getpid(), find_pid_space("/proc/self/ns/pid"));
    return other && ht__session->processes[other - 1].machine != ARCH_MACHINE;
}

/* A stamp of another clock would be believed: better none. */
static bool may_record(void)
{
    enum ht_refusal why = HT_REFUSED_NOTHING;
    if (is_in_emulator())
        why = HT_REFUSED_EMULATOR;
    else if (ht__session->clock != PORT_CLOCK_REGISTER && ht__session->clock != HT_CLOCK_MONOTONIC)
        why = HT_REFUSED_CLOCK;
    if (why != HT_REFUSED_NOTHING)
        __atomic_store_n(&ht__session->refused, why, __ATOMIC_RELAXED);
    return why == HT_REFUSED_NOTHING;
}

static bool start_session(void)
{
    if (!may_record() || (ht__state == &idle && !make_state()) || !ht__threads_init())
        return false;
    if (&__libc_single_threaded)
        ht__single_threaded = &__libc_single_threaded;
    if (ht__session->sample_bytes && ht__session->policy != HT_POLICY_SAMPLE) {
        if (!ht__sample_init())
            return false;
        ht__sample_hold(ht__early, ht__early_used ? HT_EARLY_BYTES : 0);
    }
    find_usable_rule();
    find_root_code();
    ht__process_serial = enter_new_image();
    return ht__process_serial != 0;
}

static bool start_first(bool asked)
{
    const char *path = getenv(HT_ENV_SESSION);
    if (!path)
        path = ht__launch(asked);
    ht__session = path ? map_session(path) : NULL;
    return ht__session && start_session();
}

static void begin_records(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    fill_entry(&ht__session->processes[ht__process_serial - 1]);
    ht__state->recording = &ht__session->recording;
    __atomic_store_n(&ht__state->generation, ++generations, __ATOMIC_RELEASE);
}

static void start_process(bool asked)
{
    bool good;
    if (ht__session) {
        ht__modules_after_fork();
        ht__threads_after_fork();
        ht__process_serial = enter_fork();
        good = ht__process_serial != 0;
    } else
        good = start_first(asked);
    if (!good) {
        ht__state->recording = &never;
        __atomic_store_n(&ht__state->generation, HT_OFF, __ATOMIC_RELEASE);
        return;
    }
    begin_records();
}

static void lock_start(void)
{
    while (__atomic_exchange_n(&start_lock, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_sched_yield);
}

/* A child may be born while another thread of its parent holds the lock: the wiped page tells, and there is only one thread then. */
static void start_process_once(void)
{
    if (__atomic_load_n(&ht__state->generation, __ATOMIC_ACQUIRE))
        return;
    if (ht__session && !ht__state->recording)
        __atomic_store_n(&start_lock, 0, __ATOMIC_RELEASE);
    lock_start();
    if (!ht__state->generation)
        start_process(false);
    __atomic_store_n(&start_lock, 0, __ATOMIC_RELEASE);
}

static struct ht_thread *start(void)
{
    start_process_once();
    if (ht__state->generation == HT_OFF || !__atomic_load_n(ht__state->recording, __ATOMIC_RELAXED))
        return NULL;
    if (ht__self->generation != ht__state->generation && !ht__thread_begin())
        return NULL;
    return ht__self;
}

bool ht__start_on_request(void)
{
    ht__real_need();
    int saved = errno;
    uint64_t signals = ht__signals_block();
    starting = true;
    lock_start();
    if (!ht__session)
        start_process(true);
    __atomic_store_n(&start_lock, 0, __ATOMIC_RELEASE);
    starting = false;
    ht__signals_restore(signals);
    errno = saved;
    return ht__state->generation != HT_OFF;
}

/* A program that starts others but never allocates has an entry too. */
__attribute__((constructor)) static void start_at_load(void)
{
    ht__real_need();
    int saved = errno;
    uint64_t signals = ht__signals_block();
    starting = true;
    start_process_once();
    starting = false;
    ht__signals_restore(signals);
    errno = saved;
}

struct ht_thread *ht__thread_slow(void)
{
    uint64_t generation = __atomic_load_n(&ht__state->generation, __ATOMIC_ACQUIRE);
    /* While the real functions are being looked up, blocks come from an arena and are no events. */
    if (generation == HT_OFF || starting || !ht__real_known || (generation && !__atomic_load_n(ht__state->recording, __ATOMIC_RELAXED)))
        return NULL;
    int saved = errno;
    uint64_t signals = ht__signals_block();
    struct ht_state *state = ht__state;
    __atomic_add_fetch(&state->beginning, 1, __ATOMIC_SEQ_CST);
    starting = true;
    struct ht_thread *self = start();
    starting = false;
    __atomic_sub_fetch(&state->beginning, 1, __ATOMIC_SEQ_CST);
    ht__signals_restore(signals);
    errno = saved;
    return self;
}

/* Whoever holds the lock may be this very thread, which was led here from the middle of something. */
static bool try_lock_start(void)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (!__atomic_exchange_n(&start_lock, 1, __ATOMIC_ACQUIRE))
            return true;
        syscall(SYS_sched_yield);
    }
    return false;
}

static bool is_recorded(void)
{
    uint64_t generation = ht__state->generation;
    return ht__session && generation && generation != HT_OFF && ht__port_collector_lives();
}

static unsigned join(struct ht_session *session)
{
    ht__session = session;
    ht__modules_forget(); /* what was told to another session is not known to this one */
    if (!start_session())
        return ht__session->refused ? HT_ATTACH_CLOCK : HT_ATTACH_NO_MEMORY;
    begin_records();
    return HT_ATTACH_DONE;
}

unsigned ht__session_join(const char *path, uint32_t *why, uint32_t *collector)
{
    unsigned answer = HT_ATTACH_BUSY;
    if (starting || ht__thread_is_busy() || !try_lock_start())
        return answer;
    starting = true;
    if (is_recorded()) {
        answer = HT_ATTACH_RECORDED;
        *collector = ht__session->collector_pid;
    } else {
        ht__state->recording = &never; /* a collector that was killed leaves no more than this */
        __atomic_store_n(&ht__state->generation, HT_OFF, __ATOMIC_SEQ_CST);
        struct ht_session *session = map_session(path);
        *why = (uint32_t)errno;
        answer = session ? join(session) : HT_ATTACH_NO_SESSION;
    }
    starting = false;
    __atomic_store_n(&start_lock, 0, __ATOMIC_RELEASE);
    return answer;
}

bool ht__session_leave(void)
{
    if (starting || ht__thread_is_busy() || !try_lock_start())
        return false;
    ht__state->recording = &never;
    __atomic_store_n(&ht__state->generation, HT_OFF, __ATOMIC_SEQ_CST);
    __atomic_store_n(&start_lock, 0, __ATOMIC_RELEASE);
    return true;
}

void ht__names_changed(void)
{
    uint64_t signals = ht__signals_block(), now;
    lock_start();
    now = ht__state->generation;
    if (now && now != HT_OFF)
        __atomic_store_n(&ht__state->generation, ++generations, __ATOMIC_RELEASE);
    __atomic_store_n(&start_lock, 0, __ATOMIC_RELEASE);
    ht__signals_restore(signals);
}

uint32_t ht__fork_prepare(void)
{
    if (!ht__session || ht__state->generation == HT_OFF || !(ht__session->flags & HT_SESSION_FOLLOW))
        return 0;
    fork_entry = take_entry(ht__process_serial, 1);
    return fork_entry;
}

/* The child fills its entry too, with the same; but it may be killed first. */
static void fill_child(struct ht_process *child, int pid)
{
    const struct ht_process *self = &ht__session->processes[ht__process_serial - 1];
    uint32_t filling = 1;
    int saved = errno;
    if (__atomic_load_n(&child->state, __ATOMIC_ACQUIRE) == filling && find_pid_space("/proc/self/ns/pid_for_children") == self->pid_space) {
        memcpy(child->name, self->name, sizeof child->name);
        child->usable_rule = self->usable_rule;
        child->machine = self->machine;
        child->pid = (uint32_t)pid;
        child->pid_space = self->pid_space;
        __atomic_compare_exchange_n(&child->state, &filling, 2, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    }
    errno = saved;
}

void ht__fork_done(uint32_t entry, int pid)
{
    if (pid < 0 && entry)
        __atomic_store_n(&ht__session->processes[entry - 1].state, 4, __ATOMIC_RELEASE);
    else if (pid > 0 && entry && ht__process_serial)
        fill_child(&ht__session->processes[entry - 1], pid);
    if (pid != 0)
        fork_entry = 0;
    else if (entry)
        start_at_load(); /* it may exec before it ever allocates, and its entry would stay unfilled */
}
