/* hooks_hit: in a signal that the program has touched a page, out a fault if it is a guard page; else the program's own handler, or the default.
 *
 * Our handler stays in its place. What the program sets is kept here and called as the kernel would have called it. */
#include "os.h"

#include "target/guard/guarding.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define EXPORT __attribute__((visibility("default")))

enum { SEGV, BUS, SIGNALS };
static const int numbers[SIGNALS] = {SIGSEGV, SIGBUS};
static struct sigaction theirs[SIGNALS];
static bool is_ours;

static int index_of(int number)
{
    return number == SIGSEGV ? SEGV : number == SIGBUS ? BUS : SIGNALS;
}

static bool is_write(const void *context)
{
#if defined(__x86_64__) || defined(__i386__)
    enum { WROTE = 2 };
    return ((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & WROTE;
#else
    (void)context;
    return false;
#endif
}

/* This is the end: what was not seen yet is looked at. Once, for that may crash too. */
static void look_before_death(const siginfo_t *info, const void *context, bool was_told)
{
    static uint32_t times;
    if (__atomic_fetch_add(&times, 1, __ATOMIC_RELAXED))
        return;
    bool is_address = info->si_code != SI_KERNEL; /* else the processor did not even look for it */
    if (!was_told && info->si_code > 0)
        ht__guard_crash(is_address ? info->si_addr : (void *)UINTPTR_MAX, is_write(context));
    ht__guard_at_exit();
}

/* Once more, and as if we were not there. */
static void hand_to_default(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    ht__real.sigaction(number, &plain, NULL);
}

static void hand_on(int number, siginfo_t *info, void *context, bool was_told)
{
    struct sigaction action = theirs[index_of(number)];
    if (!(action.sa_flags & SA_SIGINFO) && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)) {
        look_before_death(info, context, was_told);
        hand_to_default(number);
        if (info->si_code <= 0) /* it was sent, and would not come again */
            raise(number);
        return;
    }
    if (action.sa_flags & SA_RESETHAND)
        theirs[index_of(number)] = (struct sigaction){.sa_handler = SIG_DFL};
    if (!(action.sa_flags & SA_NODEFER))
        sigaddset(&action.sa_mask, number);
    pthread_sigmask(SIG_BLOCK, &action.sa_mask, NULL);
    if (action.sa_flags & SA_SIGINFO)
        action.sa_sigaction(number, info, context);
    else
        action.sa_handler(number);
}

static void on_hit(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    bool opened = false, ours = info->si_code > 0 && ht__guard_hit(info->si_addr, is_write(context), &opened);
    errno = saved;
    if (!ours || !opened)
        hand_on(number, info, context, ours);
}

/* A page that is not there is shut in the usual way, and touched once more. */
static void on_bus(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    bool ours = info->si_code > 0 && ht__guard_shut(info->si_addr);
    errno = saved;
    if (!ours)
        hand_on(number, info, context, false);
}

void ht__hits_begin(const struct ht_real *real)
{
    struct sigaction action = {.sa_sigaction = on_hit, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    struct sigaction bus = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    is_ours = real->sigaction && !real->sigaction(numbers[SEGV], &action, &theirs[SEGV]) && !real->sigaction(numbers[BUS], &bus, &theirs[BUS]);
}

EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    ht__real_need();
    int index = index_of(number);
    if (index == SIGNALS || !is_ours)
        return ht__real.sigaction(number, action, old);
    struct sigaction before = theirs[index];
    if (action)
        theirs[index] = *action;
    if (old)
        *old = before;
    return 0;
}

EXPORT sighandler_t signal(int number, sighandler_t handler)
{
    ht__real_need();
    int index = index_of(number);
    if (index == SIGNALS || !is_ours)
        return ht__real.signal(number, handler);
    sighandler_t before = theirs[index].sa_handler;
    theirs[index] = (struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART};
    return before;
}
