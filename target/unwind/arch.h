/* arch: what the stack walker must know of a processor: DWARF register numbers, what a call leaves where, how a signal frame looks. A new processor is a
 * block here. */
#ifndef TARGET_UNWIND_ARCH_H
#define TARGET_UNWIND_ARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "target/process/walk.h"

#define ARCH_WORD sizeof(uintptr_t)

struct arch_registers {
    uint64_t pc, sp, fp;
    uint64_t ra; /* the register that a call leaves its return address in, 0 if there is none */
};

static inline uint64_t arch_load(uint64_t address)
{
    return *(const volatile uintptr_t *)(uintptr_t)address;
}

/* Per processor:
 *   ARCH_DWARF_FP, ARCH_DWARF_SP   register numbers
 *   ARCH_CFA_UNIT                  what CFA offsets at calls are multiples of
 *   ARCH_CODE_SHIFT                low bits that are 0 in each return address
 *   ARCH_AFTER                     bytes from an interrupted instruction to an address that is like a return address of it
 *   ARCH_STRIP_RA(ra)              a return address without what else its word holds
 *   arch_caller                    from HT_FRAME of a hook: registers of its caller at the call, and *slot, where the return address lies
 *   arch_signal                    from SP at the kernel's signal trampoline, the interrupted registers; they lie within ARCH_SIGNAL_BYTES above it
 *   arch_is_trampoline             the code there returns from a signal; where a C library has no unwind information for it */
#if defined(__x86_64__)

#define ARCH_NAME "x86_64"
#define ARCH_MACHINE EM_X86_64
#define ARCH_DWARF_FP 6
#define ARCH_DWARF_SP 7
#define ARCH_CFA_UNIT 8
#define ARCH_CODE_SHIFT 0
#define ARCH_AFTER 1
#define ARCH_STRIP_RA(ra) (ra)
#define ARCH_SIGNAL_BYTES 176

/* The ucontext lies at SP in the frame of __restore_rt (Linux arch/x86/include/asm/sigframe.h). */
static inline struct arch_registers arch_signal(uint64_t sp, uint64_t trampoline)
{
    (void)trampoline;
    return (struct arch_registers){.pc = arch_load(sp + 168), .sp = arch_load(sp + 160), .fp = arch_load(sp + 120)};
}

static inline bool arch_is_trampoline(uint64_t pc)
{
    return !memcmp((const void *)(uintptr_t)pc, "\x48\xc7\xc0\x0f\0\0\0\x0f\x05", 9); /* mov $SYS_rt_sigreturn, %rax; syscall */
}

#elif defined(__i386__)

#define ARCH_NAME "i386"
#define ARCH_MACHINE EM_386
#define ARCH_DWARF_FP 5
#define ARCH_DWARF_SP 4
#define ARCH_CFA_UNIT 4
#define ARCH_CODE_SHIFT 0
#define ARCH_AFTER 1
#define ARCH_STRIP_RA(ra) (ra)
#define ARCH_SIGNAL_BYTES 64

/* sigreturn pops the signal's number first, rt_sigreturn finds a pointer to the ucontext behind it and the siginfo's. */
static inline struct arch_registers arch_signal(uint64_t sp, uint64_t trampoline)
{
    bool old = *(const uint8_t *)(uintptr_t)trampoline == 0x58;
    uint64_t registers = old ? sp + 4 : arch_load(sp + 8) + 20;
    return (struct arch_registers){.pc = arch_load(registers + 56), .sp = arch_load(registers + 28), .fp = arch_load(registers + 24)};
}

static inline bool arch_is_trampoline(uint64_t pc)
{
    const void *code = (const void *)(uintptr_t)pc;
    return !memcmp(code, "\xb8\xad\0\0\0\xcd\x80", 7) || !memcmp(code, "\x58\xb8\x77\0\0\0\xcd\x80", 8);
}

#elif defined(__aarch64__)

#define ARCH_NAME "aarch64"
#define ARCH_MACHINE EM_AARCH64
#define ARCH_DWARF_FP 29
#define ARCH_DWARF_SP 31
#define ARCH_CFA_UNIT 16
#define ARCH_CODE_SHIFT 2
#define ARCH_AFTER 4
/* Signed return addresses have their signature above the 48 address bits. */
#define ARCH_STRIP_RA(ra) ((ra) & 0xffffffffffffu)
#define ARCH_SIGNAL_BYTES 576

/* siginfo (128 bytes), then the ucontext, whose registers begin at 184. */
static inline struct arch_registers arch_signal(uint64_t sp, uint64_t trampoline)
{
    (void)trampoline;
    return (struct arch_registers){.pc = arch_load(sp + 568), .sp = arch_load(sp + 560), .fp = arch_load(sp + 544), .ra = arch_load(sp + 552)};
}

static inline bool arch_is_trampoline(uint64_t pc)
{
    return !memcmp((const void *)(uintptr_t)pc, "\x68\x11\x80\xd2\x01\0\0\xd4", 8); /* mov x8, #SYS_rt_sigreturn; svc #0 */
}

