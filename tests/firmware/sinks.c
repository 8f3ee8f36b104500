/* sinks: in SINK_TEXT, SINK_SEMIHOSTING, SINK_RTT or SINK_POSTMORTEM, out the stream of a small run by that sink, on a Cortex-M or RISC-V board.
 *
 * TEXT: among lines of a log on the serial line. SEMIHOSTING: the file sinks.bin. RTT: a ring in RAM, and the RAM in the file sinks.ram, as a probe would see it.
 * POSTMORTEM: the run ends by a reset; the next one sends what it finds, and dumps the RAM as well. */
#include <heaptracer/port.h>
#include <stdlib.h>

#include "board.h"
#include "target/os/bare/bare.h"
#include "target/sink/sink_postmortem.h"
#include "target/sink/sink_rtt.h"
#include "target/sink/sink_semihosting.h"
#include "target/sink/sink_text.h"
#include "target/sink/sink_uart.h"

#ifndef ROUNDS
#define ROUNDS 50
#endif
#define RAM 0x20000000
#define RAM_BYTES (128 * 1024)
#define RESET_REGISTER (*(volatile uint32_t *)0xe000ed0c)
#define RESET_NOW 0x05fa0004

static uint8_t memory[2048];

uint32_t ht_port_now(void)
{
    return board_now();
}

uint32_t ht_port_ticks_per_s(void)
{
    return BOARD_TICKS_PER_S;
}

static void pump(void)
{
    while (ht_pump() > 0) {
    }
}

__attribute__((unused)) static void text_put(void *context, const char *letters, size_t count)
{
    (void)context;
    for (size_t at = 0; at < count; at++)
        board_put((uint8_t)letters[at]);
}

__attribute__((noinline)) static void message_handle(unsigned number)
{
    char *volatile message = malloc(20 + number % 7);
    if (number % 10)
        free(message);
#ifdef SINK_TEXT
    if (number % 10 == 3)
        text_put(NULL, "I (77) light: a line of the log\r\n", 33);
#endif
}

static void run(const struct ht_sink *sink)
{
    struct board_memory board = board_memory();
    ht_bare_stacks(board.stack, board.stack_end);
    if (!sink || ht_start(&(struct ht_config){.memory = memory, .memory_bytes = sizeof memory, .sink = sink}))
        board_exit(20);
    for (unsigned round = 0; round < ROUNDS; round++) {
        message_handle(round);
        pump();
    }
}

__attribute__((unused)) static void stop(void)
{
    ht_stop();
    pump();
}

#if defined(SINK_RTT) || defined(SINK_POSTMORTEM)
static void ram_dump(void)
{
    static struct ht_semihosting file;
    const struct ht_sink *out = ht_semihosting_begin(&file, "sinks.ram");
    if (!out || out->write(out->context, (const uint8_t *)RAM, RAM_BYTES) != RAM_BYTES)
        board_exit(21);
}
#endif

#if defined(SINK_TEXT)
static void sinks_run(void)
{
    static struct ht_text text = {.print = text_put};
    run(ht_text_begin(&text));
    stop();
}
#elif defined(SINK_SEMIHOSTING)
static void sinks_run(void)
{
    static struct ht_semihosting file;
    run(ht_semihosting_begin(&file, "sinks.bin"));
    stop();
}
#elif defined(SINK_RTT)
static void sinks_run(void)
{
    static struct ht_rtt_block block;
    static struct ht_rtt rtt;
    static uint8_t up[4096], down[8];
    run(ht_rtt_begin(&rtt, &block, up, sizeof up, down, sizeof down));
    stop();
    ram_dump();
}
#else
extern uint8_t __noinit_start[];
#define RING_BYTES (2048 + sizeof(struct ht_postmortem_head))

static void line_put(void *context, uint8_t byte)
{
    (void)context;
    board_put(byte);
}

static void sinks_run(void)
{
    uint8_t *ring = __noinit_start;
    static struct ht_postmortem postmortem;
    static struct ht_uart uart = {.put = line_put};
    const struct ht_sink *line = ht_uart_begin(&uart);
    if (ht_postmortem_found(&postmortem, ring, RING_BYTES)) {
        ram_dump();
        while (ht_postmortem_tell(&postmortem, line) > 0) {
        }
        return;
    }
    run(ht_postmortem_begin(&postmortem, ring, RING_BYTES));
    RESET_REGISTER = RESET_NOW;
    for (;;) {
    }
}
#endif

int main(void)
{
    board_start();
    sinks_run();
    board_exit(0);
}
