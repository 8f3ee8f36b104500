/* port_linux: in the core's questions, out Linux's answers: clock, waiting and waking, signals, bounds of a stack. */
#include "os.h"

#include "target/process/port_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct ht_session *ht__session;

__attribute__((noinline)) uint64_t ht__port_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void ht__port_wake(uint32_t *word)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
    errno = saved;
}

void ht__port_wait(uint32_t *word, uint32_t value, uint32_t milliseconds)
{
    int saved = errno;
    struct timespec limit = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
    errno = saved;
}

char *ht__decimal(char *to, uint32_t value)
{
    uint32_t scale = 1;
    while (value / scale >= 10)
        scale *= 10;
    for (; scale; scale /= 10)
        *to++ = (char)('0' + value / scale % 10);
    return to;
}

/* A process that was killed but not yet reaped still answers signals: its state in /proc tells, "PID (name) Z". */
static bool is_zombie(uint32_t pid)
{
    char path[32] = "/proc/", text[64] = "";
    memcpy(ht__decimal(path + sizeof "/proc/" - 1, pid), "/stat", sizeof "/stat");
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    long bytes = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    const char *end = bytes > 0 ? strrchr(text, ')') : NULL;
    return end && (end[2] == 'Z' || end[2] == 'X');
}

bool ht__port_collector_lives(void)
{
    int saved = errno;
    bool lives = !__atomic_load_n(&ht__session->collector_gone, __ATOMIC_RELAXED) && (kill((pid_t)ht__session->collector_pid, 0) == 0 || errno == EPERM) &&
                 !is_zombie(ht__session->collector_pid);
    errno = saved;
    return lives;
}

void *ht__port_pages(uint64_t bytes)
{
    void *pages = ht__pages_get(bytes, MAP_NORESERVE);
    return pages == MAP_FAILED ? NULL : pages;
}

uint64_t ht__signals_block(void)
{
    uint64_t all = ~(uint64_t)0, before = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    return before;
}

void ht__signals_restore(uint64_t signals)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &signals, NULL, sizeof signals);
}

enum {
    PAGE_BYTES = 4096,
    STACK_PAGES = 256,                      /* how far up from a frame a foreign stack is looked at */
    REACH_BYTES = 16 * 1024 * 1024,
    MAIN_STACK_BYTES = 128 * 1024 * 1024,   /* the kernel keeps at least this much below the main stack's top free of other mappings */
};

/* The kernel reads the new mask before it looks at what shall be done with it: EFAULT says that the page cannot be read. */
bool ht__port_can_read(uint64_t address)
{
    int saved = errno;
    bool can = syscall(SYS_rt_sigprocmask, ~0, address & ~(uint64_t)7, NULL, sizeof(uint64_t)) == 0 || errno != EFAULT;
    errno = saved;
    return can;
}

bool ht__port_stack(uint64_t sp, uint64_t *low, uint64_t *high)
{
    int saved = errno;
    uint64_t page = sp & ~(uint64_t)(PAGE_BYTES - 1), end = page + PAGE_BYTES;
    for (int count = 1; count < STACK_PAGES && end != *low && ht__port_can_read(end); count++)
        end += PAGE_BYTES;
    errno = saved;
    if (end != *low)
        *high = end;
    *low = page;
    return true;
}

/* Behind the main stack's arguments and environment lies the path that was executed, then one empty word. */
static bool main_home(uint64_t *low, uint64_t *high)
{
    uint64_t path = getauxval(AT_EXECFN);
    if (!path)
        return false;
    uint64_t top = path + strlen((const char *)(uintptr_t)path) + 1;
    *high = (top + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    *low = *high - MAIN_STACK_BYTES;
    return true;
}

bool ht__port_reach(uint64_t sp, uint64_t to)
{
    int saved = errno;
    uint64_t page = sp & ~(uint64_t)(PAGE_BYTES - 1);
    bool all = to > sp && to - sp <= REACH_BYTES;
    while (all && (page += PAGE_BYTES) < to)
        all = ht__port_can_read(page);
    errno = saved;
    return all;
}

/* libc lays a thread's descriptor on top of its stack. It is not asked for the bounds: it would allocate, under a lock that the caller may hold. A thread whose
 * first event is on another stack, a coroutine's, has used nothing of its own that is known: it grows when it is there. */
static bool thread_home(uint64_t *low, uint64_t *high)
{
    uint64_t sp = (uint64_t)(uintptr_t)__builtin_frame_address(0), descriptor = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    *high = descriptor & ~(uint64_t)15;
    *low = ht__port_reach(sp, descriptor) ? sp & ~(uint64_t)(PAGE_BYTES - 1) : *high;
    return true;
}

bool ht__port_home(uint64_t *low, uint64_t *high)
{
    return syscall(SYS_gettid) == getpid() ? main_home(low, high) : thread_home(low, high);
}
