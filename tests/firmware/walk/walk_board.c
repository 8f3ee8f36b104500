/* walk_board: each machine's lines and end; what starts them is their C library's. */
#include "walk_board.h"

#if defined(__AVR__)

void board_begin(void)
{
    UCSR0B = (1 << TXEN0);
    ht__walk_stack = (struct ht_walk_stack){RAMSTART, RAMEND + 1};
}

void board_character(char c)
{
    while (!(UCSR0A & (1 << UDRE0)))
        ;
    UDR0 = (uint8_t)c;
}

void board_end(int status)
{
    board_character(status ? '!' : '.');
    board_character('\n');
    while (!(UCSR0A & (1 << TXC0)))
        ;
    cli();
    sleep_enable();
    for (;;)
        sleep_cpu();
}

#elif defined(__XTENSA__)

static int call(int number, int a, int b, int c)
{
    register int r2 __asm__("a2") = number;
    register int r3 __asm__("a3") = a;
    register int r4 __asm__("a4") = b;
    register int r5 __asm__("a5") = c;
    __asm__ volatile("simcall" : "+r"(r2), "+r"(r3) : "r"(r4), "r"(r5) : "memory");
    return r2;
}

extern char __stack[], __stack_low[];

void board_begin(void)
{
    ht__walk_stack = (struct ht_walk_stack){(uintptr_t)__stack_low, (uintptr_t)__stack};
}

void board_character(char c)
{
    call(4, 1, (int)&c, 1);
}

void board_end(int status)
{
    call(1, status, 0, 0);
}

#else

#include <stdio.h>
#include <stdlib.h>

extern char __stack[];

void board_begin(void)
{
    ht__walk_stack = (struct ht_walk_stack){(uintptr_t)__stack - 0x8000, (uintptr_t)__stack};
}

void board_character(char c)
{
    putchar(c);
}

void board_end(int status)
{
    exit(status);
}

#endif
