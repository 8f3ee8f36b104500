/* arch: what the stack walker must know of a processor: DWARF register numbers, where a return address lies, how a signal frame looks. */
#ifndef TARGET_UNWIND_ARCH_H
#define TARGET_UNWIND_ARCH_H

#include <stdint.h>

#if defined(__x86_64__)

#define ARCH_NAME "x86_64"
#define ARCH_DWARF_FP 6
#define ARCH_DWARF_SP 7
#define ARCH_RA_AT_CFA 1        /* the return address always lies one word below the CFA */
#define ARCH_STRIP_RA(ra) (ra)
/* The ucontext lies at SP in the frame of __restore_rt (Linux arch/x86/include/asm/sigframe.h). */
#define ARCH_SIGNAL_SP(sp) (*(const uint64_t *)(uintptr_t)((sp) + 160))
#define ARCH_SIGNAL_PC(sp) (*(const uint64_t *)(uintptr_t)((sp) + 168))
#define ARCH_SIGNAL_FP(sp) (*(const uint64_t *)(uintptr_t)((sp) + 120))
#define ARCH_SIGNAL_BYTES 176

#else
#error "no stack walker for this processor yet: add its block here (see CONTRIBUTING.md, 'add an architecture')"
#endif

#endif
