/* random_fork: in a seed, a count and threads, out heap calls in children of fork, in children of threads, and in images after exec of itself.
 *
 * usage: random_fork SEED EVENTS THREADS */
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random_dice.h"

extern char **environ;
static char *own_path;

struct walker {
    uint64_t dice;
    long left;
};

static void work(struct walker *walker, int depth)
{
    void *block = malloc(1 + dice_roll(&walker->dice, 300));
    walker->left--;
    if (depth > 0)
        work(walker, depth - 1);
    free(block);
}

static void exec_self(struct walker *walker)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%u", dice_roll(&walker->dice, 1000000));
    execl(own_path, own_path, seed, "40", "0", NULL);
    _exit(4);
}

static void make_child(struct walker *walker, int generation)
{
    pid_t pid = fork();
    if (pid == 0) {
        walker->dice += (uint64_t)generation * 77 + 1;
        work(walker, 10);
        if (generation < 2 && dice_roll(&walker->dice, 2))
            make_child(walker, generation + 1);
        if (dice_roll(&walker->dice, 3) == 0)
            exec_self(walker);
        exit(0);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "child %d ended with %d\n", (int)pid, status);
        exit(3);
    }
}

static void spawn_self(void)
{
    pid_t pid;
    int status = 0;
    char *arguments[] = {own_path, "5", "30", "0", NULL};
    if (posix_spawn(&pid, own_path, NULL, NULL, arguments, environ) || waitpid(pid, &status, 0) != pid || status != 0)
        exit(3);
}

static void *run(void *argument)
{
    struct walker *walker = argument;
    while (walker->left > 0) {
        work(walker, (int)dice_roll(&walker->dice, 20));
        uint32_t chance = dice_roll(&walker->dice, 60);
        if (chance == 0)
            make_child(walker, 0);
        else if (chance == 1)
            spawn_self();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_fork SEED EVENTS THREADS\n");
        return 2;
    }
    own_path = argv[0];
    int threads = atoi(argv[3]);
    struct walker walkers[16] = {{strtoull(argv[1], NULL, 10) * 1000, atol(argv[2])}};
    pthread_t ids[16];
    for (int i = 0; i < threads && i < 16; i++) {
        walkers[i] = (struct walker){strtoull(argv[1], NULL, 10) * 1000 + (uint64_t)i, atol(argv[2]) / threads};
        pthread_create(&ids[i], NULL, run, &walkers[i]);
    }
    for (int i = 0; i < threads && i < 16; i++)
        pthread_join(ids[i], NULL);
    for (; threads == 0 && walkers[0].left > 0;)
        work(&walkers[0], 10);
    return 0;
}
