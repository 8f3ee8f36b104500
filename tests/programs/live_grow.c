/* live_grow: in seconds and a rate, out a run that keeps some blocks each millisecond and frees others, steadily; one call stack leaks.
 *
 * usage: live_grow SECONDS [KEPT]
 * SIGUSR1 ends it sooner, as if the time was over.
 * Each millisecond keep_some() keeps KEPT (1) blocks of 1000 bytes for ever, and pass_through() makes and frees ten of 100 bytes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *volatile last;
static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

static __attribute__((noinline)) void keep_some(int count)
{
    for (int i = 0; i < count; i++)
        last = malloc(1000);
}

static __attribute__((noinline)) void pass_through(void)
{
    for (int i = 0; i < 10; i++) {
        void *volatile block = malloc(100);
        free(block);
    }
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double end = now() + (argc > 1 ? atof(argv[1]) : 1);
    int kept = argc > 2 ? atoi(argv[2]) : 1;
    signal(SIGUSR1, on_signal);
    while (!is_over && now() < end) {
        keep_some(kept);
        pass_through();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    puts("live_grow: done");
    return 0;
}
