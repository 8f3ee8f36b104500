/* main: the smallest firmware with the tracer: no operating system, malloc wrapped by the linker, the stream on the board's serial line. */
#include <stdlib.h>

#include <heaptracer/port.h>

#include "board.h"
#include "target/os/bare/bare.h"
#include "target/sink/sink_uart.h"

#define ROUNDS 50

static uint8_t memory[1024];
static struct ht_uart uart;

uint32_t ht_port_now(void)
{
    return board_now();
}

uint32_t ht_port_ticks_per_s(void)
{
    return BOARD_TICKS_PER_S;
}

/* So that the host can tell whether it was given the right ELF. */
struct ht_image ht_port_image(void)
{
    struct board_memory board = board_memory();
    return (struct ht_image){board.image, board.image_bytes};
}

static void line_put(void *context, uint8_t byte)
{
    (void)context;
    board_put(byte);
}

static int line_get(void *context)
{
    (void)context;
    return board_get();
}

/* Every tenth is never freed. */
static void message_handle(unsigned number)
{
    char *message = malloc(20 + number % 7);
    if (message && number % 10)
        free(message);
}

int main(void)
{
    board_start();
    struct board_memory board = board_memory();
    uart = (struct ht_uart){.put = line_put, .get = line_get};
    ht_bare_stacks(board.stack, board.stack_end);
    ht_start(&(struct ht_config){.memory = memory, .memory_bytes = sizeof memory, .sink = ht_uart_begin(&uart)});
    for (unsigned round = 0; round < ROUNDS; round++) {
        message_handle(round);
        ht_pump();
    }
    ht_stop();
    while (ht_pump() > 0) {
    }
    board_exit(0);
}
