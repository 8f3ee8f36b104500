/* guard_handler: a victim that handles what happens when it touches memory that it must not. usage: guard_handler default|jump|leave|ask */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int signals;
static volatile char *block;

static void on_jump(int number)
{
    signals = number;
    siglongjmp(back, 1);
}

static void on_leave(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    static const char text[] = "left in order\n";
    _exit(write(1, text, sizeof text - 1) > 0 && info->si_addr == (void *)(uintptr_t)block ? 7 : 8);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO}, before;
    const char *way = argc > 1 ? argv[1] : "";
    block = malloc(64);
    if (!strcmp(way, "jump"))
        signal(SIGSEGV, on_jump);
    if (!strcmp(way, "leave")) {
        action.sa_sigaction = on_leave;
        sigaction(SIGSEGV, &action, NULL);
    }
    if (!strcmp(way, "ask")) { /* what was set is what is told, and nothing was set before */
        sigaction(SIGSEGV, NULL, &before);
        if (before.sa_handler != SIG_DFL || signal(SIGSEGV, on_jump) != SIG_DFL || signal(SIGSEGV, SIG_DFL) != on_jump)
            return 1;
        puts("as ever");
        return 0;
    }
    free((void *)(uintptr_t)block);
    if (!sigsetjmp(back, 1))
        block[0]++;
    printf("went on after signal %d\n", signals);
    return 0;
}
