/* heap_held: makes and frees blocks, in four threads, too, says what glibc counts in its heap, and waits for a line; then it gives the pages of a free piece back, says how many
 * bytes those were, and waits for another. The caches hold three chunks of 960 bytes and five of 1008 for sure. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 4, BLOCKS = 400, EVENTS = 20000, LARGE = 400000, PAGE = 4096 };

static pthread_barrier_t kept, ready, over;

static void churn(unsigned state, unsigned most, char **blocks)
{
    for (int i = 0; i < EVENTS; i++) {
        state = state * 1103515245u + 12345u;
        unsigned at = (state >> 16) % BLOCKS, size = 1 + (state >> 12) % most;
        free(blocks[at]);
        blocks[at] = (state >> 8 & 3) ? malloc(size) : NULL;
        if (blocks[at])
            memset(blocks[at], 1, size);
    }
}

/* Chunks of sizes that nobody else has stay in the cache. They come off the top, as nobody has freed any yet. */
static void keep(size_t size, int count)
{
    void *blocks[8];
    for (int i = 0; i < count; i++)
        blocks[i] = malloc(size);
    for (int i = 0; i < count; i++)
        free(blocks[i]);
}

static void *work(void *number)
{
    char *blocks[BLOCKS] = {0};
    if (number == (void *)1)
        keep(950, 3);
    if (number == (void *)2)
        keep(1000, 5);
    pthread_barrier_wait(&kept);
    churn((unsigned)(uintptr_t)number, 900, blocks);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&over);
    return NULL;
}

static void wait_for_line(void)
{
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
        ;
}

int main(void)
{
    pthread_t threads[THREADS];
    char *blocks[BLOCKS] = {0}, *large[3];
    mallopt(M_MMAP_THRESHOLD, 1 << 25);
    mallopt(M_TRIM_THRESHOLD, 1 << 25);
    pthread_barrier_init(&kept, NULL, THREADS);
    pthread_barrier_init(&ready, NULL, THREADS + 1);
    pthread_barrier_init(&over, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    pthread_barrier_wait(&ready);
    churn(99, 900, blocks);
    for (int i = 0; i < 3; i++)
        large[i] = memset(malloc(LARGE), 1, LARGE);
    char *from = (char *)(((uintptr_t)large[1] + 2 * PAGE) & ~(uintptr_t)(PAGE - 1));
    free(large[1]);
    struct mallinfo2 info = mallinfo2();
    dprintf(STDOUT_FILENO, "%zu %zu %zu %zu %zu %zu\n", info.arena, info.ordblks, info.smblks, info.fsmblks, info.fordblks, info.keepcost);
    wait_for_line();
    madvise(from, 64 * PAGE, MADV_DONTNEED);
    dprintf(STDOUT_FILENO, "%d\n", 64 * PAGE);
    wait_for_line();
    pthread_barrier_wait(&over);
    return 0;
}
