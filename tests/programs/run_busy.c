/* run_busy THREADS PAIRS FILE: each thread allocates and frees PAIRS times (0: for ever), then the program says done. FILE is 4096 bytes of 64-bit words that are
 * true at any instant: the process id, then for each thread its id and how many pairs it has done. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 64, FILE_BYTES = 4096 };

static long pairs;

static void *work(void *context)
{
    uint64_t *said = context;
    said[0] = (uint64_t)gettid();
    for (long i = 0; !pairs || i < pairs; i++) {
        char *volatile block = malloc((size_t)(i % 500 + 1));
        block[0] = 1;
        free(block);
        __atomic_store_n(&said[1], (uint64_t)i + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

static uint64_t *map(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, FILE_BYTES))
        return NULL;
    void *at = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

int main(int argc, char **argv)
{
    pthread_t handles[THREADS];
    int threads = argc > 3 ? atoi(argv[1]) : 0;
    uint64_t *said = threads > 0 && threads <= THREADS ? map(argv[3]) : NULL;
    if (!said)
        return 2;
    pairs = atol(argv[2]);
    for (int i = 0; i < threads; i++)
        pthread_create(&handles[i], NULL, work, said + 1 + 2 * i);
    said[0] = (uint64_t)getpid();
    for (int i = 0; i < threads; i++)
        pthread_join(handles[i], NULL);
    puts("done");
    return 0;
}
