/* random_signal: in a seed, a count and threads, out heap calls in signal handlers: raised by the thread itself, on an alternate stack, and by timer at any
 * instruction. Needs an allocator that may be interrupted (tests/reference/bump.c).
 *
 * usage: random_signal SEED EVENTS THREADS */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "random_dice.h"

struct walker {
    uint64_t dice;
    long left;
};

static __thread uint64_t handler_dice;

static __attribute__((noinline)) void handle(int depth)
{
    volatile char room[64];
    room[0] = (char)depth;
    free(malloc(1 + dice_roll(&handler_dice, 200)));
    if (depth > 0)
        handle(depth - 1);
    room[0]++;
}

static void on_signal(int number)
{
    (void)number;
    handle((int)dice_roll(&handler_dice, 5));
}

static __attribute__((noinline)) void step(struct walker *walker, int depth)
{
    walker->left--;
    char *block = malloc(1 + dice_roll(&walker->dice, 300));
    uint32_t chance = dice_roll(&walker->dice, 40);
    if (chance == 0)
        raise(SIGUSR1);
    else if (chance == 1)
        raise(SIGUSR2);
    if (depth > 0)
        step(walker, depth - 1);
    block = realloc(block, 1 + dice_roll(&walker->dice, 300));
    free(block);
}

static void *run(void *argument)
{
    struct walker *walker = argument;
    stack_t alternate = {.ss_sp = malloc(65536), .ss_size = 65536};
    sigaltstack(&alternate, NULL);
    while (walker->left > 0)
        step(walker, (int)dice_roll(&walker->dice, 20));
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    free(alternate.ss_sp);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_signal SEED EVENTS THREADS\n");
        return 2;
    }
    struct sigaction plain = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, other = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    sigaction(SIGUSR1, &plain, NULL);
    sigaction(SIGUSR2, &other, NULL);
    sigaction(SIGALRM, &plain, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 300}, {0, 300}}, NULL);
    struct walker walkers[16];
    pthread_t ids[16];
    int threads = atoi(argv[3]);
    for (int i = 0; i < threads && i < 16; i++) {
        walkers[i] = (struct walker){strtoull(argv[1], NULL, 10) * 1000 + (uint64_t)i, atol(argv[2]) / threads};
        pthread_create(&ids[i], NULL, run, &walkers[i]);
    }
    for (int i = 0; i < threads && i < 16; i++)
        pthread_join(ids[i], NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    return 0;
}
