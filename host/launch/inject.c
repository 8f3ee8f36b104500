/* inject: the thread is led to a system call instruction of the vdso, and back. Elsewhere than on x86-64 it is not done. */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

enum { SYSCALL_STOP = SIGTRAP | 0x80, CODE_64 = 0x33, VDSO_ROOM = 16384 };
static const long OPTIONS = PTRACE_O_TRACESYSGOOD, MORE_OPTIONS = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;

struct call {
    pid_t tid;
    struct user_regs_struct before;
    uint64_t mask, instruction;
    pid_t child; /* that the call made, 0: none */
    long result; /* of the call */
};

bool inject_fits(const struct standstill_thread *thread)
{
    struct user_regs_struct registers;
    return thread->held && !thread->signal && !ptrace(PTRACE_GETREGS, thread->tid, 0, &registers) && registers.cs == CODE_64;
}

static bool find_vdso(pid_t pid, uint64_t *start, uint64_t *end)
{
    char path[64], line[512];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && !found && fgets(line, sizeof line, maps)) {
        unsigned long long from, to;
        if (!strstr(line, "[vdso]") || sscanf(line, "%llx-%llx", &from, &to) != 2)
            continue;
        *start = from;
        *end = to;
        found = true;
    }
    if (maps)
        fclose(maps);
    return found;
}

/* Address of a system call instruction, 0: none is found. */
static uint64_t find_instruction(pid_t pid)
{
    static const unsigned char instruction[] = {0x0f, 0x05};
    unsigned char code[VDSO_ROOM];
    char path[64];
    uint64_t start, end;
    if (!find_vdso(pid, &start, &end))
        return 0;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    size_t wanted = end - start < sizeof code ? end - start : sizeof code;
    ssize_t got = memory < 0 ? -1 : pread(memory, code, wanted, (off_t)start);
    if (memory >= 0)
        close(memory);
    const unsigned char *found = got > 0 ? memmem(code, (size_t)got, instruction, sizeof instruction) : NULL;
    return found ? start + (uint64_t)(found - code) : 0;
}

/* The recorder has handlers for signals. */
static pid_t await(pid_t pid, int *status)
{
    pid_t got;
    while ((got = waitpid(pid, status, __WALL)) < 0 && errno == EINTR)
        ;
    return got;
}

/* Lets the thread run to its next stop: its status, or -1. */
static int step(const struct call *call, int request)
{
    int status;
    if (ptrace((enum __ptrace_request)request, call->tid, 0, 0) || await(call->tid, &status) != call->tid || !WIFSTOPPED(status))
        return -1;
    return status;
}

/* From the call's entry to its end; a child that it makes is told on the way. */
static bool run_call(struct call *call)
{
    int status = step(call, PTRACE_SYSCALL);
    if (status < 0 || WSTOPSIG(status) != SYSCALL_STOP)
        return false;
    for (status = step(call, PTRACE_SYSCALL); status >= 0 && status >> 16; status = step(call, PTRACE_SYSCALL)) {
        unsigned long child = 0;
        if (!ptrace(PTRACE_GETEVENTMSG, call->tid, 0, &child) && child)
            call->child = (pid_t)child;
    }
    struct user_regs_struct registers;
    if (status < 0 || WSTOPSIG(status) != SYSCALL_STOP || ptrace(PTRACE_GETREGS, call->tid, 0, &registers))
        return false;
    call->result = (long)registers.rax;
    return true;
}

/* Its registers are only restored where the kernel looks again at whether a call has to be made once more. */
static void leave_call(struct call *call)
{
    ptrace(PTRACE_INTERRUPT, call->tid, 0, 0);
    step(call, PTRACE_CONT);
    ptrace(PTRACE_SETREGS, call->tid, 0, &call->before);
    ptrace(PTRACE_SETSIGMASK, call->tid, sizeof call->mask, &call->mask);
    ptrace(PTRACE_SETOPTIONS, call->tid, 0, OPTIONS);
}

static bool enter_call(struct call *call, pid_t pid)
{
    uint64_t all = ~(uint64_t)0;
    call->instruction = find_instruction(pid);
    if (!call->instruction || ptrace(PTRACE_GETREGS, call->tid, 0, &call->before) || ptrace(PTRACE_GETSIGMASK, call->tid, sizeof call->mask, &call->mask) ||
        ptrace(PTRACE_SETOPTIONS, call->tid, 0, OPTIONS | MORE_OPTIONS))
        return false;
    ptrace(PTRACE_SETSIGMASK, call->tid, sizeof all, &all);
    return true;
}

