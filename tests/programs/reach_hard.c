/* reach_hard: in the name of a hard case, out a process that is one, and waits for a line: "threads" N of them, each with a block on its stack; "sparse" maps 1 TiB
 * and touches two pages; "large" holds N blocks of 100 to 324 bytes in lists, of which each thousandth is lost, and "writes" goes on writing to them;
 * "waits" has threads in calls that a stop could end, and ends with how many did; "fork" a child that goes on with its parent's blocks; "busy" allocates and frees
 * all the time in four threads. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept[64];
static volatile int over;

static void ready(void)
{
    puts("ready");
    fflush(stdout);
    getchar();
}

static void *sleeper(void *unused)
{
    void *volatile mine = malloc(77);
    (void)unused;
    while (!over)
        pause();
    free(mine);
    return NULL;
}

static void threads(int count)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    int made = 0;
    while (made < count && !pthread_create(&thread, &small, sleeper, NULL))
        made++;
    fprintf(stderr, "%d threads\n", made);
    ready();
    _exit(0);
}

static void sparse(void)
{
    size_t bytes = (size_t)1 << 40;
    char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *(void **)(void *)(pages + bytes / 2) = malloc(301);
    pages[4096] = 1;
    kept[1] = malloc(302);
    kept[1] = NULL;
    ready();
}

/* The heads of lists are in `kept`; a node is its next and what it holds. */
static void large(int count)
{
    for (int i = 0; i < count; i++) {
        void **node = malloc(100 + (size_t)i % 8 * 32);
        if (i % 1000 == 999)
            continue;
        node[0] = kept[i % 60];
        kept[i % 60] = node;
    }
}

/* Every node changes places with the next. */
static void *writer(void *list)
{
    while (!over)
        for (void **at = list; !over && at[0] && *(void ***)at[0]; at = at[0]) {
            void **first = at[0], **second = first[0];
            first[0] = second[0];
            second[0] = first;
            at[0] = second;
        }
    return NULL;
}

static void writes(int count)
{
    pthread_t thread;
    large(count);
    pthread_create(&thread, NULL, writer, (void *)(kept + 7));
    ready();
    over = 1;
    pthread_join(thread, NULL);
}

static int broken, children;

static void *epoll_waiter(void *unused)
{
    struct epoll_event event;
    int queue = epoll_create1(EPOLL_CLOEXEC);
    (void)unused;
    while (epoll_wait(queue, &event, 1, -1) < 0)
        __atomic_add_fetch(&broken, errno == EINTR, __ATOMIC_RELAXED);
    return NULL;
}

static void *signal_waiter(void *unused)
{
    sigset_t none;
    (void)unused;
    sigemptyset(&none);
    while (sigwaitinfo(&none, NULL) < 0)
        __atomic_add_fetch(&broken, errno == EINTR, __ATOMIC_RELAXED);
    return NULL;
}

static void on_child(int number)
{
    (void)number;
    children++;
}

/* Ends with how many calls did not go on as if nothing had happened, and children that were seen. */
static int waits(int count)
{
    pthread_t thread;
    large(count);
    signal(SIGCHLD, on_child);
    pthread_create(&thread, NULL, epoll_waiter, NULL);
    pthread_create(&thread, NULL, signal_waiter, NULL);
    ready();
    bool has_child = waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
    return __atomic_load_n(&broken, __ATOMIC_RELAXED) + children + has_child;
}

static void family(void)
{
    kept[0] = malloc(401);
    memset(kept[0], 0, 401);
    if (fork() == 0) {
        *(void **)kept[0] = malloc(402); /* its parent's block holds it */
        kept[2] = malloc(403);
        kept[2] = NULL;
        exit(0);
    }
    wait(NULL);
}

static void *churn(void *number)
{
    void **mine = calloc(1000, sizeof *mine);
    kept[(size_t)number] = mine;
    for (unsigned dice = 1; !over; dice = dice * 1103515245 + 12345) {
        void **at = mine + dice / 65536 % 1000;
        free(*at);
        *at = malloc(16 + dice / 256 % 512);
    }
    return NULL;
}

static void busy(void)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        pthread_create(threads + i, NULL, churn, (void *)(i + 1));
    ready();
    over = 1;
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i <= 4; i++) {
        for (size_t j = 0; j < 1000; j++)
            free(((void **)kept[i])[j]);
        free(kept[i]);
        kept[i] = NULL;
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "threads"))
        threads(argc > 2 ? atoi(argv[2]) : 100);
    else if (!strcmp(what, "sparse"))
        sparse();
    else if (!strcmp(what, "large"))
        large(argc > 2 ? atoi(argv[2]) : 400000), ready();
    else if (!strcmp(what, "writes"))
        writes(argc > 2 ? atoi(argv[2]) : 400000);
    else if (!strcmp(what, "waits"))
        _exit(waits(argc > 2 ? atoi(argv[2]) : 1000));
    else if (!strcmp(what, "fork"))
        family();
    else if (!strcmp(what, "busy"))
        busy();
    return 0;
}
