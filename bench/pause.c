/* pause: in a count, out a program with that many blocks of 100 to 324 bytes in lists, of which each thousandth is lost; a thread of it looks at the clock all the time.
 * For each line of its input it says the longest time, in ms, in which that thread did not run; built with LeakSanitizer it looks for leaks before it does so. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef WITH_LEAKSANITIZER
int __lsan_do_recoverable_leak_check(void);
#else
static int __lsan_do_recoverable_leak_check(void)
{
    return 0;
}
#endif

static void **lists[60];
static uint64_t longest_ns;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *watch(void *unused)
{
    for (uint64_t last = now(), at; !unused; last = at) {
        at = now();
        if (at - last > __atomic_load_n(&longest_ns, __ATOMIC_RELAXED))
            __atomic_store_n(&longest_ns, at - last, __ATOMIC_RELAXED);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000000;
    pthread_t thread;
    for (size_t i = 0; i < count; i++) {
        void **node = malloc(100 + i % 8 * 32);
        if (i % 1000 == 999)
            continue;
        node[0] = lists[i % 60];
        lists[i % 60] = node;
    }
    pthread_create(&thread, NULL, watch, NULL);
    puts("ready");
    fflush(stdout);
    for (int key = getchar(); key != EOF; key = getchar()) {
        uint64_t start = now();
        __lsan_do_recoverable_leak_check();
        double took = (double)(now() - start) / 1e6;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); /* for the other thread to see it */
        printf("%.3f %.3f\n", (double)__atomic_exchange_n(&longest_ns, 0, __ATOMIC_RELAXED) / 1e6, took);
        fflush(stdout);
    }
    _Exit(0);
}
