/* loan: by ptrace. A system call is made by an instruction of the vdso. A function is called so that it comes back to address 0, which the kernel tells us as a fault
 * before the program hears of it. So no code is written into the process. All signals but those of the processor are held back meanwhile. */
#include "loan.h"

#if REGISTERS_KNOWN

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#ifndef NT_ARM_SVE
#define NT_ARM_SVE 0x405
#endif

enum { SYSCALL_STOP = SIGTRAP | 0x80 };
static const uint64_t STOP_NS = 100000000, CALL_NS = 30000000000, RELEASE_NS = 10000000000, SPIN_NS = 100000;
static const uint64_t MEANWHILE_NS = 3000000; /* what is done meanwhile may take long, and the thread waits for its end */

/* The widest first: a system call alone already clears what vectors have beyond the narrow ones. */
#ifdef __x86_64__
static const int state_sets[] = {NT_X86_XSTATE};
#else
static const int state_sets[] = {NT_ARM_SVE, NT_PRFPREG};
#endif
enum { STATE_SETS = sizeof state_sets / sizeof *state_sets };

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

static uint64_t find_instruction(const struct loan *loan)
{
    enum { CODE = sizeof registers_syscall_code };
    static const size_t room = 65536;
    uint64_t start, end;
    if (!find_vdso(loan->pid, &start, &end))
        return 0;
    unsigned char *code = malloc(room);
    ssize_t got = code ? pread(loan->memory, code, end - start < room ? end - start : room, (off_t)start) : -1;
    ssize_t at = 0;
    while (at + CODE <= got && memcmp(code + at, registers_syscall_code, CODE))
        at += REGISTERS_CODE_ALIGN;
    free(code);
    return at + CODE <= got ? start + (uint64_t)at : 0;
}

bool loan_open(struct loan *loan, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    loan->pid = pid;
    loan->memory = open(path, O_RDWR | O_CLOEXEC);
    loan->instruction = loan->memory < 0 ? 0 : find_instruction(loan);
    return loan->memory >= 0;
}

#ifdef REGISTERS_FORGET_CALLS
static bool is_call_code(const struct loan *loan, uint64_t address)
{
    unsigned char code[sizeof registers_syscall_code];
    return loan_read(loan, address, code, sizeof code) && !memcmp(code, registers_syscall_code, sizeof code);
}

static long find_call(const struct loan *loan)
{
    uint64_t pc = registers_pc(&loan->before);
    return is_call_code(loan, pc) || is_call_code(loan, pc - sizeof registers_syscall_code) ? registers_number(&loan->before) : -1;
}
#else
static long find_call(const struct loan *loan)
{
    return registers_number(&loan->before);
}
#endif

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

static void forget(struct loan *loan, pid_t tid)
{
    loan->tid = tid;
    loan->scratch = 0;
    loan->state_bytes = 0;
    loan->signal = 0;
    loan->is_at_call = loan->is_broken = loan->is_running = false;
    loan->since_ns = now_ns();
    loan->before = (struct registers){0};
}

static bool know_registers(struct loan *loan)
{
    bool is_known = get_registers(loan, &loan->before);
    loan->call = is_known ? find_call(loan) : -1;
    return is_known;
}

static bool know_stop(struct loan *loan, int status)
{
    loan->signal = status >> 16 ? 0 : WSTOPSIG(status);
    return know_registers(loan);
}

bool loan_adopt(struct loan *loan, pid_t tid, const struct again *again)
{
    forget(loan, tid);
    loan->again = *again;
    return know_registers(loan);
}

bool loan_hold(struct loan *loan, pid_t tid)
{
    forget(loan, tid);
    again_look(&loan->again, loan->pid, tid);
    loan->is_running = true;
    if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD))
        return false;
    int status = ptrace(PTRACE_INTERRUPT, tid, 0, 0) ? -1 : await(loan, STOP_NS);
    if (status < 0)
        return false;
    return know_stop(loan, status);
}

static bool is_syscall_stop(int status)
{
    return status >= 0 && status >> 16 == 0 && WSTOPSIG(status) == SYSCALL_STOP;
}

