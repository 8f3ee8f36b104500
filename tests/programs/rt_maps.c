/* rt_maps: a victim that maps, moves and unmaps pages, moves the break, and names its threads. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static sem_t named, done;

static void *work(void *unused)
{
    void *volatile block = malloc(10);
    free(block);
    sem_post(&done);
    sem_wait(&named);
    block = malloc(20);
    free(block);
    prctl(PR_SET_NAME, "by itself");
    block = malloc(30);
    free(block);
    return unused;
}

static void name_threads(void)
{
    pthread_t thread;
    sem_init(&named, 0, 0);
    sem_init(&done, 0, 0);
    pthread_create(&thread, NULL, work, NULL);
    sem_wait(&done);
    pthread_setname_np(thread, "by another");
    sem_post(&named);
    pthread_join(thread, NULL);
}

int main(void)
{
    char *pages = mmap(NULL, 40960, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *moved = mremap(pages, 40960, 81920, MREMAP_MAYMOVE);
    char *fixed = mmap(moved + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    char *before = sbrk(12288);
    if (brk(before))
        return 1;
    int refused = munmap(moved + 1, 4096); /* not at a page: the kernel says no */
    if (munmap(moved, 81920))
        return 1;
    if (mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 1;
    name_threads();
    printf("%lx %lx %lx %lx %d\n", (unsigned long)pages, (unsigned long)moved, (unsigned long)fixed, (unsigned long)before, refused);
    return 0;
}
