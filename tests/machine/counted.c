/* counted: allocates exactly so much, and no more: "wave" 3 x 200 blocks that are freed, "keep" 50 that are not, each from a function of its own. */
#include <pthread.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

static void *volatile sink;
static void *volatile kept[50];

NOINLINE static void wave_crest(int i)
{
    sink = malloc(1000 + (size_t)i);
    sink = realloc(sink, 3000);
    free(sink);
    sink = NULL; /* no tail call */
}

NOINLINE static void *wave(void *unused)
{
    for (int i = 0; i < 200; i++)
        wave_crest(i);
    return unused;
}

NOINLINE static void keep_one(int i)
{
    kept[i] = calloc(11, 7);
    sink = NULL;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, wave, NULL);
    wave(NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 50; i++)
        keep_one(i);
    for (int i = 0; i < 50; i++)
        kept[i] = NULL;
    return 0;
}
