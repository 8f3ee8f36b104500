/* waiting: its only thread is in a call that a stop could end or lengthen; what went wrong is its exit status. "epoll": without end, until its input has a line.
 * "alarm": reads, which a signal has to end with EINTR each time; a dot for each. "sleep" SECONDS: once, no less and not half as much again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int over;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static int wait_by_epoll(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int queue = epoll_create1(0), broken = 0;
    epoll_ctl(queue, EPOLL_CTL_ADD, 0, &event);
    while (epoll_wait(queue, &event, 1, -1) < 0)
        broken++;
    return broken;
}

static void on_signal(int number)
{
    over = number == SIGTERM;
}

/* A read that its signal does not end waits for ever. */
static int wait_for_alarms(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    int ends[2], broken = 0;
    char byte;
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (pipe(ends))
        return 9;
    while (!over) {
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 30000}}, NULL);
        broken += read(ends[0], &byte, 1) != -1 || errno != EINTR || write(1, ".", 1) != 1;
    }
    return broken;
}

static int wait_by_sleep(double seconds)
{
    double since = now();
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    int broken = nanosleep(&time, NULL) != 0;
    double slept = now() - since;
    fprintf(stderr, "slept %.2f of %.2f s\n", slept, seconds);
    return broken + 2 * (slept < seconds) + 4 * (slept > 1.5 * seconds);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    puts("ready");
    fflush(stdout);
    if (!strcmp(what, "epoll"))
        return wait_by_epoll();
    if (!strcmp(what, "alarm"))
        return wait_for_alarms();
    return wait_by_sleep(argc > 2 ? atof(argv[2]) : 1);
}
