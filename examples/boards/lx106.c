/* lx106: in QEMU's sim machine with the core of the ESP8266, out a board. Its line is the simulator's standard output. */
#include <errno.h>
#include <stddef.h>

#include "board.h"

enum { CALL_EXIT = 1, CALL_READ = 3, CALL_WRITE = 4, CALL_SELECT = 29, SELECT_READ = 1 };

extern char __bss_start[], __bss_end[], __heap_start[], __heap_end[], __stack[], __stack_limit[], __image_start[], __image_end[];
int main(void);
void board_reset(void);
void *sbrk(ptrdiff_t bytes);
unsigned __udivsi3(unsigned a, unsigned b);
unsigned __umodsi3(unsigned a, unsigned b);
int __divsi3(int a, int b);
int __modsi3(int a, int b);

/* The stack's top, then C; the simulated core begins at its ROM, so that a jump stands there. */
__asm__(".section .reset,\"ax\"\n"
        "    .align 4\n"
        "    j 1f\n"
        "    .align 4\n"
        "    .literal_position\n"
        "1:  movi a0, _start\n"
        "    jx a0\n"
        ".section .text.start,\"ax\"\n"
        "    .literal_position\n"
        "    .global _start\n"
        "    .align 4\n"
        "_start:\n"
        "    movi a0, 0\n"
        "    movi a1, __stack\n"
        "    movi a2, 0x20\n"
        "    wsr.ps a2\n"
        "    rsync\n"
        "    call0 board_reset\n"
        ".text\n");

static int simulator_call(int number, int first, int second, int third)
{
    register int a2 __asm__("a2") = number;
    register int a3 __asm__("a3") = first;
    register int a4 __asm__("a4") = second;
    register int a5 __asm__("a5") = third;
    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void board_start(void)
{
}

void board_put(uint8_t byte)
{
    simulator_call(CALL_WRITE, 1, (int)&byte, 1);
}

int board_get(void)
{
    uint32_t none[2] = {0, 0};
    uint8_t byte;
    if (simulator_call(CALL_SELECT, 0, SELECT_READ, (int)none) <= 0 || simulator_call(CALL_READ, 0, (int)&byte, 1) != 1)
        return -1;
    return byte;
}

uint32_t board_now(void)
{
    uint32_t now;
    __asm__ volatile("rsr.ccount %0" : "=a"(now));
    return now;
}

int board_interrupt(void (*call)(void))
{
    (void)call;
    return 0;
}

struct board_memory board_memory(void)
{
    return (struct board_memory){__stack_limit, __stack, __heap_start, __heap_end, __image_start, (uint32_t)(__image_end - __image_start)};
}

void board_exit(int code)
{
    simulator_call(CALL_EXIT, code, 0, 0);
    for (;;) {
    }
}

void *sbrk(ptrdiff_t bytes)
{
    static char *top = __heap_start;
    if (bytes > __heap_end - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += bytes;
    return top - bytes;
}

void board_reset(void)
{
    for (char *to = __bss_start; to < __bss_end; to++)
        *to = 0;
    board_exit(main());
}

/* The core has no divider; its libgcc leaves these four to the ROM of the chip. */
static unsigned divide(unsigned a, unsigned b, unsigned *rest)
{
    unsigned quotient = 0, left = 0;
    for (int bit = 31; bit >= 0; bit--) {
        left = left << 1 | (a >> bit & 1);
        if (left >= b) {
            left -= b;
            quotient |= 1u << bit;
        }
    }
    *rest = left;
    return quotient;
}

unsigned __udivsi3(unsigned a, unsigned b)
{
    unsigned rest;
    return divide(a, b, &rest);
}

unsigned __umodsi3(unsigned a, unsigned b)
{
    unsigned rest;
    divide(a, b, &rest);
    return rest;
}

int __divsi3(int a, int b)
{
    unsigned rest, quotient = divide(a < 0 ? 0u - (unsigned)a : (unsigned)a, b < 0 ? 0u - (unsigned)b : (unsigned)b, &rest);
    return (a < 0) != (b < 0) ? (int)(0u - quotient) : (int)quotient;
}

int __modsi3(int a, int b)
{
    return a - __divsi3(a, b) * b;
}
