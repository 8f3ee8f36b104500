/* loan: by ptrace. A system call is made by an instruction of the vdso. A function is called so that it comes back to address 0, which the kernel tells us as a fault
 * before the program hears of it. So no code is written into the process. All signals but those of the processor are held back meanwhile. */
#include "loan.h"

#if REGISTERS_KNOWN

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/base/now.h"

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif
#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

enum { SYSCALL_STOP = SIGTRAP | 0x80 };
static const uint64_t STOP_NS = 100000000, CALL_NS = 30000000000, RELEASE_NS = 10000000000, SPIN_NS = 100000;
static const uint64_t MEANWHILE_NS = 3000000; /* what is done meanwhile may take long, and the thread waits for its end */

#ifdef __x86_64__
enum { STATE_SET = NT_X86_XSTATE };
#else
enum { STATE_SET = NT_PRFPREG };
#endif

static bool get_set(const struct loan *loan, int set, void *to, size_t *bytes)
{
    struct iovec room = {to, *bytes};
    bool good = !ptrace(PTRACE_GETREGSET, loan->tid, (void *)(uintptr_t)set, &room);
    *bytes = room.iov_len;
    return good;
}

static bool put_set(const struct loan *loan, int set, const void *from, size_t bytes)
{
    struct iovec room = {(void *)(uintptr_t)from, bytes};
    return !ptrace(PTRACE_SETREGSET, loan->tid, (void *)(uintptr_t)set, &room);
}

static bool get_registers(const struct loan *loan, struct registers *registers)
{
    size_t bytes = sizeof registers->at;
#ifdef __aarch64__
    size_t call_bytes = sizeof registers->call;
    if (!get_set(loan, NT_ARM_SYSTEM_CALL, &registers->call, &call_bytes))
        return false;
#endif
    return get_set(loan, NT_PRSTATUS, &registers->at, &bytes) && bytes == sizeof registers->at;
}

static bool put_registers(const struct loan *loan, const struct registers *registers)
{
#ifdef __aarch64__
    if (!put_set(loan, NT_ARM_SYSTEM_CALL, &registers->call, sizeof registers->call))
        return false;
#endif
    return put_set(loan, NT_PRSTATUS, &registers->at, sizeof registers->at);
}

bool loan_read(const struct loan *loan, uint64_t address, void *to, size_t bytes)
{
    return pread(loan->memory, to, bytes, (off_t)address) == (ssize_t)bytes;
}

bool loan_write(const struct loan *loan, uint64_t address, const void *from, size_t bytes)
{
    return pwrite(loan->memory, from, bytes, (off_t)address) == (ssize_t)bytes;
}

/* The status of its next stop; -1: it has ended, or does not stop in time. */
static int await(struct loan *loan, uint64_t patience_ns)
{
    uint64_t since_ns = now_ns();
    int status;
    for (;;) {
        pid_t got = waitpid(loan->tid, &status, __WALL | WNOHANG);
        uint64_t waited_ns = now_ns() - since_ns;
        if (got == loan->tid && WIFSTOPPED(status)) {
            loan->is_running = false;
            return status;
        }
        if (got == loan->tid || (got < 0 && errno != EINTR) || waited_ns > patience_ns) {
            loan->is_broken = true;
            errno = got ? ESRCH : EBUSY;
            return -1;
        }
        if (loan->meanwhile && waited_ns > MEANWHILE_NS)
            loan->meanwhile(loan->context);
        if (waited_ns < SPIN_NS)
            sched_yield();
        else
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
}

/* Goes on to its next stop. */
static int go_on(struct loan *loan, int request)
{
    if (ptrace((enum __ptrace_request)request, loan->tid, 0, 0)) {
        loan->is_broken = true;
        return -1;
    }
    loan->is_running = true;
    return await(loan, CALL_NS);
}

bool loan_hold(struct loan *loan, pid_t tid)
{
    loan->tid = tid;
    loan->scratch = 0;
    loan->state_bytes = 0;
    loan->is_broken = false;
    loan->is_running = true;
    loan->since_ns = now_ns();
    if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD))
        return false;
    int status = ptrace(PTRACE_INTERRUPT, tid, 0, 0) ? -1 : await(loan, STOP_NS);
    if (status < 0)
        return false;
    loan->signal = status >> 16 ? 0 : WSTOPSIG(status);
    return get_registers(loan, &loan->before);
}

static bool is_syscall_stop(int status)
{
    return status >= 0 && status >> 16 == 0 && WSTOPSIG(status) == SYSCALL_STOP;
}

