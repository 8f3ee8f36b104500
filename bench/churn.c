/* churn: in an order, threads and pairs, out that many free + malloc pairs at depth 17 over 512 stacks; the load where a recorder's own cost shows most.
 *
 * usage: churn neighbours|random THREADS PAIRS
 * neighbours: the call tree is walked leaf by leaf, so a stack differs from the one before in its youngest one to three frames.
 * random:     each pair goes down its own path from the root, so a stack differs from the one before in nearly every frame.
 * A thread keeps 1,024 live blocks; sizes are 16 to 512 bytes in steps of 16: with 512 sizes on 512 stacks heaptrack 1.4's interpreter takes
 * 18 GiB and fails. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16, FAN = 8, TREE_LEVELS = 3, STACKS = 512, SLOTS = 1024 };

struct walk {
    void *slots[SLOTS];
    uint64_t pairs_left;
    uint32_t random, path, turn;
    int tree; /* walk all leaves below instead of one path */
};

typedef int (*step_function)(struct walk *walk, int level);
static const step_function steps[FAN];

static __attribute__((noinline)) int pair(struct walk *walk)
{
    uint32_t turn = walk->turn++;
    void **slot = &walk->slots[turn % SLOTS];
    free(*slot);
    size_t size = 16 + 16 * (turn * 2654435761u >> 27);
    *slot = malloc(size);
    memset(*slot, (int)turn, size); /* a program uses what it asks for */
    walk->pairs_left--;
    return 1;
}

static inline int go(struct walk *walk, int level)
{
    if (walk->pairs_left == 0)
        return 0;
    if (level == DEPTH)
        return pair(walk);
    if (!walk->tree)
        return steps[(walk->path * 2654435761u + (uint32_t)level * 40503u) >> 13 & (FAN - 1)](walk, level + 1);
    int done = 0;
    for (int child = 0; child < (level < DEPTH - TREE_LEVELS ? 1 : FAN); child++)
        done += steps[(child + level) & (FAN - 1)](walk, level + 1);
    return done;
}

/* Eight functions with frames of their own size, so that return addresses and stack layout differ by path. */
#define STEP(n)                                                                                                                                               \
    static __attribute__((noinline)) int step##n(struct walk *walk, int level)                                                                                \
    {                                                                                                                                                         \
        volatile char frame[16 * n + 8];                                                                                                                      \
        frame[n] = (char)level;                                                                                                                               \
        int done = go(walk, level);                                                                                                                           \
        return done + (frame[n] == 127);                                                                                                                      \
    }
STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)
static const step_function steps[FAN] = {step0, step1, step2, step3, step4, step5, step6, step7};

static void *run(void *argument)
{
    struct walk *walk = argument;
    while (walk->pairs_left) {
        walk->random = walk->random * 1664525u + 1013904223u;
        walk->path = walk->random >> 16 & (STACKS - 1);
        go(walk, 0);
    }
    for (int i = 0; i < SLOTS; i++)
        free(walk->slots[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[1], "neighbours") && strcmp(argv[1], "random"))) {
        fprintf(stderr, "usage: churn neighbours|random THREADS PAIRS\n");
        return 2;
    }
    int threads = atoi(argv[2]);
    struct walk *walks = calloc((size_t)threads, sizeof *walks);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    for (int i = 0; i < threads; i++)
        walks[i] = (struct walk){.pairs_left = strtoull(argv[3], NULL, 10) / (uint64_t)threads, .random = (uint32_t)i * 77u + 1u, .tree = argv[1][0] == 'n'};
    if (threads == 1)
        run(walks);
    for (int i = 0; threads > 1 && i < threads; i++)
        pthread_create(&ids[i], NULL, run, &walks[i]);
    for (int i = 0; threads > 1 && i < threads; i++)
        pthread_join(ids[i], NULL);
    free(ids);
    free(walks);
    return 0;
}
