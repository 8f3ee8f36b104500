/* run_forks COUNT: COUNT times, a child that ends without touching the heap; between them the parent allocates and frees. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        for (int block = 0; block < 50000; block++) {
            char *volatile memory = malloc((size_t)block % 300 + 1);
            free(memory);
        }
        waitpid(pid, NULL, 0);
    }
    puts("done");
    return 0;
}
