/* walk_board: per machine of the walkers' tests: which walker it has, where its stack ends, how it says a line and ends. */
#ifndef TESTS_FIRMWARE_WALK_BOARD_H
#define TESTS_FIRMWARE_WALK_BOARD_H

#include <stdbool.h>

#include <heaptracer/again.h>

#define BOARD_RETURN_ADDRESS() ((ht_pc)(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)) & ~(ht_pc)1)
#define BOARD_LARGE_WORDS 300
#define BOARD_REAL float
#define BOARD_ALLOCA 1
#define BOARD_ROUNDS 2000
#if defined(__OPTIMIZE__) && !defined(__ARM_ARCH_6M__) && !defined(__XTENSA__)
#define BOARD_TAIL_JUMPS 1
#else
#define BOARD_TAIL_JUMPS 0
#endif
#define BOARD_DEPTH 12
#define BOARD_CONSTANT_FRAMES 1
#if (defined(__arm__) && !defined(__OPTIMIZE__)) || defined(WALK_SLICE)
#undef BOARD_CONSTANT_FRAMES
#define BOARD_CONSTANT_FRAMES 0 /* a frame found by its frame pointer is never known again, nor is a slice */
#endif
#if defined(__AVR__) && RAMEND < 0x1000
#define BOARD_AGAIN 2
#else
#define BOARD_AGAIN 16
#endif

#if defined(__AVR__)
#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
#undef BOARD_RETURN_ADDRESS
#undef BOARD_LARGE_WORDS
#undef BOARD_ROUNDS
#define BOARD_RETURN_ADDRESS() avr_return_address(avr_place(__builtin_dwarf_cfa()))
#define BOARD_LARGE_WORDS 60
#define BOARD_ROUNDS 500
#define BOARD_WALK ht__walk_avr
#elif defined(__XTENSA__)
#undef BOARD_LARGE_WORDS
#undef BOARD_REAL
#undef BOARD_RETURN_ADDRESS
#define BOARD_RETURN_ADDRESS() ((ht_pc)(uintptr_t)__builtin_return_address(0)) /* may be odd */
#define BOARD_LARGE_WORDS 120
#define BOARD_REAL int /* no library for reals */
#define BOARD_WALK ht__walk_call0
#elif defined(__riscv)
#define BOARD_WALK ht__walk_riscv
#elif defined(WALK_SLICE)
#define BOARD_HANDLER SVC_Handler
#else
#define BOARD_HANDLER arm_svc_isr
#define BOARD_WALK ht__walk_cortex_m
#endif

#ifdef WALK_SLICE
/* walk_slice.c; `count` return addresses, outermost first */
void board_tell(const void *here, const ht_pc *truth, unsigned count);
#define BOARD_TELL board_tell
#undef BOARD_ROUNDS
#define BOARD_ROUNDS 400
#endif

void board_begin(void);
void board_character(char c);
void board_end(int status);

static inline void board_text(const char *text)
{
    while (*text)
        board_character(*text++);
}

static inline void board_number(unsigned long number)
{
    char digits[12];
    unsigned count = 0;
    do
        digits[count++] = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    while (count)
        board_character(digits[--count]);
}

#endif
