/* guard_shift: a victim that does what could take away the pages that nobody may touch, and then reads a freed block; "zeroed" and "bus" read none, and say what they saw. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static jmp_buf back;

static __attribute__((noinline)) int read_freed(void)
{
    char *volatile block = malloc(60);
    *block = 7;
    free(block);
    return *block; /* the error */
}

/* Blocks whose memory goes from one to the other. */
static void churn(int rounds)
{
    char *kept[50] = {0};
    for (int i = 0; i < rounds; i++) {
        char **at = kept + i * 7 % 50;
        free(*at);
        *at = malloc(20 + (size_t)i % 300);
        memset(*at, i, 20);
    }
    for (int i = 0; i < 50; i++)
        free(kept[i]);
}

static void zeroed(void)
{
    int bad = 0;
    for (int i = 0; i < 2000; i++) {
        char *dirty = malloc(500);
        memset(dirty, 0xEE, 500);
        free(dirty);
        char *clean = calloc(10, 50);
        for (int k = 0; k < 500; k++)
            bad += clean[k] != 0;
        free(clean);
    }
    printf("%d bytes are not zero\n", bad);
}

static void on_bus(int number)
{
    siglongjmp(back, number);
}

/* An error of the program's own, of the same kind. */
static void bus(void)
{
    char path[] = "/tmp/guard_shift.XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    signal(SIGBUS, on_bus);
    int number = sigsetjmp(back, 1);
    printf(number ? "handled signal %d\n" : "read\n", number ? number : page[0]);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    churn(3000);
    if (!strcmp(what, "zeroed"))
        zeroed();
    else if (!strcmp(what, "bus"))
        bus();
    else if (!strcmp(what, "closed")) {
        char *volatile block = malloc(60);
        free(block);
        for (int i = 3; i < 1024; i++)
            close(i);
        churn(100);
        return *block;
    } else if (!strcmp(what, "child")) {
        char *parents = malloc(70);
        if (!fork()) {
            churn(3000);
            free(parents);
            return read_freed();
        }
        int status = 0;
        wait(&status);
        printf("child %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        churn(3000);
        free(parents);
    } else
        return read_freed();
    return 0;
}
