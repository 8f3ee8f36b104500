/* guard_fork: a victim whose child frees a block of its parent's twice. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) void child(void *block)
{
    void *volatile again = block;
    free(block);
    free(again);
    exit(0);
}

int main(void)
{
    void *block = malloc(50);
    if (!fork())
        child(block);
    wait(NULL);
    free(block);
    return 0;
}