/* Stops that are none of ours: it goes on. A fault of the processor's is the call's own. */
static int go_on_to_syscall(struct loan *loan)
{
    for (int status;;) {
        unsigned long child = 0;
        status = go_on(loan, PTRACE_SYSCALL);
        if (status < 0 || is_syscall_stop(status) || !(status >> 16))
            return status;
        if (!ptrace(PTRACE_GETEVENTMSG, loan->tid, 0, &child) && child)
            loan->child = (pid_t)child;
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

static bool keep_state(struct loan *loan)
{
    for (loan->state_set = 0; loan->state_set < STATE_SETS; loan->state_set++) {
        size_t bytes = sizeof loan->state;
        if (!get_set(loan, state_sets[loan->state_set], loan->state, &bytes))
            continue;
        loan->state_bytes = bytes;
        return true;
    }
    return false;
}

/* Where a stop leads a thread back to before its call, only the kernel knows how that goes on: a sleep sleeps on for what is left of it. So the thread begins the call as
 * the kernel will have it, which is then left out. */
static bool put_off_call(struct loan *loan)
{
#ifdef REGISTERS_FORGET_CALLS
    struct registers entry;
    if (!is_call_code(loan, registers_pc(&loan->before)))
        return true;
    if (!is_syscall_stop(go_on_to_syscall(loan)) || !get_registers(loan, &entry))
        return false;
    loan->is_at_call = true;
    loan->before.at.regs[8] = entry.at.regs[8];
    entry.call = -1;
    return put_registers(loan, &entry) && is_syscall_stop(go_on_to_syscall(loan));
#else
    (void)loan;
    return true;
#endif
}

bool loan_begin(struct loan *loan)
{
    return keep_state(loan) && hold_signals_back(loan) && put_off_call(loan);
}

bool loan_take(struct loan *loan)
{
    const uint64_t arguments[] = {0, LOAN_SCRATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0};
    uint64_t scratch;
    if (!loan_begin(loan) || !loan_syscall(loan, SYS_mmap, arguments, &scratch) || scratch > (uint64_t)-4096)
        return false;
    loan->scratch = scratch;
    return true;
}

void loan_mend_call(struct loan *loan)
{
    if (again_mend(&loan->again, loan->tid, &loan->before))
        put_registers(loan, &loan->before);
}

/* Its registers are restored at a stop after which the kernel looks once more whether a call that was interrupted has to be made again. One that it has to begin
 * itself it is let go in: a signal that came meanwhile ends it there as it should. */
void loan_end(struct loan *loan)
{
    ptrace(PTRACE_INTERRUPT, loan->tid, 0, 0);
    int status = loan->is_running ? await(loan, STOP_NS) : 0;
    while (status >= 0 && !(status >> 16))
        status = go_on(loan, PTRACE_CONT);
    put_registers(loan, &loan->before);
    put_set(loan, state_sets[loan->state_set], loan->state, loan->state_bytes);
    if (loan->is_at_call)
        go_on_to_syscall(loan);
    ptrace(PTRACE_SETSIGMASK, loan->tid, sizeof loan->mask, &loan->mask);
    if (!loan->is_at_call)
        loan_mend_call(loan);
}

static void put_back(struct loan *loan)
{
    uint64_t result;
    if (loan->scratch && !loan->is_broken)
        loan_syscall(loan, SYS_munmap, (const uint64_t[6]){loan->scratch, LOAN_SCRATCH_BYTES}, &result);
    loan_end(loan);
}

/* One that did not stand still in time was told to all the same, and would do so for ever when it comes to it. */
static void let_go(struct loan *loan)
{
    int status = loan->is_running ? await(loan, RELEASE_NS) : -1;
    if (status >= 0)
        know_stop(loan, status);
    if (!loan->signal)
        loan_mend_call(loan);
}

void loan_release(struct loan *loan)
{
    if (loan->state_bytes)
        put_back(loan);
    else
        let_go(loan);
    loan->held_ns = now_ns() - loan->since_ns;
    ptrace(PTRACE_DETACH, loan->tid, 0, loan->signal);
}

#endif
