/* random_threads: in SEED EVENTS THREADS, out that many threads with a share of the events and dice of their own, and their end; for victims. */
#ifndef TESTS_PROGRAMS_RANDOM_THREADS_H
#define TESTS_PROGRAMS_RANDOM_THREADS_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* What a victim's walker begins with. */
struct random_share {
    uint64_t dice;
    long left;
};

/* Each walker has `walker_bytes`, zero behind its share. At most 64 threads. */
static inline void random_threads(char **argv, void *(*run)(void *walker), size_t walker_bytes)
{
    int threads = atoi(argv[3]);
    char *walkers = calloc((size_t)threads, walker_bytes);
    pthread_t ids[64];
    for (int i = 0; i < threads && i < 64; i++) {
        struct random_share *share = (struct random_share *)(void *)(walkers + (size_t)i * walker_bytes);
        share->dice = strtoull(argv[1], NULL, 10) * 1000 + (uint64_t)i;
        share->left = atol(argv[2]) / threads;
        pthread_create(&ids[i], NULL, run, share);
    }
    for (int i = 0; i < threads && i < 64; i++)
        pthread_join(ids[i], NULL);
}

#endif
