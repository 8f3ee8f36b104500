/* light: in nothing, out the stream of a light controller's life on the board's serial line, or the report of its leaks in text (LIGHT_REPORT: how many records). */
#include <heaptracer/leak_tracker.h>
#include <heaptracer/port.h>
#include <stdlib.h>
#ifdef __AVR__
#include <avr/interrupt.h>
#include <avr/io.h>
#endif

#include "board.h"
#include "light.h"
#include "psram.h"
#include "target/os/bare/bare.h"
#include "target/sink/sink_uart.h"

#ifdef __AVR__
#define LIGHT_MEMORY_BYTES 1464
#else
#define LIGHT_MEMORY_BYTES 4096
#endif
#ifndef LIGHT_MODE
#define LIGHT_MODE HT_MODE_BOTH
#endif
#define BUTTONS 4

static uint8_t tracer_memory[LIGHT_MEMORY_BYTES] __attribute__((aligned(8)));
static uint8_t button_memory[BUTTONS * BUTTON_BYTES] __attribute__((aligned(8)));
static struct ht_pool button_pool;
static void *volatile button;
#if HT_WITH_ROOTS
extern char __data_start[], __heap_start[]; /* all that is static */
#endif

uint32_t ht_port_now(void)
{
    return board_now();
}

uint32_t ht_port_ticks_per_s(void)
{
    return BOARD_TICKS_PER_S;
}

struct ht_image ht_port_image(void)
{
    struct board_memory memory = board_memory();
    return (struct ht_image){memory.image, memory.image_bytes};
}

void ht_port_print(char letter)
{
#ifdef LIGHT_REPORT
    board_put((uint8_t)letter);
#else
    (void)letter; /* the line has frames */
#endif
}

#if LIGHT_FPS && !defined(__AVR__)
/* The emulated lines have no pace: this is one of 115200 baud, ten bits a byte. */
static bool line_ready(void *context)
{
    static uint32_t free_at;
    uint32_t now = board_now();
    (void)context;
    if ((int32_t)(now - free_at) < 0)
        return false;
    free_at = (int32_t)(now - free_at) > (int32_t)(BOARD_TICKS_PER_S / 1000) ? now : free_at;
    free_at += BOARD_TICKS_PER_S / 11520;
    return true;
}
#define LINE_READY line_ready
#else
#define LINE_READY NULL
#endif

static int line_get(void *context)
{
    (void)context;
    return board_get();
}

/* In an interrupt. */
static void button_pressed(void)
{
    ht_bare_interrupt_enter();
    button = ht_pool_take(&button_pool, BUTTON_BYTES);
    ht_bare_interrupt_leave();
}

#if LIGHT_FPS && defined(__AVR__)
/* A line that is sent by an interrupt, while the program goes on. */
static uint8_t line_memory[200];
static void line_start(void *context)
{
    (void)context;
    UCSR0B |= 1 << UDRIE0;
}
static struct ht_uart_ring line = {line_memory, sizeof line_memory, line_start, line_get, NULL, 0, 0, false, {0}};

ISR(USART0_UDRE_vect)
{
    int byte = ht_uart_ring_take(&line);
    if (byte < 0)
        UCSR0B &= (uint8_t)~(1 << UDRIE0);
    else
        UDR0 = (uint8_t)byte;
}

static const struct ht_sink *line_begin(void)
{
    return ht_uart_ring_begin(&line);
}

static void line_end(void)
{
    while (line.is_busy) {
    }
}
#else
static void line_end(void)
{
}

static void line_put(void *context, uint8_t byte)
{
    (void)context;
    board_put(byte);
}

static const struct ht_sink *line_begin(void)
{
    static struct ht_uart uart = {LINE_READY, line_put, line_get, NULL, LIGHT_FPS ? 16 : 0, {0}};
    return ht_uart_begin(&uart);
}
#endif

static void tracer_begin(void)
{
    struct ht_config config = {.mode = LIGHT_MODE, .memory = tracer_memory, .memory_bytes = sizeof tracer_memory, .sink = line_begin(), .blocks = 24, .quarantine = 4,
                               .quarantine_bytes = 64};
    struct board_memory memory = board_memory();
    ht_bare_stacks(0, memory.stack_end);
#ifdef LIGHT_REPORT
    (void)config;
    if (!leak_tracker_start(LIGHT_REPORT, LIGHT_REPORT))
        board_exit(20);
#else
    if (ht_start(&config))
        board_exit(20);
#endif
    ht_stack_main(memory.stack, (size_t)((char *)memory.stack_end - (char *)memory.stack));
    ht_stack_watch(0, false);
    ht_heap_main("malloc", memory.heap, (size_t)((char *)memory.heap_end - (char *)memory.heap), HT_MEMORY_INTERNAL);
    psram_begin();
    ht_pool_begin(&button_pool, "buttons", button_memory, sizeof button_memory, BUTTON_BYTES);
}

void light_pump(void)
{
    while (ht_pump() > 0) {
    }
    line_end();
}

static void frame_end(uint32_t start)
{
    if (light_frame % BUTTON_EVERY == 0 && board_interrupt(button_pressed) && button) {
        ht_pool_give(&button_pool, button);
        button = NULL;
    }
#if LIGHT_FPS
    do
        ht_pump();
    while (board_now() - start < BOARD_TICKS_PER_S / LIGHT_FPS);
#else
    (void)start;
    light_pump();
#endif
}

int main(void)
{
    board_start();
    tracer_begin();
    ht_mark("start");
    light_tasks_begin();
    for (uint32_t start = board_now(); tasks_turn(light_tasks, 3); start = board_now())
        frame_end(start);
    ht_mark("faults");
    faults_plant(HT_WITH_GUARD, HT_WITH_GUARD && LIGHT_MODE != HT_MODE_STREAM);
    ht_stacks_check();
#if HT_WITH_ROOTS
    ht_root_add(__data_start, (size_t)(__heap_start - __data_start));
    ht_leak_scan(0);
    light_pump();
    ht_snapshot();
    light_pump();
#endif
#ifdef LIGHT_REPORT
    leak_tracker_end();
#else
    ht_mark("end");
    ht_stop();
    light_pump();
#endif
    board_exit(0);
}
