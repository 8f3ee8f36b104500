/* emulate_random: a firmware that allocates at random and counts itself what it does; prints the counts that a trace of it must have. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef EMULATE_BOARD
#include <stdarg.h>

#include "board.h"

static void say_number(unsigned long number)
{
    if (number >= 10)
        say_number(number / 10);
    board_put((uint8_t)('0' + number % 10));
}

/* A board without a C library's output; %lu alone is known. */
static void say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    for (; *format; format++)
        if (*format == '%') {
            say_number(va_arg(list, unsigned long));
            format += 2;
        } else
            board_put((uint8_t)*format);
    va_end(list);
}
#define printf say
#define exit board_exit
#endif

enum { SLOTS = 24, STEPS = 200 };
static void *slots[SLOTS];
static size_t sizes[SLOTS];
static unsigned long allocs, frees, resizes, refused, live, live_bytes, asked;
static uint32_t seed = 7;

static unsigned random_below(unsigned most)
{
    seed = seed * 1664525u + 1013904223u;
    return (unsigned)((seed >> 16) * most >> 16);
}

static void born(unsigned at, void *block, size_t size)
{
    if (!block) {
        refused++;
        return;
    }
    allocs++;
    asked += size;
    slots[at] = block;
    sizes[at] = size;
}

static __attribute__((noinline)) void grow(unsigned at, size_t size)
{
    void *block = realloc(slots[at], size);
    if (!block) {
        refused++;
        return;
    }
    resizes++;
    slots[at] = block;
    sizes[at] = size;
}

static void end(unsigned at)
{
    frees++;
    free(slots[at]);
    slots[at] = NULL;
}

static __attribute__((noinline)) void step(void)
{
    unsigned at = random_below(SLOTS), size = 1 + random_below(200);
    if (slots[at])
        random_below(3) ? end(at) : grow(at, size);
    else if (random_below(40) == 0)
        born(at, malloc(0x7ffffff0), 0x7ffffff0);
    else if (random_below(3) == 0)
        born(at, calloc(size, 3), 3 * size);
    else if (random_below(5) == 0)
        born(at, realloc(NULL, size), size);
    else
        born(at, malloc(size), size);
}

/* The only place that still holds memory of this size at the end. */
__attribute__((noinline)) void *keeper_inner(void)
{
    void *block = malloc(777);
    memset(block, 1, 777);
    return block;
}

__attribute__((noinline)) void *keeper_outer(void)
{
    void *volatile block = keeper_inner();
    return block;
}

int main(void)
{
    for (unsigned i = 0; i < STEPS; i++)
        step();
    born(0, slots[0] ? (end(0), keeper_outer()) : keeper_outer(), 777);
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i]) {
            live++;
            live_bytes += sizes[i];
        }
    printf("allocs %lu frees %lu resizes %lu refused %lu live %lu live_bytes %lu asked %lu\n", allocs, frees, resizes, refused, live, live_bytes, asked);
    exit(9);
}
