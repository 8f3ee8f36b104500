/* pair: on a board, the work that bench/firmware.py counts: between mark_begin and mark_end, a walk of 1 to 8 frames (PAIR_WALK), or a malloc and a free five
 * calls deep, with a tracer in stream mode (PAIR_TRACED) or without. On an AVR, whose emulator has no plugin, it tells the cycles itself. */
#include <stdbool.h>
#include <stdlib.h>

#include "board.h"

#if PAIR_TRACED
#include <heaptracer/port.h>
#endif
#include <heaptracer/here.h>

enum { ROUNDS = 40, DEPTH_MOST = 8 };
static volatile unsigned kept;
static unsigned wanted;

#ifdef __AVR__
#include <avr/io.h>

static uint16_t began;

static void number_say(uint16_t number)
{
    char digits[6];
    uint8_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        board_put((uint8_t)digits[--count]);
    board_put('\n');
}

static void marks_start(void)
{
    TCCR1A = 0;
    TCCR1B = 1 << CS10;
}

static __attribute__((noinline)) void mark_begin(void)
{
    began = TCNT1;
}

static __attribute__((noinline)) void mark_end(void)
{
    number_say(TCNT1 - began);
}
#else
static void marks_start(void)
{
}

__attribute__((noinline)) void mark_begin(void)
{
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void mark_end(void)
{
    __asm__ volatile("" ::: "memory");
}
#endif

#if PAIR_WALK

#define HT_PORT_WALK_ONLY
typedef uintptr_t ht_lock;
#include "target/os/bare/processor.h"

volatile uint8_t ht_bare_task, ht_bare_interrupts;

static HT_HOOK void work(void)
{
    ht_pc frames[DEPTH_MOST];
    mark_begin();
    kept = ht_processor_walk(HT_HERE, frames, wanted);
    mark_end();
}

#else

static __attribute__((noinline)) void work(void)
{
    mark_begin();
    void *block = malloc(24);
    kept = (unsigned)(uintptr_t)block;
    free(block);
    mark_end();
}

#endif

#define CALLER(name, callee)                                                                                                                                  \
    static __attribute__((noinline)) void name(unsigned depth)                                                                                                \
    {                                                                                                                                                         \
        volatile unsigned char room[12];                                                                                                                      \
        room[0] = (unsigned char)depth;                                                                                                                       \
        callee;                                                                                                                                               \
        kept += room[0];                                                                                                                                      \
    }
CALLER(level_eight, work())
CALLER(level_seven, level_eight(depth))
CALLER(level_six, level_seven(depth))
CALLER(level_five, level_six(depth))
CALLER(level_four, level_five(depth))
CALLER(level_three, level_four(depth))
CALLER(level_two, level_three(depth))
CALLER(level_one, level_two(depth))

#if PAIR_TRACED

static uint8_t memory[1600];

static long nowhere(void *context, const uint8_t *bytes, size_t count)
{
    (void)context, (void)bytes;
    return (long)count;
}

static const struct ht_sink sink = {.write = nowhere};

uint32_t ht_port_now(void)
{
    return board_now();
}

struct ht_image ht_port_image(void)
{
    struct board_memory memory = board_memory();
    return (struct ht_image){memory.image, memory.image_bytes};
}

uint32_t ht_port_ticks_per_s(void)
{
    return BOARD_TICKS_PER_S;
}

static void tracer_start(void)
{
    static struct ht_config config = {.memory = memory, .memory_bytes = sizeof memory, .sink = &sink};
    if (ht_start(&config))
        board_exit(1);
}

static void tracer_turn(void)
{
    ht_pump();
}

#else

static void tracer_start(void)
{
}

static void tracer_turn(void)
{
}

#endif

int main(void)
{
    board_start();
    marks_start();
    struct board_memory places = board_memory();
    ht__walk_stack = (struct ht_walk_stack){(uintptr_t)places.stack, (uintptr_t)places.stack_end};
    tracer_start();
    for (wanted = 1; wanted <= (PAIR_WALK ? DEPTH_MOST : 1); wanted++)
        for (unsigned round = 0; round < ROUNDS; round++) {
            level_one(round);
            tracer_turn();
        }
    board_exit(0);
}
