/* kinds: makes 1,500 blocks in two threads, through leaf <- branch; for runtimes of other kinds. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char *keep[10];

__attribute__((noinline)) static void *leaf(size_t bytes)
{
    void *block = malloc(bytes);
    memset(block, 1, bytes);
    return block;
}

__attribute__((noinline)) static void branch(int i)
{
    keep[i % 10] = leaf(100 + (size_t)i);
    if (i < 990)
        free(keep[i % 10]);
}

static void *thread(void *nothing)
{
    for (int i = 0; i < 500; i++)
        branch(i);
    return nothing;
}

int main(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, thread, NULL))
        return 1;
    pthread_join(other, NULL);
    for (int i = 0; i < 1000; i++)
        branch(i);
    return 3;
}
