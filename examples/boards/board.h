/* board: in nothing, out what every board of the examples and tests has: a serial line, a clock, an interrupt and an end; one file a board says how. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#ifdef __AVR__
#define BOARD_TICKS_PER_S 250000ul
#elif defined(BOARD_MPS2)
#define BOARD_TICKS_PER_S 25000000ul
#elif defined(BOARD_NETDUINO)
#define BOARD_TICKS_PER_S 1000000ul
#else
#define BOARD_TICKS_PER_S 10000000ul
#endif

struct board_memory {
    void *stack, *stack_end; /* main's, and the interrupts' */
    void *heap, *heap_end;   /* malloc's */
    const void *image;       /* the program in flash; NULL: not to be read by pointers */
    uint32_t image_bytes;
};

/* Starts the line and the clock; main() calls it first. */
void board_start(void);
/* Waits until the line takes the byte. */
void board_put(uint8_t byte);
/* A byte from the line, or -1. */
int board_get(void);
uint32_t board_now(void);
/* Runs `call` in an interrupt, and returns behind it. 0: this board has none. */
int board_interrupt(void (*call)(void));
struct board_memory board_memory(void);
__attribute__((noreturn)) void board_exit(int code);

#endif
