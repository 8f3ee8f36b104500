/* random_calls: in a seed, a count and threads, out heap calls of every C kind from random stacks: recursion, function pointers, alloca and VLA frames,
 * tail calls, longjmp over frames, qsort callbacks; blocks are freed by other threads too.
 *
 * usage: random_calls SEED EVENTS THREADS */
#include <alloca.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stddef.h>

#include "random_dice.h"
#include "random_threads.h"

enum { SHARED = 256, OWN = 64 };

static void *shared[SHARED]; /* exchanged between threads */

struct walker {
    uint64_t dice;
    long left;
    void *own[OWN];
    jmp_buf *way_out;
};

typedef void (*step_function)(struct walker *walker, int depth);
static const step_function steps[];
static void step(struct walker *walker, int depth);

static size_t some_size(struct walker *walker)
{
    uint32_t kind = dice_roll(&walker->dice, 100);
    return kind < 80 ? dice_roll(&walker->dice, 300) : kind < 98 ? dice_roll(&walker->dice, 20000) : dice_roll(&walker->dice, 400000);
}

static void *aligned(struct walker *walker, size_t size)
{
    size_t alignment = (size_t)16 << dice_roll(&walker->dice, 8);
    void *block = NULL;
    switch (dice_roll(&walker->dice, 5)) {
    case 0:
        return memalign(alignment, size);
    case 1:
        return aligned_alloc(alignment, size / alignment * alignment);
    case 2:
        return posix_memalign(&block, alignment, size) ? NULL : block;
    case 3:
        return valloc(size);
    default:
        return pvalloc(size);
    }
}

/* The sizes are volatile, or the compiler would see that these cannot work. */
static void refuse(struct walker *walker)
{
    volatile size_t huge = SIZE_MAX / 2 + 1, odd = 3;
    void *block = NULL;
    switch (dice_roll(&walker->dice, 5)) {
    case 0:
        free(malloc(huge));
        break;
    case 1:
        free(calloc(huge, odd + 6));
        break;
    case 2:
        if (posix_memalign(&block, 64, huge) == 0)
            free(block);
        break;
    case 3:
        block = malloc(24);
        free(realloc(block, huge) ? NULL : block);
        break;
    default:
        free(reallocarray(NULL, huge, odd + 6));
    }
}

static void *resize(struct walker *walker, void *old)
{
    switch (dice_roll(&walker->dice, 8)) {
    case 0:
        return realloc(old, 0);
    case 1:
        return reallocarray(old, 1 + dice_roll(&walker->dice, 50), 1 + dice_roll(&walker->dice, 50));
    default:
        return realloc(old, 1 + some_size(walker));
    }
}

static void change(struct walker *walker)
{
    void **slot = &walker->own[dice_roll(&walker->dice, OWN)];
    walker->left--;
    switch (dice_roll(&walker->dice, 20)) {
    case 0:
        refuse(walker);
        break;
    case 1:
    case 2:
        free(*slot);
        *slot = aligned(walker, some_size(walker));
        break;
    case 3:
    case 4:
        free(*slot);
        *slot = calloc(1 + dice_roll(&walker->dice, 10), some_size(walker));
        break;
    case 5:
    case 6:
    case 7:
        *slot = resize(walker, *slot);
        break;
    case 8:
    case 9:
        free(__atomic_exchange_n(&shared[dice_roll(&walker->dice, SHARED)], malloc(some_size(walker)), __ATOMIC_ACQ_REL));
        break;
    case 10:
        free(strdup("a text that is copied"));
        break;
    default:
        free(*slot);
        *slot = malloc(some_size(walker));
    }
}

static void step_plain(struct walker *walker, int depth)
{
    change(walker);
    step(walker, depth - 1);
    change(walker);
}

static void step_alloca(struct walker *walker, int depth)
{
    volatile char *room = alloca(1 + dice_roll(&walker->dice, 3000));
    room[0] = 1;
    change(walker);
    step(walker, depth - 1);
    room[0]++;
}

static void step_array(struct walker *walker, int depth)
{
    volatile long room[1 + dice_roll(&walker->dice, 100)];
    room[0] = depth;
    step(walker, depth - 1);
    change(walker);
    room[0]++;
}

static void step_twice(struct walker *walker, int depth)
{
    step(walker, depth / 2);
    change(walker);
    step(walker, depth / 2);
}

static void step_jump(struct walker *walker, int depth)
{
    jmp_buf here, *outer = walker->way_out;
    if (setjmp(here) == 0) {
        walker->way_out = &here;
        step(walker, depth - 1);
    }
    walker->way_out = outer;
    change(walker);
}

static void step_back(struct walker *walker, int depth)
{
    change(walker);
    if (walker->way_out && dice_roll(&walker->dice, 4) == 0)
        longjmp(*walker->way_out, 1);
    step(walker, depth - 1);
    change(walker);
}

static __thread struct walker *sorting;

static int compare(const void *a, const void *b)
{
    if (dice_roll(&sorting->dice, 4) == 0)
        change(sorting);
    return *(const int *)a - *(const int *)b;
}

static void step_sort(struct walker *walker, int depth)
{
    int numbers[12];
    for (int i = 0; i < 12; i++)
        numbers[i] = (int)dice_roll(&walker->dice, 100);
    sorting = walker;
    qsort(numbers, 12, sizeof *numbers, compare);
    step(walker, depth - 1);
}

/* A big frame, many arguments, saved registers. */
static __attribute__((noinline)) long wide(struct walker *walker, int depth, long a, long b, long c, long d, long e, long f)
{
    volatile char room[4096];
    room[dice_roll(&walker->dice, 4096)] = (char)a;
    step(walker, depth - 1);
    return a * b + c * d - e * f + room[0];
}

static void step_wide(struct walker *walker, int depth)
{
    volatile long sum = wide(walker, depth, 1, 2, depth, 4, 5, walker->left);
    (void)sum;
    change(walker);
}

static void step_tail(struct walker *walker, int depth)
{
    change(walker);
    step(walker, depth - 1);
}

static const step_function steps[] = {step_plain, step_alloca, step_array, step_twice, step_jump, step_back, step_sort, step_wide, step_tail};

static void step(struct walker *walker, int depth)
{
    if (depth <= 0 || walker->left <= 0)
        return;
    steps[dice_roll(&walker->dice, sizeof steps / sizeof *steps)](walker, depth);
}

static void *run(void *argument)
{
    struct walker *walker = argument;
    while (walker->left > 0) {
        int deep = dice_roll(&walker->dice, 50) == 0;
        step(walker, 1 + (int)dice_roll(&walker->dice, deep ? 600 : 30));
        walker->left--;
    }
    for (int i = 0; i < OWN; i += 2)
        free(walker->own[i]); /* the other half is never freed */
    return NULL;
}

_Static_assert(offsetof(struct walker, dice) == offsetof(struct random_share, dice) && offsetof(struct walker, left) == offsetof(struct random_share, left),
               "a walker begins with its share");

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_calls SEED EVENTS THREADS\n");
        return 2;
    }
    random_threads(argv, run, sizeof(struct walker));
    return 0;
}
