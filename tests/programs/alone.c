/* alone: in the name of a habit, out a program that allocates 3,000 times and keeps 1,000 blocks, with that habit: "wait" for all children, "close" all
 * descriptors, be "killed" at its end, have "children" that exec, "ask" for a recording by itself. Exit status 0 if nothing strange was seen. */
#include <heaptracer/heaptracer.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t children;
static void *keep[1000];

static void on_child(int signal)
{
    (void)signal;
    children++;
}

__attribute__((noinline)) static void churn(void)
{
    for (int i = 0; i < 3000; i++) {
        void *block = malloc(4001);
        memset(block, 1, 4001);
        if (i < 1000)
            keep[i] = block;
        else
            free(block);
    }
}

/* 0 if there is one child, ours, and no signal but its. */
static int check_children(void)
{
    int count = 0;
    signal(SIGCHLD, on_child);
    if (wait(NULL) >= 0 || errno != ECHILD || waitpid(-1, NULL, __WALL | WNOHANG) >= 0)
        return 1;
    pid_t ours = fork();
    if (!ours)
        _exit(0);
    for (pid_t got; (got = wait(NULL)) > 0 || errno == EINTR;)
        count += got > 0 ? got == ours ? 1 : 100 : 0;
    return count == 1 && children == 1 ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *habit = argc > 1 ? argv[1] : "";
    int result = 0;
    if (!strcmp(habit, "ask") && ht_start(NULL))
        return 9;
    if (!strcmp(habit, "wait"))
        result = check_children();
    if (!strcmp(habit, "close"))
        for (int fd = 0; fd < 4096; fd++)
            close(fd);
    churn();
    if (!strcmp(habit, "killed"))
        raise(SIGKILL);
    if (!strcmp(habit, "children"))
        result = system("true") | system(argv[2]);
    return result;
}
