/* registers: of a thread that stands still, what a call needs of them, the same for each processor. */
#ifndef HOST_LAUNCH_REGISTERS_H
#define HOST_LAUNCH_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/user.h>

#if defined(__x86_64__)

#define REGISTERS_KNOWN 1
enum { REGISTERS_CODE_ALIGN = 1 };
static const unsigned char registers_syscall_code[] = {0x0f, 0x05};
struct registers {
    struct user_regs_struct at;
};

static inline uint64_t registers_pc(const struct registers *registers)
{
    return registers->at.rip;
}

static inline uint64_t registers_stack(const struct registers *registers)
{
    return registers->at.rsp;
}

/* Of the system call that it is in, -1: none. */
static inline long registers_syscall(const struct registers *registers)
{
    return (long)registers->at.orig_rax;
}

static inline bool registers_are_wide(const struct registers *registers)
{
    return registers->at.cs == 0x33;
}

/* Of the system call that its code makes, has just made or is in, if it is one. */
static inline long registers_number(const struct registers *registers)
{
    return (long)registers->at.orig_rax;
}

/* Behind a system call whose first argument was `first`: before it again. */
static inline void registers_set_again(struct registers *registers, uint64_t first)
{
    struct user_regs_struct *at = &registers->at;
    (void)first;
    at->rax = at->orig_rax;
    at->orig_rax = ~0ull;
    at->rip -= sizeof registers_syscall_code;
}

static inline void registers_set_syscall(struct registers *registers, uint64_t instruction, long number, const uint64_t arguments[6])
{
    struct user_regs_struct *at = &registers->at;
    at->rip = instruction;
    at->rax = (unsigned long long)number;
    at->orig_rax = ~0ull;
    at->rdi = arguments[0], at->rsi = arguments[1], at->rdx = arguments[2];
    at->r10 = arguments[3], at->r8 = arguments[4], at->r9 = arguments[5];
}

/* Where the stack pointer is in a function that was called where it was `top`, a multiple of 16. */
static inline uint64_t registers_stack_called(uint64_t top)
{
    return top - sizeof(uint64_t);
}

/* It will come back to address 0; the word at the new stack pointer has to be that. */
static inline void registers_set_call(struct registers *registers, uint64_t function, uint64_t a, uint64_t b, uint64_t stack)
{
    enum { DIRECTION = 1 << 10, TRAP = 1 << 8 };
    struct user_regs_struct *at = &registers->at;
    at->rip = function;
    at->rsp = stack;
    at->rdi = a, at->rsi = b;
    at->rax = at->rbp = 0;
    at->orig_rax = ~0ull;
    at->eflags &= ~(unsigned long long)(DIRECTION | TRAP);
}

static inline uint64_t registers_result(const struct registers *registers)
{
    return registers->at.rax;
}

/* Where the stack pointer is when a function came back that was called with `stack`. */
static inline uint64_t registers_stack_back(uint64_t stack)
{
    return stack + sizeof(uint64_t);
}

#elif defined(__aarch64__)

#define REGISTERS_KNOWN 1
#define REGISTERS_FORGET_CALLS 1 /* where a thread is stopped in a call, they tell only by its code which it is, and not how it goes on */
enum { REGISTERS_CODE_ALIGN = 4 };
static const unsigned char registers_syscall_code[] = {0x01, 0x00, 0x00, 0xd4}; /* svc #0 */
struct registers {
    struct user_regs_struct at;
    int call; /* NT_ARM_SYSTEM_CALL */
};
/* In PSTATE: the last instruction was an indirect branch, after which only some may come (BTI). */
static const unsigned long long REGISTERS_BRANCHED = 3 << 10;

static inline uint64_t registers_pc(const struct registers *registers)
{
    return registers->at.pc;
}

static inline uint64_t registers_stack(const struct registers *registers)
{
    return registers->at.sp;
}

static inline long registers_syscall(const struct registers *registers)
{
    return registers->call;
}

static inline bool registers_are_wide(const struct registers *registers)
{
    return !(registers->at.pstate & 0x10);
}

static inline long registers_number(const struct registers *registers)
{
    return (long)registers->at.regs[8];
}

static inline void registers_set_again(struct registers *registers, uint64_t first)
{
    registers->at.regs[0] = first;
    registers->at.pc -= sizeof registers_syscall_code;
}

static inline void registers_set_syscall(struct registers *registers, uint64_t instruction, long number, const uint64_t arguments[6])
{
    registers->at.pc = instruction;
    registers->at.regs[8] = (unsigned long long)number;
    for (int i = 0; i < 6; i++)
        registers->at.regs[i] = arguments[i];
    registers->at.pstate &= ~REGISTERS_BRANCHED;
    registers->call = -1;
}

static inline uint64_t registers_stack_called(uint64_t top)
{
    return top;
}

static inline void registers_set_call(struct registers *registers, uint64_t function, uint64_t a, uint64_t b, uint64_t stack)
{
    registers->at.pc = function;
    registers->at.sp = stack;
    registers->at.regs[0] = a, registers->at.regs[1] = b;
    registers->at.regs[29] = 0;
    registers->at.regs[30] = 0;
    registers->at.pstate &= ~REGISTERS_BRANCHED;
    registers->call = -1;
}

static inline uint64_t registers_result(const struct registers *registers)
{
    return registers->at.regs[0];
}

static inline uint64_t registers_stack_back(uint64_t stack)
{
    return stack;
}

#else

#define REGISTERS_KNOWN 0

#endif
#endif
