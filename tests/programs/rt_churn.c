/* rt_churn: a victim that allocates, resizes and frees blocks of many sizes in some threads, by a fixed sequence. usage: rt_churn EVENTS [THREADS]. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLOTS = 2000 };
static long events;

static size_t size_of(uint64_t dice)
{
    unsigned power = 4 + (unsigned)(dice >> 40) % 12;
    return ((size_t)1 << power) + (size_t)(dice >> 20) % ((size_t)1 << power);
}

static void *churn(void *argument)
{
    static __thread void *slots[SLOTS];
    uint64_t dice = 0x9E3779B97F4A7C15u + (uintptr_t)argument;
    for (long i = 0; i < events; i++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        void **slot = &slots[(dice >> 33) % SLOTS];
        if (!*slot)
            *slot = malloc(size_of(dice));
        else if (dice >> 61 == 0)
            *slot = realloc(*slot, size_of(dice));
        else {
            free(*slot);
            *slot = NULL;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    events = argc > 1 ? atol(argv[1]) : 1000000;
    long count = argc > 2 ? atol(argv[2]) : 1;
    pthread_t threads[64];
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long i = 1; i < count; i++)
        pthread_create(&threads[i], NULL, churn, (void *)i);
    churn(NULL);
    for (long i = 1; i < count; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("ns=%.1f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / (double)(events * count));
    return 0;
}
