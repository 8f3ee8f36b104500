/* rt_signals: a victim whose signal handlers allocate, return, or jump away. Needs an allocator that is safe in handlers (tests/cli/rt_signals.sh makes one).
 * usage: rt_signals storm|jump|alternate SECONDS. Goes on for longer, up to 30 s, where a busy machine
 * lets few signals through. Prints how many blocks it got and gave back. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long gots, frees, handled, jumps;
static volatile int ending, may_jump;
static sigjmp_buf back;
static pthread_t victim;

static __attribute__((noinline)) void work(size_t size)
{
    void *volatile block = malloc(size);
    __atomic_add_fetch(&gots, 1, __ATOMIC_RELAXED);
    free(block);
    __atomic_add_fetch(&frees, 1, __ATOMIC_RELAXED);
}

static void on_signal(int signal)
{
    (void)signal;
    handled++;
    void *volatile block = malloc(24);
    __atomic_add_fetch(&gots, 1, __ATOMIC_RELAXED);
    free(block);
    __atomic_add_fetch(&frees, 1, __ATOMIC_RELAXED);
    if (!may_jump || handled % 3)
        return;
    jumps++;
    siglongjmp(back, 1);
}

static void *shoot(void *unused)
{
    (void)unused;
    while (!ending) {
        pthread_kill(victim, SIGUSR1);
        struct timespec pause = {0, 20000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Handlers and jumps enough to tell something. */
static int enough(void)
{
    return handled > 200 && (!may_jump || jumps > 60);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "storm";
    double end = now() + (argc > 2 ? atof(argv[2]) : 1), latest = end + 30, time;
    static char stack[65536];
    if (!strcmp(mode, "alternate"))
        sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART | (strcmp(mode, "alternate") ? 0 : SA_ONSTACK)}, NULL);
    may_jump = 0;
    victim = pthread_self();
    pthread_t shooter;
    pthread_create(&shooter, NULL, shoot, NULL);
    sigsetjmp(back, 1);
    may_jump = !strcmp(mode, "jump");
    for (unsigned i = 0; (time = now()) < end || (!enough() && time < latest); i++)
        work(16 + i % 64 * 16);
    may_jump = 0;
    ending = 1;
    pthread_join(shooter, NULL);
    for (int i = 0; i < 1000; i++)
        work(7777);
    printf("gots=%lu frees=%lu handled=%lu jumps=%lu\n", gots, frees, handled, jumps);
    return 0;
}
