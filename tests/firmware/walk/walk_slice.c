/* walk_slice: each stack that walk_path makes, told to the host twice: in marks that have its return addresses, and as an allocation with a slice of it. */
#include <heaptracer/port.h>

#include "board.h"
#include "target/os/bare/bare.h"
#include "target/sink/sink_uart.h"
#include "walk_board.h"

enum { MEMORY_BYTES = 16384, A_MARK = 16 };

static uint8_t memory[MEMORY_BYTES] __attribute__((aligned(8)));
static struct ht_uart uart;

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
    struct board_memory board = board_memory();
    return (struct ht_image){board.image, board.image_bytes};
}

static void line_put(void *context, uint8_t byte)
{
    (void)context;
    board_put(byte);
}

/* The line has frames. */
void board_character(char c)
{
    (void)c;
}

static void pump(void)
{
    while (ht_pump() > 0)
        ;
}

void board_begin(void)
{
    struct board_memory board = board_memory();
    board_start();
    ht_bare_stacks(board.stack, board.stack_end);
    uart.put = line_put;
    if (ht_start(&(struct ht_config){.memory = memory, .memory_bytes = sizeof memory, .sink = ht_uart_begin(&uart)}))
        board_exit(20);
}

void board_end(int status)
{
    ht_stop();
    pump();
    board_exit(status);
}

static char *digits_put(char *to, ht_pc number)
{
    for (int shift = 20; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[number >> shift & 15];
    return to;
}

/* Innermost first, as offsets in the image. */
static void truth_tell(const ht_pc *truth, unsigned count)
{
    char text[A_MARK * 6 + 1];
    ht_pc image = (ht_pc)(uintptr_t)board_memory().image;
    while (count) {
        char *to = text;
        for (unsigned i = 0; i < A_MARK && count; i++)
            to = digits_put(to, truth[--count] - image);
        *to = 0;
        ht_mark(text);
    }
}

void board_tell(const void *here, const ht_pc *truth, unsigned count)
{
    const struct ht_site site = {here, NULL, 0};
    if (!ht_port_in_interrupt())
        pump();
    truth_tell(truth, count);
    ht_on_alloc_from(&site, 0, memory, 8, 0);
    ht_on_free(0, memory);
}
