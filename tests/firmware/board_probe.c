/* board_probe: on a board, out whether it keeps what examples/boards/board.h promises: it says '>', sends what it is sent up to a '.', then ends with 7. */
#include <stdlib.h>
#include <string.h>

#include "board.h"

static int data = 5, zero;
static volatile int interrupts;

static void interrupt_count(void)
{
    interrupts++;
}

int main(void)
{
    board_start();
    if (data != 5 || zero)
        board_exit(1);
    board_put('>');
    uint32_t start = board_now();
    char *block = malloc(100);
    memset(block, 1, 100);
    free(block);
    int has_interrupts = board_interrupt(interrupt_count);
    if (interrupts != has_interrupts)
        board_exit(2);
    for (int byte; (byte = board_get()) != '.';) {
        if (byte >= 0)
            board_put((uint8_t)byte);
    }
    board_put(0);
    board_put(255);
    board_exit(board_now() - start ? 7 : 3);
}
