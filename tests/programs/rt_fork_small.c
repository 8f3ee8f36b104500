/* rt_fork_small: a victim whose many children each allocate less than one sample's distance or two. usage: rt_fork_small CHILDREN. Prints the bytes of all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 100, BLOCK_BYTES = 1000 };

int main(int argc, char **argv)
{
    int children = argc > 1 ? atoi(argv[1]) : 100;
    void *volatile block = malloc(1); /* volatile: compilers leave out pairs that nobody sees */
    free(block);
    for (int i = 0; i < children; i++) {
        pid_t child = fork();
        for (int turn = 0; child == 0 && turn < BLOCKS; turn++) {
            block = malloc(BLOCK_BYTES);
            free(block);
        }
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
    printf("bytes=%d\n", children * BLOCKS * BLOCK_BYTES);
    return 0;
}
