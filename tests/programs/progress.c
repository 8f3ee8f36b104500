/* progress: in a file to share and a number of threads, out a run without end of malloc and free on each, with the count of finished calls in the file; to be killed.
 *
 * usage: progress FILE THREADS
 * Call 2k of a thread is malloc(17 + k % 500), call 2k + 1 frees it. The file: struct progress, native byte order. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 16 };

struct progress {
    uint64_t pid;
    struct {
        uint64_t tid, calls;
    } threads[THREADS];
};

static struct progress *shared;

static void tell(uint64_t *calls)
{
    __atomic_store_n(calls, *calls + 1, __ATOMIC_RELEASE);
}

static void *run(void *argument)
{
    size_t own = (size_t)(uintptr_t)argument;
    shared->threads[own].tid = (uint64_t)syscall(SYS_gettid);
    for (uint64_t k = 0;; k++) {
        void *volatile block = malloc(17 + k % 500); /* or the compiler leaves both calls out */
        tell(&shared->threads[own].calls);
        free(block);
        tell(&shared->threads[own].calls);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int file = argc == 3 ? open(argv[1], O_RDWR) : -1, threads = argc == 3 ? atoi(argv[2]) : 0;
    if (file < 0 || threads < 1 || threads > THREADS || ftruncate(file, sizeof *shared)) {
        fprintf(stderr, "usage: progress FILE THREADS\n");
        return 2;
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED)
        return 3;
    for (int i = 0; i < threads; i++) {
        pthread_t id;
        pthread_create(&id, NULL, run, (void *)(uintptr_t)i);
    }
    __atomic_store_n(&shared->pid, (uint64_t)getpid(), __ATOMIC_RELEASE);
    for (;;)
        pause();
}
