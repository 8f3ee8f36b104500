/* random_coroutine: in a seed, a count and threads, out heap calls from coroutines (makecontext) that are made, switched and ended at random, on stacks
 * that are reused at the same addresses for others, and that lie side by side, so that no unreadable page tells where one ends.
 *
 * usage: random_coroutine SEED EVENTS THREADS */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <stddef.h>

#include "random_dice.h"
#include "random_threads.h"

enum { COROUTINES = 12, STACK_BYTES = 256 * 1024 };

struct coroutine {
    ucontext_t context;
    void *stack;
    int alive;
};

struct walker {
    uint64_t dice;
    long left;
    ucontext_t home;
    char *stacks; /* of all coroutines, in one piece; some have others */
    struct coroutine coroutines[COROUTINES];
    int current;
};

static void pause_here(struct walker *walker)
{
    swapcontext(&walker->coroutines[walker->current].context, &walker->home);
}

static __attribute__((noinline)) void step(struct walker *walker, int depth)
{
    volatile long room[1 + dice_roll(&walker->dice, 60)];
    room[0] = depth;
    char *block = malloc(1 + dice_roll(&walker->dice, 500));
    walker->left--;
    if (dice_roll(&walker->dice, 6) == 0)
        pause_here(walker);
    if (depth > 0)
        step(walker, depth - 1);
    if (dice_roll(&walker->dice, 8) == 0)
        pause_here(walker);
    free(block);
    room[0]++;
}

static void body(unsigned high, unsigned low)
{
    struct walker *walker = (struct walker *)(uintptr_t)((uint64_t)high << 32 | low);
    step(walker, (int)dice_roll(&walker->dice, 25));
    walker->coroutines[walker->current].alive = 0;
    pause_here(walker);
}

static void begin(struct walker *walker, struct coroutine *coroutine)
{
    /* At times the stack is mapped anew: beside its neighbours, or anywhere, often at another one's former place. */
    char *beside = walker->stacks + (size_t)walker->current * STACK_BYTES;
    uint32_t way = dice_roll(&walker->dice, 16);
    if (coroutine->stack && coroutine->stack != beside && way < 2)
        munmap(coroutine->stack, STACK_BYTES);
    if (!coroutine->stack || way == 0)
        coroutine->stack = mmap(beside, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    else if (way == 1)
        coroutine->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    getcontext(&coroutine->context);
    coroutine->context.uc_stack.ss_sp = coroutine->stack;
    coroutine->context.uc_stack.ss_size = STACK_BYTES;
    coroutine->context.uc_link = &walker->home;
    makecontext(&coroutine->context, (void (*)(void))body, 2, (unsigned)((uintptr_t)walker >> 32), (unsigned)(uintptr_t)walker);
    coroutine->alive = 1;
}

static void *run(void *argument)
{
    struct walker *walker = argument;
    walker->stacks = mmap(NULL, (size_t)COROUTINES * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    while (walker->left > 0) {
        walker->current = (int)dice_roll(&walker->dice, COROUTINES);
        struct coroutine *coroutine = &walker->coroutines[walker->current];
        if (!coroutine->alive)
            begin(walker, coroutine);
        swapcontext(&walker->home, &coroutine->context);
        free(malloc(1 + dice_roll(&walker->dice, 100)));
    }
    return NULL;
}

_Static_assert(offsetof(struct walker, dice) == offsetof(struct random_share, dice) && offsetof(struct walker, left) == offsetof(struct random_share, left),
               "a walker begins with its share");

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_coroutine SEED EVENTS THREADS\n");
        return 2;
    }
    random_threads(argv, run, sizeof(struct walker));
    return 0;
}
