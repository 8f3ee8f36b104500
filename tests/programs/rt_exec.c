/* rt_exec: a victim that starts itself again by every call there is, with the environment as it is or with an empty one, from a fork or a vfork.
 * usage: rt_exec full|empty CALL fork|vfork|here; the one started: rt_exec leaf allocates 4321 bytes and prints what it sees of our variables. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *const nothing[] = {"PATH=/bin", NULL};

static int leaf(void)
{
    void *volatile block = malloc(4321);
    free(block);
    for (char **at = environ; *at; at++)
        if (!strncmp(*at, "LD_PRELOAD", 10) || !strncmp(*at, "HEAPTRACER", 10))
            puts(*at);
    return 0;
}

static void start(const char *call, char *self, char *const *list)
{
    char *const words[] = {self, "leaf", NULL};
    if (!strcmp(call, "execve"))
        execve(self, words, list);
    else if (!strcmp(call, "execvpe"))
        execvpe(self, words, list);
    else if (!strcmp(call, "execle"))
        execle(self, self, "leaf", NULL, list);
    else if (!strcmp(call, "fexecve"))
        fexecve(open(self, O_RDONLY), words, list);
    else if (!strcmp(call, "execveat"))
        execveat(AT_FDCWD, self, words, list, 0);
    environ = (char **)list;
    if (!strcmp(call, "execv"))
        execv(self, words);
    else if (!strcmp(call, "execvp"))
        execvp(self, words);
    else if (!strcmp(call, "execl"))
        execl(self, self, "leaf", NULL);
    else if (!strcmp(call, "execlp"))
        execlp(self, self, "leaf", NULL);
}

static int spawn(const char *call, char *self, char *const *list)
{
    char *const words[] = {self, "leaf", NULL};
    pid_t pid;
    int status = 1;
    if ((!strcmp(call, "posix_spawn") ? posix_spawn : posix_spawnp)(&pid, self, NULL, NULL, words, list))
        return 1;
    waitpid(pid, &status, 0);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "leaf"))
        return leaf();
    if (argc < 4)
        return 2;
    void *volatile kept_block = malloc(1234); /* a child that it spawns must not end it */
    char *const *list = !strcmp(argv[1], "empty") ? nothing : environ;
    if (!strncmp(argv[2], "posix", 5))
        return spawn(argv[2], argv[0], list) + (free(kept_block), 0);
    int status = 1;
    char **kept = environ;
    pid_t pid = !strcmp(argv[3], "vfork") ? vfork() : !strcmp(argv[3], "fork") ? fork() : 0;
    if (!pid) {
        start(argv[2], argv[0], list);
        _exit(127);
    }
    environ = kept;
    waitpid(pid, &status, 0);
    free(kept_block);
    return status;
}
