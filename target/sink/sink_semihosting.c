/* sink_semihosting: SYS_OPEN and SYS_WRITE. */
#include "sink_semihosting.h"

#if defined(__arm__) || defined(__riscv)

enum { SYS_OPEN = 1, SYS_WRITE = 5, MODE_WRITE_BINARY = 5 };

static intptr_t debugger_call(uintptr_t operation, const void *arguments)
{
#ifdef __riscv
    register uintptr_t result __asm__("a0") = operation;
    register const void *block __asm__("a1") = arguments;
    /* these three and nothing else is what a debugger looks for */
    __asm__ volatile(".option push\n.option norvc\n.balign 16\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop" : "+r"(result) : "r"(block) : "memory");
#else
    register uintptr_t result __asm__("r0") = operation;
    register const void *block __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(block) : "memory");
#endif
    return (intptr_t)result;
}

static long semihosting_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_semihosting *semihosting = context;
    uintptr_t arguments[3] = {(uintptr_t)semihosting->file, (uintptr_t)bytes, count};
    intptr_t left = debugger_call(SYS_WRITE, arguments);
    return left < 0 || (size_t)left > count ? -1 : (long)(count - (size_t)left);
}

const struct ht_sink *ht_semihosting_begin(struct ht_semihosting *semihosting, const char *path)
{
    uintptr_t arguments[3] = {(uintptr_t)path, MODE_WRITE_BINARY, __builtin_strlen(path)};
    semihosting->file = debugger_call(SYS_OPEN, arguments);
    semihosting->sink = (struct ht_sink){semihosting_write, NULL, semihosting};
    return semihosting->file < 0 ? NULL : &semihosting->sink;
}

#endif
