/* port_linux: in the core's questions, out Linux's answers: clock, waiting and waking, bounds of a stack. */
#include "os.h"

#include "target/core/port_core.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
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

bool ht__port_collector_lives(void)
{
    int saved = errno;
    bool lives = !__atomic_load_n(&ht__session->collector_gone, __ATOMIC_RELAXED) && (kill((pid_t)ht__session->collector_pid, 0) == 0 || errno == EPERM);
    errno = saved;
    return lives;
}

struct stack_search {
    uint64_t sp, low, high;
};

/* A main stack's mapping grows downwards; the kernel keeps this much free below it. */
enum { STACK_GAP_BYTES = 256 * 4096 };

static bool see_stack(const struct ht_mapping *mapping, void *context)
{
    struct stack_search *search = context;
    bool grows = mapping->path[0] == '[' && mapping->path[1] == 's';
    uint64_t low = grows ? mapping->start - STACK_GAP_BYTES : mapping->start;
    if (search->sp < low || search->sp >= mapping->end)
        return true;
    search->low = low;
    search->high = mapping->end;
    return false;
}

bool ht__port_stack(uint64_t sp, uint64_t *low, uint64_t *high)
{
    struct stack_search search = {.sp = sp};
    ht__maps_each(see_stack, &search);
    *low = search.low;
    *high = search.high;
    return search.high != 0;
}
