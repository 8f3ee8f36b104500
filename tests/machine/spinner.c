/* spinner: runs spin() in its only thread until it is told to end (SIGTERM), says how often a register was wrong, and ends with 1 if one was. A handler of
 * SIGUSR1 may be begun at any time. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

long spin(volatile const int *over, int has_sve, volatile long *rounds);

static volatile int over;
static volatile long rounds;

static void on_end(int number)
{
    (void)number;
    over = 1;
}

static void on_poke(int number)
{
    (void)number;
}

int main(void)
{
    enum { SVE = 1 << 22 };
    signal(SIGTERM, on_end);
    signal(SIGUSR1, on_poke);
    void *volatile block = malloc(100);
    free(block);
    puts("ready");
    fflush(stdout);
    int has_sve = (getauxval(AT_HWCAP) & SVE) != 0;
    long wrong = spin(&over, has_sve, &rounds);
    printf("%s, %ld rounds, %ld wrong\n", has_sve ? "sve" : "no sve", rounds, wrong);
    return wrong != 0 || !rounds;
}
