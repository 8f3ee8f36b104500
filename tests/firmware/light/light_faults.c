/* light_faults: one fault of each kind, each in a function of its own, by which the host must name it. */
#include <heaptracer/heaptracer.h>
#include <stdlib.h>

#include "light.h"

#define PLANTED __attribute__((noinline)) static void

static volatile char not_of_the_heap[16];

/* Hidden from the compiler, which would warn. */
static void *hidden(void *block)
{
    __asm__("" : "+r"(block));
    return block;
}

PLANTED plant_overflow(void)
{
    volatile char *name = planned(malloc(NAME_BYTES));
    for (unsigned at = 0; at <= NAME_BYTES; at++)
        name[at] = "twelve chars"[at];
    free((void *)name);
}

PLANTED plant_underflow(void)
{
    volatile char *name = hidden(planned(malloc(NAME_BYTES)));
    name[-1] = 'x';
    free((void *)name);
}

PLANTED plant_double_free(void)
{
    char *name = planned(malloc(NAME_BYTES)), *again = hidden(name);
    free(name);
    free(again);
}

PLANTED plant_wild_free(void)
{
    free(hidden((void *)(not_of_the_heap + 8)));
}

PLANTED plant_interior_free(void)
{
    char *name = planned(malloc(NAME_BYTES));
    free(hidden(name + 8));
    free(name);
}

PLANTED plant_use_after_free(void)
{
    char *name = planned(malloc(NAME_BYTES));
    volatile char *later = hidden(name);
    free(name);
    later[2] = 'u';
}

PLANTED plant_refusal(void)
{
    free(hidden(malloc(HUGE_BYTES)));
}

/* Every other one is freed: no hole takes two. */
PLANTED plant_fragments(void)
{
    void *fragments[FRAGMENTS];
    for (unsigned at = 0; at < FRAGMENTS; at++)
        fragments[at] = planned(malloc(FRAGMENT_BYTES));
    light_pump();
    for (unsigned at = 0; at < FRAGMENTS; at += 2)
        free(fragments[at]);
    for (unsigned at = 1; at < FRAGMENTS; at += 2)
        free(fragments[at]);
}

static void (*const plants[])(void) = {plant_refusal, plant_fragments, plant_use_after_free, plant_overflow, plant_underflow, plant_double_free,
                                       plant_fragments /* which pushes out what was held back */, plant_wild_free, plant_interior_free};
enum { ANY = 2, GUARDED = 7 };

void faults_plant(int has_guards, int has_table)
{
    int count = has_table ? (int)(sizeof plants / sizeof plants[0]) : has_guards ? GUARDED : ANY;
    for (int at = 0; at < count; at++) {
        plants[at]();
        light_pump();
    }
}
