/* rt_forks: a victim that makes many quick children. usage: rt_forks fork|idle|vfork|raw|killed|daemon COUNT. Each child allocates 777 bytes, but for
 * idle and vfork; killed: unless it is killed before. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void child(const char *way)
{
    if (!strcmp(way, "daemon") && daemon(0, 1))
        _exit(1);
    if (strcmp(way, "idle") && strcmp(way, "vfork")) {
        void *volatile block = malloc(777);
        free(block);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "fork";
    int count = argc > 2 ? atoi(argv[2]) : 1000;
    void *volatile first = malloc(100);
    free(first);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < count; i++) {
        int status;
        pid_t pid;
        if (!strcmp(way, "vfork")) {
            pid = vfork();
            if (!pid)
                _exit(0);
        } else {
            pid = !strcmp(way, "raw") ? (pid_t)syscall(SYS_fork) : fork();
            if (!pid)
                child(way);
        }
        bool killed = !strcmp(way, "killed") && kill(pid, SIGKILL) == 0;
        if (waitpid(pid, &status, 0) != pid || (status && !killed))
            return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("us=%.0f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / 1e3 / count);
    void *volatile last = malloc(888);
    free(last);
    return 0;
}
