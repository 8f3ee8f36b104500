/* riscv: in QEMU's virt, 32 or 64 bit, started by picolibc's crt0 with its linker script, out a board. */
#include <errno.h>
#include <stddef.h>

#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define BYTE(address) (*(volatile uint8_t *)(uintptr_t)(address))
#define UART 0x10000000
#define TEST_DEVICE 0x100000
#define SOFTWARE_INTERRUPT 0x2000000
#define TIME 0x200bff8
/* The libraries are found by an -march that does not name what these instructions need. */
#define CSR(words) ".option push\n\t.option arch, +zicsr\n\t" words "\n\t.option pop"
#define MSTATUS_MIE 8
#define MIE_MSIE 8
#define STACK_BYTES 4096

extern char __heap_start[], __heap_end[], __stack[], __image_start[], __etext[];
void *sbrk(ptrdiff_t bytes);
void _exit(int code);

static void (*interrupt_call)(void);

/* The software interrupt, or an exception. */
__attribute__((interrupt, aligned(4))) static void trap_handle(void)
{
    intptr_t cause;
    __asm__ volatile(CSR("csrr %0, mcause") : "=r"(cause));
    if (cause >= 0)
        board_exit(99);
    REGISTER(SOFTWARE_INTERRUPT) = 0;
    interrupt_call();
}

void board_start(void)
{
    __asm__ volatile(CSR("csrw mtvec, %0") ::"r"(trap_handle));
    __asm__ volatile(CSR("csrs mie, %0") ::"r"(MIE_MSIE));
    __asm__ volatile(CSR("csrs mstatus, %0") ::"r"(MSTATUS_MIE));
}

void board_put(uint8_t byte)
{
    while (!(BYTE(UART + 5) & 0x20)) {
    }
    BYTE(UART) = byte;
}

int board_get(void)
{
    return BYTE(UART + 5) & 1 ? BYTE(UART) : -1;
}

uint32_t board_now(void)
{
    return REGISTER(TIME);
}

int board_interrupt(void (*call)(void))
{
    interrupt_call = call;
    REGISTER(SOFTWARE_INTERRUPT) = 1;
    while (REGISTER(SOFTWARE_INTERRUPT)) {
    }
    return 1;
}

struct board_memory board_memory(void)
{
    return (struct board_memory){(char *)((uintptr_t)__stack - STACK_BYTES), __stack, __heap_start, __heap_end, __image_start, (uint32_t)(__etext - __image_start)};
}

void board_exit(int code)
{
    REGISTER(TEST_DEVICE) = code ? ((uint32_t)code << 16) | 0x3333 : 0x5555;
    for (;;) {
    }
}

void _exit(int code)
{
    board_exit(code);
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
