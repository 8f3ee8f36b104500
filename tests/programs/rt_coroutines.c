/* rt_coroutines: a victim with many stacks: makecontext coroutines on mapped and on allocated memory, each allocating at several depths, in turns.
 * usage: rt_coroutines COUNT ROUNDS */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

enum { STACK_BYTES = 16384 };
static ucontext_t home, *contexts;
static int rounds, count;

static __attribute__((noinline)) void allocate(int depth)
{
    if (depth > 0)
        allocate(depth - 1);
    void *volatile block = malloc(100);
    free(block);
}

static void run(int index)
{
    for (int i = 0; i < rounds; i++) {
        allocate(i % 5);
        swapcontext(&contexts[index], &home);
    }
}

static void *make_stack(int index)
{
    if (index % 2)
        return malloc(STACK_BYTES);
    return mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv)
{
    count = argc > 1 ? atoi(argv[1]) : 10000;
    rounds = argc > 2 ? atoi(argv[2]) : 3;
    contexts = calloc((size_t)count, sizeof *contexts);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < count; i++) {
        getcontext(&contexts[i]);
        contexts[i].uc_stack.ss_sp = make_stack(i);
        contexts[i].uc_stack.ss_size = STACK_BYTES;
        contexts[i].uc_link = &home;
        makecontext(&contexts[i], (void (*)(void))run, 1, i);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            swapcontext(&home, &contexts[i]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.3f s\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}
