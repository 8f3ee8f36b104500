/* random_main: a firmware that makes random events, and ends with 0 if the tracer's core and the reference model stayed the same. Tasks, interrupts and stacks are
 * what the event says, so this port is not the board's. */
#include <stdlib.h>

#include "board.h"
#include "random_core.h"

#include <heaptracer/port.h>

#ifndef RANDOM_EVENTS
#ifdef __AVR__
#define RANDOM_EVENTS 5000
#else
#define RANDOM_EVENTS 100000
#endif
#endif

static const struct ht_test_event *now;

uint32_t ht_port_now(void)
{
    return board_now();
}

uint32_t ht_port_ticks_per_s(void)
{
    return BOARD_TICKS_PER_S;
}

ht_lock ht_port_lock(void)
{
    return 0;
}

void ht_port_unlock(ht_lock before)
{
    (void)before;
}

uint8_t ht_port_task(void)
{
    return now->task;
}

bool ht_port_in_interrupt(void)
{
    return now->in_interrupt;
}

unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
    (void)here;
    for (unsigned i = 0; i < now->frames && i < most; i++)
        frames[i] = now->pcs[i];
    return now->frames;
}

void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    (void)caps;
    return malloc(bytes);
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    (void)caps;
    return realloc(block, bytes);
}

void ht_port_free(void *block)
{
    free(block);
}

void ht_port_led(enum ht_light light)
{
    (void)light;
}

void ht_port_print(char letter)
{
    board_put((uint8_t)letter);
}

struct ht_image ht_port_image(void)
{
    return (struct ht_image){NULL, 0};
}

static void each(const struct ht_test_event *event)
{
    now = event;
}

static long discard(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    return count && bytes[count - 1] ? -1 : (long)count;
}

int main(void)
{
    static const struct ht_test_event none;
    static const struct ht_sink sink = {discard, NULL, NULL};
    now = &none;
    board_start();
    board_exit(ht_test_random(1, RANDOM_EVENTS, &sink, each) ? 1 : 0);
}