#elif defined(__riscv) && __riscv_xlen == 64

#define ARCH_NAME "riscv64"
#define ARCH_MACHINE EM_RISCV
#define ARCH_DWARF_FP 8
#define ARCH_DWARF_SP 2
#define ARCH_CFA_UNIT 16
#define ARCH_CODE_SHIFT 0
#define ARCH_AFTER 2
#define ARCH_STRIP_RA(ra) (ra)
#define ARCH_SIGNAL_BYTES 376

/* siginfo (128 bytes), then the ucontext, whose registers begin at 176: pc, ra, sp, gp, tp, t0, t1, t2, s0. */
static inline struct arch_registers arch_signal(uint64_t sp, uint64_t trampoline)
{
    (void)trampoline;
    return (struct arch_registers){.pc = arch_load(sp + 304), .sp = arch_load(sp + 320), .fp = arch_load(sp + 368), .ra = arch_load(sp + 312)};
}

static inline bool arch_is_trampoline(uint64_t pc)
{
    return !memcmp((const void *)(uintptr_t)pc, "\x93\x08\xb0\x08\x73\0\0\0", 8); /* li a7, SYS_rt_sigreturn; ecall */
}

#elif defined(__arm__)

#define ARCH_NAME "arm"
#define ARCH_MACHINE EM_ARM
#define ARCH_DWARF_FP 7 /* in Thumb code */
#define ARCH_DWARF_SP 13
#define ARCH_CFA_UNIT 4
#define ARCH_CODE_SHIFT 0
#define ARCH_AFTER 2
#define ARCH_STRIP_RA(ra) ((ra) & ~(uint64_t)1) /* the lowest bit says that the caller is Thumb code */
#define ARCH_SIGNAL_BYTES 224

/* rt_sigreturn's frame begins with a siginfo (128 bytes); then the ucontext, whose registers begin at 32: r0 .. r10, fp, ip, sp, lr, pc. */
static inline struct arch_registers arch_signal(uint64_t sp, uint64_t trampoline)
{
    const uint8_t *code = (const uint8_t *)(uintptr_t)trampoline;
    uint8_t number = code[0] == 0x4f ? code[2] : code[0];
    uint64_t registers = sp + (number == 173 ? 128 : 0) + 32;
    return (struct arch_registers){
        .pc = ARCH_STRIP_RA(arch_load(registers + 60)), .sp = arch_load(registers + 52), .fp = arch_load(registers + 28), .ra = arch_load(registers + 56)};
}

/* mov r7, #SYS_sigreturn or #SYS_rt_sigreturn; svc 0, in either instruction set. */
static inline bool arch_is_trampoline(uint64_t pc)
{
    const void *code = (const void *)(uintptr_t)pc;
    return !memcmp(code, "\x77\x70\xa0\xe3\0\0\0\xef", 8) || !memcmp(code, "\xad\x70\xa0\xe3\0\0\0\xef", 8) ||
           !memcmp(code, "\x77\x27\0\xdf", 4) || !memcmp(code, "\xad\x27\0\xdf", 4) ||
           !memcmp(code, "\x4f\xf0\x77\x07\0\xdf", 6) || !memcmp(code, "\x4f\xf0\xad\x07\0\xdf", 6);
}

#else
#error "no stack walker for this processor yet: add its block here (see CONTRIBUTING.md, 'add an architecture')"
#endif

#if HT_CALL_PUSHES
static inline struct arch_registers arch_caller(const void *at, uint64_t *slot)
{
    const uintptr_t *frame = at;
    *slot = (uintptr_t)(frame + 1);
    return (struct arch_registers){.pc = frame[1], .sp = (uintptr_t)(frame + 2), .fp = frame[0]};
}
#elif defined(__arm__)
/* No register has one place in all frames: the walk begins in itself, and whoever calls this goes on to the hook's caller. */
static inline __attribute__((always_inline)) struct arch_registers arch_caller(const void *at, uint64_t *slot)
{
    uintptr_t pc, sp, fp;
    (void)at;
    *slot = 0;
    __asm__ volatile("mov %0, pc\n\tmov %1, sp\n\tmov %2, r7" : "=&r"(pc), "=&r"(sp), "=&r"(fp));
    return (struct arch_registers){.pc = pc, .sp = sp, .fp = fp};
}
#else
/* aarch64: the frame pointer points to { caller's, return address }; riscv: behind them. */
static inline struct arch_registers arch_caller(const void *at, uint64_t *slot)
{
    const struct ht_origin *origin = at;
#if defined(__riscv)
    const uintptr_t *frame = (const uintptr_t *)origin->frame - 2;
#else
    const uintptr_t *frame = origin->frame;
#endif
    *slot = (uintptr_t)(frame + 1);
    return (struct arch_registers){.pc = ARCH_STRIP_RA((uint64_t)frame[1]), .sp = (uintptr_t)origin->cfa, .fp = frame[0]};
}
#endif

#endif
