/* light: a controller of an LED strip: what it plants, so that the check (light.py) knows what the host must find. Every number here is read by it too. */
#ifndef LIGHT_H
#define LIGHT_H

#include <stddef.h>

#include "board.h"
#include "tests/firmware/tasks.h"

#ifndef LIGHT_FRAMES
#define LIGHT_FRAMES 160
#endif
#ifndef LIGHT_FPS
#define LIGHT_FPS 0 /* 0: as fast as the line takes it */
#endif
#define LED_BYTES 150
#define TRANSITION_BYTES 96
#define TRANSITION_EVERY 20
#define TRANSITION_FRAMES 8
#define REQUEST_BYTES 60
#define REPLY_BYTES 40
#define REPLY_GROWN_BYTES 90
#define SESSION_BYTES 24
#define SESSION_LEAK_EVERY 16
#define EFFECT_BYTES 48
#define EFFECT_EVERY 32
#define CACHE_BYTES 64
#define CACHE_EVERY 10
#define CACHE_MOST 4
#define NAME_BYTES 12
#define FRAGMENTS 8
#define FRAGMENT_BYTES 56
#define BUTTON_EVERY 40
#define BUTTON_BYTES 8
#define PSRAM_BYTES 256
#ifdef __AVR__
#define HUGE_BYTES 30000
#define TASK_STACK_BYTES 400
#else
#define HUGE_BYTES 1000000
#define TASK_STACK_BYTES (256 * sizeof(void *)) /* the tracer takes some of a stack too */
#endif

/* The plan is that none but the huge one is refused. */
static inline void *planned(void *block)
{
    if (!block)
        board_exit(21);
    return block;
}

extern struct task *const light_tasks[3];
/* Counted by the render task. */
extern volatile unsigned light_frame;

void light_tasks_begin(void);
/* Until the line has all that happened. */
void light_pump(void);
/* What the tracer can tell without harm to the allocator: with guard bands most faults, with a table of live blocks wild frees too. */
void faults_plant(int has_guards, int has_table);

#endif
