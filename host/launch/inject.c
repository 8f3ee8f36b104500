/* inject: the thread, which stands still already, is borrowed for a call. Where registers are not known it is not done. */
#include "inject.h"

#include "loan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if REGISTERS_KNOWN

static const long OPTIONS = PTRACE_O_TRACESYSGOOD, MORE_OPTIONS = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;

bool inject_fits(const struct standstill_thread *thread)
{
    struct loan loan = {.pid = thread->tid, .memory = -1};
    return thread->held && !thread->signal && loan_adopt(&loan, thread->tid, &thread->again) && registers_are_wide(&loan.before);
}

static bool enter(struct loan *loan, pid_t pid, const struct standstill_thread *thread)
{
    bool is_open = loan_open(loan, pid);
    if (is_open && loan->instruction && loan_adopt(loan, thread->tid, &thread->again) && !ptrace(PTRACE_SETOPTIONS, loan->tid, 0, OPTIONS | MORE_OPTIONS) && loan_begin(loan))
        return true;
    if (is_open)
        close(loan->memory);
    return false;
}

static void leave(struct loan *loan)
{
    loan_end(loan);
    ptrace(PTRACE_SETOPTIONS, loan->tid, 0, OPTIONS);
    close(loan->memory);
}

static bool call(struct loan *loan, long number, uint64_t a, uint64_t b, uint64_t c, long *result)
{
    uint64_t given = 0;
    bool is_done = loan_syscall(loan, number, (const uint64_t[6]){a, b, c}, &given);
    *result = (long)given;
    return is_done;
}

/* The recorder has handlers for signals. */
static pid_t await(pid_t pid, int *status)
{
    pid_t got;
    while ((got = waitpid(pid, status, __WALL)) < 0 && errno == EINTR)
        ;
    return got;
}

bool inject_clone(pid_t pid, const struct standstill_thread *thread, bool ours, pid_t *copy)
{
    struct loan loan = {0};
    long result;
    int status;
    if (!enter(&loan, pid, thread))
        return false;
    bool is_done = call(&loan, SYS_clone, ours ? CLONE_PARENT : 0, 0, 0, &result);
    leave(&loan);
    *copy = loan.child;
    return is_done && loan.child && await(loan.child, &status) == loan.child && WIFSTOPPED(status);
}

/* It is taken from the process at once, before another thread runs. */
int inject_watch(pid_t pid, const struct standstill_thread *thread)
{
    struct loan loan = {0};
    long file;
    int watch = -1, process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process >= 0 && enter(&loan, pid, thread)) {
        if (call(&loan, SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY, 0, 0, &file) && file >= 0) {
            watch = (int)syscall(SYS_pidfd_getfd, process, file, 0);
            call(&loan, SYS_close, (uint64_t)file, 0, 0, &file);
        }
        leave(&loan);
    }
    if (process >= 0)
        close(process);
    return watch;
}

bool inject_wait(pid_t pid, const struct standstill_thread *thread, pid_t child)
{
    struct loan loan = {0};
    long result;
    if (!enter(&loan, pid, thread))
        return false;
    bool is_done = call(&loan, SYS_wait4, (uint64_t)child, 0, __WALL | WNOHANG, &result);
    leave(&loan);
    return is_done;
}

void inject_again(const struct standstill_thread *thread)
{
    struct loan loan = {.pid = thread->tid, .memory = -1};
    if (!thread->signal && loan_adopt(&loan, thread->tid, &thread->again))
        loan_mend_call(&loan);
}

#else

void inject_again(const struct standstill_thread *thread)
{
    (void)thread;
}

bool inject_fits(const struct standstill_thread *thread)
{
    (void)thread;
    return false;
}

bool inject_clone(pid_t pid, const struct standstill_thread *thread, bool ours, pid_t *copy)
{
    (void)pid, (void)thread, (void)ours, (void)copy;
    return false;
}

int inject_watch(pid_t pid, const struct standstill_thread *thread)
{
    (void)pid, (void)thread;
    return -1;
}

bool inject_wait(pid_t pid, const struct standstill_thread *thread, pid_t child)
{
    (void)pid, (void)thread, (void)child;
    return false;
}

#endif
