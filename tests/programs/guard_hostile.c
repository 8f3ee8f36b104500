/* guard_hostile: a victim that breaks its heap on purpose, what the guard has there too. usage: guard_hostile WAY; without WAY it lists the ways. */
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 64, PAGE = 4096 };
static char *blocks[BLOCKS];
static volatile int ticks;

/* The compiler must not see through it. */
static void *hidden(void *block)
{
    void *volatile through = block;
    return through;
}

static void take(size_t size)
{
    for (int i = 0; i < BLOCKS; i++) {
        char *volatile block = malloc(size);
        blocks[i] = block;
    }
}

static void give(void)
{
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

/* Only what belongs to the guard: the allocator below it has its words further out. */
static void smash(char *from, size_t bytes)
{
    volatile char *to = from;
    while (bytes--)
        *to++ = 0x5a;
}

static void smash_tails(void)
{
    take(60);
    for (int i = 0; i < BLOCKS; i++)
        smash(blocks[i] + 60, 4);
    give();
}
static void smash_heads(void)
{
    take(64);
    for (int i = 0; i < BLOCKS; i++)
        smash(blocks[i] - 16, 16);
    give();
}
static void smash_all(void)
{
    take(60);
    for (int i = 0; i < BLOCKS; i++)
        smash(blocks[i] - 16, 80);
    give();
}
static void smash_freed(void)
{
    char *kept[BLOCKS];
    take(64);
    memcpy(kept, blocks, sizeof kept);
    give();
    for (int i = 0; i < BLOCKS; i++)
        smash(kept[i] - 16, 80);
}
static void free_canaries(void)
{
    take(64);
    for (int i = 0; i < BLOCKS; i++) {
        free(hidden(blocks[i] - 16));
        free(hidden(blocks[i] + 64));
    }
    give();
}
static void forge_heads(void)
{
    take(256);
    for (int i = 0; i < BLOCKS; i++) {
        memcpy(blocks[i] + 64, blocks[i] - 16, 16);
        free(hidden(blocks[i] + 80));
    }
    give();
}
static void unmap(void)
{
    char *volatile large = malloc(1 << 20);
    char *page = (char *)(((uintptr_t)large - 1) & ~(uintptr_t)(PAGE - 1));
    munmap(page, (1 << 20) + PAGE);
    for (int i = 0; i < 2000; i++) {
        void *volatile block = malloc(32);
        free(block);
    }
}

static void on_tick(int number)
{
    ticks += number != 0;
}
static void on_tick_fork(int number)
{
    pid_t child = ticks % 16 ? 1 : fork();
    if (!child)
        _exit(0);
    if (!(ticks % 16))
        waitpid(child, NULL, 0);
    ticks += number != 0;
}
static sigjmp_buf back;
static void on_tick_jump(int number)
{
    ticks += number != 0;
    siglongjmp(back, 1);
}

static void churn(int until, void (*on)(int))
{
    struct sigaction action = {.sa_handler = on};
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &(struct itimerval){{0, 700}, {0, 700}}, NULL);
    sigsetjmp(back, 1);
    while (ticks < until) {
        void *volatile block = malloc((size_t)ticks * 16 + 1);
        free(block);
    }
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
}

static void tick(void)
{
    churn(60, on_tick);
}
static void fork_in_handler(void)
{
    churn(60, on_tick_fork);
}
/* Out of the middle of a call, whose locks nobody opens then. Below 1024 blocks the C library's malloc needs none. */
static void jump_out(void)
{
    churn(30, on_tick_jump);
}

static void *churn_until_killed(void *unused)
{
    for (;;) {
        void *volatile block = malloc(100);
        free(block);
    }
    return unused;
}
/* While it is looked at at its end, if it gets so far. */
static void dies_in_the_scan(void)
{
    pid_t self = getpid();
    pthread_t thread;
    for (int i = 0; i < 200000; i++)
        blocks[i % BLOCKS] = malloc(64);
    pthread_create(&thread, NULL, churn_until_killed, NULL);
    if (!fork()) {
        usleep(30000);
        kill(self, SIGKILL);
        _exit(0);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
#define WAY(name) {#name, name}
    WAY(smash_tails), WAY(smash_heads), WAY(smash_all), WAY(smash_freed), WAY(free_canaries), WAY(forge_heads), WAY(unmap), WAY(tick),
    WAY(fork_in_handler), WAY(jump_out), WAY(dies_in_the_scan),
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (argc < 2)
            puts(ways[i].name);
        else if (!strcmp(ways[i].name, argv[1])) {
            ways[i].run();
            return 0;
        }
    return argc > 1;
}
