/* cortex_m: in QEMU's mps2-an385 (BOARD_MPS2: Cortex-M3) or netduinoplus2 (BOARD_NETDUINO: Cortex-M4, STM32F405), out a board. */
#include <errno.h>
#include <stddef.h>

#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define ICSR REGISTER(0xe000ed04)
#define PENDSVSET (1ul << 28)

extern uint32_t __data_start[], __data_end[], __data_load[], __bss_start__[], __bss_end__[];
extern char __heap_start[], __heap_end[], __StackLimit[], __StackTop[], __image_start[], __image_end[];
int main(void);
void *sbrk(ptrdiff_t bytes);
void *_sbrk(ptrdiff_t bytes);
void board_reset(void);

#ifdef BOARD_MPS2
#define UART 0x40004000
#define TIMER 0x40000000

void board_start(void)
{
    REGISTER(UART + 0x10) = 16;
    REGISTER(UART + 8) = 3;
    REGISTER(TIMER + 8) = UINT32_MAX;
    REGISTER(TIMER) = 1;
}

void board_put(uint8_t byte)
{
    while (REGISTER(UART + 4) & 1) {
    }
    REGISTER(UART) = byte;
}

int board_get(void)
{
    return REGISTER(UART + 4) & 2 ? (int)(REGISTER(UART) & 255) : -1;
}

uint32_t board_now(void)
{
    return UINT32_MAX - REGISTER(TIMER + 4);
}
#else
#define USART 0x40011000
#define TIMER 0x40000000
#define TIMER_CLOCK 1000000000ul /* of the emulated one */

void board_start(void)
{
    REGISTER(USART + 0xc) = (1u << 13) | (1u << 3) | (1u << 2);
    REGISTER(TIMER + 0x28) = TIMER_CLOCK / BOARD_TICKS_PER_S - 1;
    REGISTER(TIMER + 0x14) = 1; /* takes the prescaler */
    REGISTER(TIMER + 0x2c) = UINT32_MAX;
    REGISTER(TIMER) = 1;
}

void board_put(uint8_t byte)
{
    while (!(REGISTER(USART) & 0x80)) {
    }
    REGISTER(USART + 4) = byte;
}

int board_get(void)
{
    return REGISTER(USART) & 0x20 ? (int)(REGISTER(USART + 4) & 255) : -1;
}

uint32_t board_now(void)
{
    return REGISTER(TIMER + 0x24);
}
#endif

static void (*interrupt_call)(void);

/* These three an operating system may have of its own. */
void PendSV_Handler(void);
void SVC_Handler(void);
void SysTick_Handler(void);

__attribute__((weak)) void PendSV_Handler(void)
{
    interrupt_call();
}

int board_interrupt(void (*call)(void))
{
    interrupt_call = call;
    ICSR = PENDSVSET;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    return 1;
}

struct board_memory board_memory(void)
{
    return (struct board_memory){__StackLimit, __StackTop, __heap_start, __heap_end, __image_start, (uint32_t)(__image_end - __image_start)};
}

/* SYS_EXIT_EXTENDED of semihosting. */
void board_exit(int code)
{
    uint32_t block[2] = {0x20026, (uint32_t)code};
    register uint32_t operation __asm__("r0") = 0x20;
    register uint32_t *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
    }
}

static void fault_handle(void)
{
    board_exit(99);
}

__attribute__((weak)) void SVC_Handler(void)
{
    fault_handle();
}

__attribute__((weak)) void SysTick_Handler(void)
{
    fault_handle();
}

void *_sbrk(ptrdiff_t bytes)
{
    static char *top = __heap_start;
    if (bytes > __heap_end - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += bytes;
    return top - bytes;
}

void *sbrk(ptrdiff_t bytes)
{
    return _sbrk(bytes);
}

void board_reset(void)
{
    uint32_t *to = __data_start;
    for (const uint32_t *from = __data_load; to < __data_end;)
        *to++ = *from++;
    for (to = __bss_start__; to < __bss_end__;)
        *to++ = 0;
    board_exit(main());
}

static const void *const vectors[16] __attribute__((section(".vectors"), used)) = {
    __StackTop, (void *)board_reset, (void *)fault_handle, (void *)fault_handle, (void *)fault_handle, (void *)fault_handle, (void *)fault_handle,
    [11] = (void *)SVC_Handler, [14] = (void *)PendSV_Handler, [15] = (void *)SysTick_Handler,
};