/* Stops that are none of ours: it goes on. A fault of the processor's is the call's own. */
static int go_on_to_syscall(struct loan *loan)
{
    for (int status;;) {
        status = go_on(loan, PTRACE_SYSCALL);
        if (status < 0 || is_syscall_stop(status) || !(status >> 16))
            return status;
    }
}

bool loan_syscall(struct loan *loan, long number, const uint64_t arguments[6], uint64_t *result)
{
    struct registers registers = loan->before;
    registers_set_syscall(&registers, loan->instruction, number, arguments);
    if (!put_registers(loan, &registers) || !is_syscall_stop(go_on_to_syscall(loan)) || !is_syscall_stop(go_on_to_syscall(loan)) ||
        !get_registers(loan, &registers))
        return false;
    *result = registers_result(&registers);
    return true;
}

/* Until the function is back, at an address where nothing is: a fault that the program never hears of. */
static bool run_to_end(struct loan *loan, uint64_t stack, uint64_t *result)
{
    struct registers registers;
    int status = go_on(loan, PTRACE_CONT);
    while (status >= 0 && status >> 16) /* its process was stopped, or the like: that comes when we are done */
        status = go_on(loan, PTRACE_CONT);
    if (status < 0 || WSTOPSIG(status) != SIGSEGV || !get_registers(loan, &registers))
        return false;
    *result = registers_result(&registers);
    return !registers_pc(&registers) && registers_stack(&registers) == registers_stack_back(stack);
}

bool loan_call(struct loan *loan, uint64_t function, uint64_t a, uint64_t b, uint64_t *result)
{
    struct registers registers = loan->before;
    const uint64_t nowhere = 0;
    uint64_t given, stack = registers_stack_called(loan->scratch + LOAN_SCRATCH_BYTES - 256);
    registers_set_call(&registers, function, a, b, stack);
    if (!loan_write(loan, stack, &nowhere, sizeof nowhere) || !put_registers(loan, &registers) || !run_to_end(loan, stack, result ? result : &given)) {
        loan->is_broken = true;
        return false;
    }
    return true;
}

static bool hold_signals_back(struct loan *loan)
{
    sigset_t some;
    uint64_t mask;
    sigfillset(&some);
    sigdelset(&some, SIGSEGV);
    sigdelset(&some, SIGBUS);
    sigdelset(&some, SIGILL);
    sigdelset(&some, SIGFPE);
    memcpy(&mask, &some, sizeof mask);
    return !ptrace(PTRACE_GETSIGMASK, loan->tid, sizeof loan->mask, &loan->mask) && !ptrace(PTRACE_SETSIGMASK, loan->tid, sizeof mask, &mask);
}

bool loan_take(struct loan *loan)
{
    const uint64_t arguments[] = {0, LOAN_SCRATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0};
    size_t bytes = sizeof loan->state;
    if (!get_set(loan, STATE_SET, loan->state, &bytes) || !hold_signals_back(loan))
        return false;
    loan->state_bytes = bytes;
    uint64_t scratch;
    if (!loan_syscall(loan, SYS_mmap, arguments, &scratch) || scratch > (uint64_t)-4096)
        return false;
    loan->scratch = scratch;
    return true;
}

/* Its registers are restored at a stop after which the kernel looks once more whether a call that was interrupted has to be made again. */
static void put_back(struct loan *loan)
{
    uint64_t result;
    if (loan->scratch && !loan->is_broken)
        loan_syscall(loan, SYS_munmap, (const uint64_t[6]){loan->scratch, LOAN_SCRATCH_BYTES}, &result);
    ptrace(PTRACE_INTERRUPT, loan->tid, 0, 0);
    int status = loan->is_running ? await(loan, STOP_NS) : 0;
    while (status >= 0 && !(status >> 16))
        status = go_on(loan, PTRACE_CONT);
    put_registers(loan, &loan->before);
    put_set(loan, STATE_SET, loan->state, loan->state_bytes);
    ptrace(PTRACE_SETSIGMASK, loan->tid, sizeof loan->mask, &loan->mask);
}

void loan_release(struct loan *loan)
{
    if (loan->state_bytes)
        put_back(loan);
    else if (loan->is_running)
        await(loan, RELEASE_NS); /* it was told to stand still, and would do so for ever when it comes to it */
    loan->held_ns = now_ns() - loan->since_ns;
    ptrace(PTRACE_DETACH, loan->tid, 0, loan->signal);
}

#endif
