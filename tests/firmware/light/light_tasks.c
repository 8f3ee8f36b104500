/* light_tasks: three tasks of a light controller: one renders, one serves a socket and forgets sessions, one switches effects and forgets their state. */
#include <heaptracer/heaptracer.h>
#include <stdlib.h>
#include <string.h>

#include "light.h"
#include "psram.h"

#define ALIGNED __attribute__((aligned(16)))

struct stack {
    uint8_t slack[32 * sizeof(void *)] ALIGNED; /* what overflows runs into it */
    uint8_t stack[TASK_STACK_BYTES] ALIGNED;
};
static struct stack stacks[3];
static struct task render, network, effects;
struct task *const light_tasks[3] = {&render, &network, &effects};
volatile unsigned light_frame;

__attribute__((noinline)) static void *transition_start(void)
{
    return memset(planned(malloc(TRANSITION_BYTES)), 1, TRANSITION_BYTES);
}

static void render_run(void)
{
    uint8_t *leds = planned(HT_MALLOC(leds, LED_BYTES)), *next = planned(HT_MALLOC(next, LED_BYTES)), *transition = NULL;
    for (light_frame = 0; light_frame < LIGHT_FRAMES; light_frame++) {
        if (light_frame % TRANSITION_EVERY == 0)
            transition = transition_start();
        if (light_frame % TRANSITION_EVERY == TRANSITION_FRAMES)
            free(transition);
        memset(next, (int)light_frame, LED_BYTES);
        memcpy(leds, next, LED_BYTES);
        task_yield();
    }
    HT_FREE(next);
    HT_FREE(leds);
}

/* What it returns nobody keeps, once in SESSION_LEAK_EVERY times. */
__attribute__((noinline)) static void *session_open(void)
{
    return memset(planned(malloc(SESSION_BYTES)), 2, SESSION_BYTES);
}

__attribute__((noinline)) static void connection_serve(unsigned number)
{
    char *request = planned(malloc(REQUEST_BYTES)), *reply = planned(malloc(REPLY_BYTES));
    void *session = session_open();
    memset(request, 'q', REQUEST_BYTES);
    reply = planned(realloc(reply, REPLY_GROWN_BYTES));
    memset(reply, 'r', REPLY_GROWN_BYTES);
    if (number % SESSION_LEAK_EVERY)
        free(session);
    free(reply);
    free(request);
}

static void network_run(void)
{
    for (unsigned number = 0; number < LIGHT_FRAMES; number++) {
        connection_serve(number);
        task_yield();
    }
}

__attribute__((noinline)) static void *effect_new(void)
{
    return memset(planned(malloc(EFFECT_BYTES)), 3, EFFECT_BYTES);
}

/* As deep as the stack is, and a little deeper. */
__attribute__((noinline)) static unsigned stack_overrun(const volatile uint8_t *end)
{
    volatile uint8_t local[16];
    memset((void *)local, 0x11, sizeof local);
    return local < end ? local[0] : stack_overrun(end) + local[1];
}

static void effects_run(void)
{
    void *effect = NULL, *cache[CACHE_MOST] = {0};
    for (unsigned frame = 0; frame < LIGHT_FRAMES; frame++) {
        if (frame % EFFECT_EVERY == 0)
            effect = effect_new();
        if (frame % CACHE_EVERY == 0) {
            void **oldest = &cache[frame / CACHE_EVERY % CACHE_MOST];
            if (*oldest)
                psram_free(*oldest);
            *oldest = psram_alloc(CACHE_BYTES);
        }
        task_yield();
    }
    free(effect);
    for (unsigned at = 0; at < CACHE_MOST; at++)
        psram_free(cache[at]);
    stack_overrun(stacks[2].stack);
}

void light_tasks_begin(void)
{
    task_begin(&render, "render", render_run, stacks[0].stack, TASK_STACK_BYTES);
    task_begin(&network, "network", network_run, stacks[1].stack, TASK_STACK_BYTES);
    task_begin(&effects, "effects", effects_run, stacks[2].stack, TASK_STACK_BYTES);
}
