/* roots: on a board, out as text what a scan from the roots finds: who is kept by a list, by a pointer into it, by the stack of a task that waits and by the one that
 * runs, and who is lost. The program goes on while it is scanned in slices, and moves its pointers. */
#include <heaptracer/port.h>
#include <stdlib.h>

#include "board.h"
#include "target/os/bare/bare.h"
#include "tests/firmware/tasks.h"

enum { LIST_BYTES = 20, INSIDE_BYTES = 30, TASK_BYTES = 40, OWN_BYTES = 50, CIRCLE_BYTES = 12, CHAIN_BYTES = 14, LIST = 5, SLICE_WORDS = 9, SLICES_MOST = 3000 };
#ifdef __AVR__
enum { MEMORY_BYTES = 900, STACK_BYTES = 300 };
#else
enum { MEMORY_BYTES = 1600, STACK_BYTES = 1024 };
#endif

struct node {
    struct node *next;
};

static uint8_t memory[MEMORY_BYTES] __attribute__((aligned(8))), stack[STACK_BYTES] __attribute__((aligned(16)));
static struct task waiter;
static struct node *lists[2];
static char *volatile inside;
extern char __data_start[], __heap_start[];

uint32_t ht_port_now(void)
{
    return board_now();
}

uint32_t ht_port_ticks_per_s(void)
{
    return BOARD_TICKS_PER_S;
}

void ht_port_print(char letter)
{
    board_put((uint8_t)letter);
}

/* The compiler does not know what it is. */
__attribute__((noinline)) static void *made(size_t bytes)
{
    void *block = malloc(bytes);
    __asm__ volatile("" : "+r"(block)::"memory");
    return block;
}

static void wait_with_block(void)
{
    char *volatile only_here = made(TASK_BYTES);
    task_yield();
    free(only_here);
}

__attribute__((noinline)) static void list_make(void)
{
    for (unsigned i = 0; i < LIST; i++) {
        struct node *node = made(LIST_BYTES);
        node->next = lists[0];
        lists[0] = node;
    }
    inside = made(INSIDE_BYTES);
    inside += 7;
}

/* Two that point to each other, and one that leads to a second. */
__attribute__((noinline)) static void lose(void)
{
    struct node *first = made(CIRCLE_BYTES), *second = made(CIRCLE_BYTES), *third = made(CHAIN_BYTES), *fourth = made(CHAIN_BYTES);
    first->next = second;
    second->next = first;
    third->next = fourth;
    fourth->next = NULL;
    __asm__ volatile("" ::: "memory");
}

/* What calls left on the stack goes. */
__attribute__((noinline)) static void stack_wipe(void)
{
    volatile uint8_t bytes[200];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = 0;
}

/* From one list to the other. */
__attribute__((noinline)) static void list_move(unsigned turn)
{
    unsigned from = turn / LIST & 1;
    struct node *node = lists[from];
    lists[from] = node->next;
    node->next = lists[!from];
    lists[!from] = node;
}

__attribute__((noinline)) static void say(const char *what, int number)
{
    while (*what)
        board_put((uint8_t)*what++);
    board_put(number < 0 ? '-' : (uint8_t)('0' + number % 10));
    board_put('\n');
}

/* At least what is lost; of a program that moves its pointers perhaps more. */
__attribute__((noinline)) static int scan_in_slices(bool moves)
{
    int lost = HT_NOT_YET;
    unsigned turn = 0;
    for (; turn < SLICES_MOST && (!moves || lost == HT_NOT_YET); turn++) {
        if (moves)
            list_move(turn);
        lost = ht_leak_scan(SLICE_WORDS);
    }
    return lost;
}

int main(void)
{
    struct board_memory board = board_memory();
    struct task *const tasks[] = {&waiter};
    board_start();
    ht_bare_stacks(0, board.stack_end);
    ht_stack_main(board.stack, (size_t)((char *)board.stack_end - (char *)board.stack));
    if (ht_leak_scan(0) != HT_NOT_HERE || ht_start(&(struct ht_config){.mode = HT_MODE_TABLE, .memory = memory, .memory_bytes = sizeof memory, .blocks = 20}))
        board_exit(20);
    ht_root_add(__data_start, (size_t)(__heap_start - __data_start));
    task_begin(&waiter, "waiter", wait_with_block, stack, sizeof stack);
    tasks_turn(tasks, 1);
    list_make();
    char *volatile own = made(OWN_BYTES);
    lose();
    stack_wipe();
    say("while it moves ", scan_in_slices(true) >= 4);
    say("in slices ", scan_in_slices(false));
    say("at once ", ht_leak_scan(0));
    ht_report(NULL);
    free(own);
    tasks_turn(tasks, 1);
    inside = NULL;
    stack_wipe();
    say("then ", ht_leak_scan(0));
    board_exit(0);
}
