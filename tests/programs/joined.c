/* joined [N [PAUSE]]: runs until its standard input ends; meanwhile N threads allocate blocks whose sizes count up, and others sleep, wait, fork, load libraries and handle
 * signals. It prints what it saw, which must not depend on who looks on: 0 of each kind of surprise. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 16, SIZES = 997, LEAST = 16 };
static volatile int over;
static useconds_t pause_us = 200; /* after every 32 blocks */
static long surprises[8];
static const char *const kinds[] = {"contents", "errno", "sleep", "wait", "fork", "dlopen", "signal", "dlsym"};
enum { CONTENTS, ERRNO, SLEEP, WAIT, FORK, DLOPEN, SIGNAL, DLSYM };
static volatile long ticks;

static void surprise(int kind)
{
    __atomic_add_fetch(&surprises[kind], 1, __ATOMIC_RELAXED);
}

/* malloc's own sizes count up; blocks of the other calls are larger than those. */
static void other_calls(long i, char *volatile *other)
{
    free(*other);
    switch (i % 5) {
    case 0: *other = calloc(1, 2000); break;
    case 1: *other = realloc(NULL, 2000); break;
    case 2: *other = aligned_alloc(64, 2048); break;
    case 3: *other = malloc(3000), *other = realloc(*other, 4000); break;
    default: *other = NULL;
    }
}

static void *load(void *unused)
{
    unsigned char *volatile kept[KEPT] = {0}, *volatile one;
    size_t sizes[KEPT] = {0};
    char *volatile other = NULL;
    pthread_setname_np(pthread_self(), "load");
    for (long i = 0; !over; i++) {
        int at = (int)(i % KEPT);
        errno = 77;
        if (kept[at] && (kept[at][0] != (sizes[at] & 0xff) || kept[at][sizes[at] - 1] != (sizes[at] >> 4 & 0xff)))
            surprise(CONTENTS);
        free(kept[at]);
        sizes[at] = LEAST + (size_t)(i % SIZES);
        one = malloc(sizes[at]);
        one[0] = (unsigned char)(sizes[at] & 0xff);
        one[sizes[at] - 1] = (unsigned char)(sizes[at] >> 4 & 0xff);
        kept[at] = one;
        if (errno != 77)
            surprise(ERRNO);
        if (i % 64 == 0)
            other_calls(i / 64, &other);
        if (i % 32 == 0)
            usleep(pause_us);
    }
    for (int at = 0; at < KEPT; at++)
        free(kept[at]);
    free(other);
    return unused;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Sleeps and waits are neither cut short nor ended by an error. */
static void *sleeper(void *unused)
{
    while (!over) {
        double since = now();
        if (nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL) || now() - since < 0.02)
            surprise(SLEEP);
    }
    return unused;
}

static void *waiter(void *unused)
{
    int ends[2];
    if (pipe(ends))
        return unused;
    while (!over) {
        struct pollfd entry = {.fd = ends[0], .events = POLLIN};
        double since = now();
        if (poll(&entry, 1, 15) || now() - since < 0.0149)
            surprise(WAIT);
    }
    close(ends[0]);
    close(ends[1]);
    return unused;
}

/* A child allocates, frees, and says so. */
static void *forker(void *unused)
{
    while (!over) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            void *volatile block = malloc(5000);
            free(block);
            _exit(block ? 7 : 1);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
            surprise(FORK);
        usleep(20000);
    }
    return unused;
}

static void *loader(void *unused)
{
    while (!over) {
        void *handle = dlopen("libutil.so.1", RTLD_NOW);
        void *math = dlopen("libm.so.6", RTLD_NOW);
        if (!handle || !math || !dlsym(math, "cos"))
            surprise(DLOPEN);
        if (dlsym(RTLD_DEFAULT, "no_such_function_anywhere") || !dlsym(RTLD_NEXT, "malloc"))
            surprise(DLSYM);
        if ((handle && dlclose(handle)) || (math && dlclose(math)))
            surprise(DLOPEN);
        usleep(5000);
    }
    return unused;
}

static void on_alarm(int number)
{
    int saved = errno;
    (void)number;
    ticks++;
    errno = saved;
}

int main(int argc, char **argv)
{
    enum { MOST = 64 };
    pthread_t threads[MOST];
    int count = argc > 1 ? atoi(argv[1]) : 8, made = 0;
    void *(*const others[])(void *) = {sleeper, waiter, forker, loader};
    char byte;
    sigset_t alarm_only;
    if (argc > 2)
        pause_us = (useconds_t)atoi(argv[2]);
    for (int i = 0; i < count && made < MOST; i++)
        pthread_create(&threads[made++], NULL, load, NULL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_only, NULL); /* sleeps shall end by themselves: signals go to those that allocate */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        pthread_create(&threads[made++], NULL, others[i], NULL);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 3000}, {0, 3000}}, NULL);
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    errno = 77;
    if (read(0, &byte, 1) < 0) /* it is not ended by a signal, and so not by anything else */
        surprise(WAIT);
    if (errno != 77)
        surprise(ERRNO);
    over = 1;
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    if (!ticks)
        surprise(SIGNAL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        printf("%s %ld\n", kinds[i], surprises[i]);
    return 0;
}
