/* guard_ends: a victim that writes behind a block, and ends in one of many ways. usage: guard_ends WAY [good]; without WAY it lists the ways. */
#undef NDEBUG /* one way is a failed assertion */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void end_return(void)
{
}
static void end_exit(void)
{
    exit(0);
}
static void end__exit(void)
{
    _exit(0);
}
static void end__Exit(void)
{
    _Exit(0);
}
static void end_quick_exit(void)
{
    quick_exit(0);
}
static void end_abort(void)
{
    abort();
}
static void end_assert(void)
{
    assert(!"so");
}
static void leave(int number)
{
    _exit(number == SIGUSR1 ? 0 : 1);
}
static void end_handler(void)
{
    signal(SIGUSR1, leave);
    raise(SIGUSR1);
}
static void end_fork_in_handler_child(int number)
{
    pid_t child = fork();
    free(malloc(100));
    if (!child)
        _exit(0);
    if (child < 0 || waitpid(child, NULL, 0) != child)
        _exit(number);
}
static void end_fork_in_handler(void)
{
    signal(SIGUSR1, end_fork_in_handler_child);
    raise(SIGUSR1);
}
static void end_crash(void)
{
    *(volatile int *)8 = 1;
}
static void end_twice(void)
{
    atexit(end_exit);
    atexit(end__exit);
    exit(0);
}
/* What nobody sees coming. */
static void end_call(void)
{
    syscall(SYS_exit_group, 0);
}
static void end_kill(void)
{
    kill(getpid(), SIGKILL);
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
#define WAY(name) {#name, end_##name}
    WAY(return), WAY(exit), WAY(_exit), WAY(_Exit), WAY(quick_exit), WAY(abort), WAY(assert), WAY(handler), WAY(fork_in_handler), WAY(crash), WAY(twice),
    WAY(call), WAY(kill),
};

static void break_block(size_t bytes)
{
    volatile char *volatile block = malloc(21);
    memset((char *)block, 1, 21);
    block[20 + bytes] = 2;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (argc < 2)
            puts(ways[i].name);
        else if (!strcmp(ways[i].name, argv[1])) {
            break_block(argc == 2);
            ways[i].run();
            return 0;
        }
    return argc > 1;
}