/* Between enter_call and leave_call. */
static bool make_call(struct call *call, long number, uint64_t a, uint64_t b, uint64_t c)
{
    struct user_regs_struct registers = call->before;
    registers.rip = call->instruction;
    registers.rax = (unsigned long long)number;
    registers.orig_rax = ~0ull;
    registers.rdi = a;
    registers.rsi = b;
    registers.rdx = c;
    registers.r10 = registers.r8 = registers.r9 = 0;
    return !ptrace(PTRACE_SETREGS, call->tid, 0, &registers) && run_call(call);
}

static bool inject(struct call *call, pid_t pid, long number, uint64_t a, uint64_t b, uint64_t c)
{
    if (!enter_call(call, pid))
        return false;
    bool is_done = make_call(call, number, a, b, c);
    leave_call(call);
    return is_done;
}

bool inject_clone(pid_t pid, pid_t tid, bool ours, pid_t *copy)
{
    struct call call = {.tid = tid};
    int status;
    if (!inject(&call, pid, SYS_clone, ours ? CLONE_PARENT : 0, 0, 0) || !call.child)
        return false;
    *copy = call.child;
    return await(call.child, &status) == call.child && WIFSTOPPED(status);
}

/* It is taken from the process at once, before another thread runs. */
int inject_watch(pid_t pid, pid_t tid)
{
    struct call call = {.tid = tid};
    int watch = -1, process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process < 0 || !enter_call(&call, pid)) {
        if (process >= 0)
            close(process);
        return -1;
    }
    if (make_call(&call, SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY, 0, 0) && call.result >= 0) {
        watch = (int)syscall(SYS_pidfd_getfd, process, call.result, 0);
        make_call(&call, SYS_close, (uint64_t)call.result, 0, 0);
    }
    leave_call(&call);
    close(process);
    return watch;
}

bool inject_wait(pid_t pid, pid_t tid, pid_t child)
{
    struct call call = {.tid = tid};
    return inject(&call, pid, SYS_wait4, (uint64_t)child, 0, __WALL | WNOHANG);
}

/* Those that the kernel does not begin again by itself after a stop, though they have done nothing yet. */
static bool only_waits(unsigned long long number)
{
    static const unsigned long long calls[] = {SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semop, SYS_semtimedop, SYS_rt_sigtimedwait,
                                               SYS_io_getevents, SYS_read, SYS_recvfrom, SYS_recvmsg, SYS_accept, SYS_accept4};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == number)
            return true;
    return false;
}

/* A signal that is to be handled ends the call rightly. */
static bool has_signal(pid_t tid)
{
    char path[64], line[256];
    unsigned long long pending = 0, blocked = 0, set;
    snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "SigPnd: %llx", &set) == 1 || sscanf(line, "ShdPnd: %llx", &set) == 1)
            pending |= set;
        sscanf(line, "SigBlk: %llx", &blocked);
    }
    if (file)
        fclose(file);
    return pending & ~blocked;
}

void inject_again(const struct standstill_thread *thread)
{
    enum { CALL_BYTES = 2 };
    struct user_regs_struct registers;
    if (thread->signal || ptrace(PTRACE_GETREGS, thread->tid, 0, &registers) || registers.cs != CODE_64 || registers.rax != -(unsigned long long)EINTR ||
        !only_waits(registers.orig_rax) || has_signal(thread->tid))
        return;
    registers.rax = registers.orig_rax;
    registers.orig_rax = ~0ull;
    registers.rip -= CALL_BYTES;
    ptrace(PTRACE_SETREGS, thread->tid, 0, &registers);
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

bool inject_clone(pid_t pid, pid_t tid, bool ours, pid_t *copy)
{
    (void)pid, (void)tid, (void)ours, (void)copy;
    return false;
}

int inject_watch(pid_t pid, pid_t tid)
{
    (void)pid, (void)tid;
    return -1;
}

bool inject_wait(pid_t pid, pid_t tid, pid_t child)
{
    (void)pid, (void)tid, (void)child;
    return false;
}

#endif
