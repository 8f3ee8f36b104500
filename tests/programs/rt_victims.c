/* rt_victims: a victim that lives on the edge in one way at a time. usage: rt_victims WAY. Prints "fine" when it saw nothing unusual. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static void *volatile sink;
static char bad[1];

static void work(int count, size_t size)
{
    for (int i = 0; i < count; i++) {
        sink = malloc(size);
        free(sink);
    }
}

static int fine(void)
{
    puts("fine");
    return 0;
}

/* No call that succeeds may change errno, on any path of ours: the first event of a process, of a thread, a full lane, new code. */
static void *check_errno(void *unused)
{
    for (int i = 0; i < 20000; i++) {
        errno = 4711;
        sink = malloc((size_t)i % 3000);
        sink = realloc(sink, (size_t)i % 2000 + 1);
        free(sink);
        sink = calloc(3, (size_t)i % 300);
        free(sink);
        sink = aligned_alloc(64, 128);
        free(sink);
        if (errno != 4711)
            abort();
    }
    void *pages = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages, 4096);
    return errno == 4711 ? unused : bad;
}

static int keep_errno(void)
{
    pthread_t thread;
    void *answer = NULL;
    if (check_errno(NULL))
        return 1;
    pthread_create(&thread, NULL, check_errno, NULL);
    pthread_join(thread, &answer);
    errno = 0;
    sink = malloc(SIZE_MAX / 2);
    return answer || sink || errno != ENOMEM || fine();
}

static int close_all(void)
{
    work(1, 10);
    int out = fcntl(1, F_DUPFD, 100);
    close_range(0, 99, 0);
    work(1000, 611);
    dup2(out, 1);
    return fine();
}

static int no_descriptors(void)
{
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3});
    work(1000, 611);
    return fine();
}

static int undumpable(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    work(1000, 611);
    if (fork() == 0) {
        work(1000, 611);
        _exit(0);
    }
    wait(NULL);
    return fine();
}

static int other_root(void)
{
    char folder[] = "/tmp/rt_rootXXXXXX";
    if (!mkdtemp(folder))
        return 1;
    if (chroot(folder) || chdir("/"))
        return geteuid() ? (work(1000, 611), fine()) : 1;
    work(1000, 611);
    return fine();
}

static int other_user(void)
{
    work(1, 10);
    if (!geteuid() && (setgid(65534) || setuid(65534)))
        return 1;
    work(500, 611);
    if (fork() == 0) {
        work(500, 611);
        _exit(0);
    }
    wait(NULL);
    return fine();
}

/* Everything but what an allocation and a write need is refused by the kernel. */
static int strict(void)
{
    static const int allowed[] = {SYS_write, SYS_exit_group, SYS_brk, SYS_mmap, SYS_munmap, SYS_futex, SYS_rt_sigprocmask, SYS_fstat, SYS_newfstatat, SYS_mprotect, SYS_mremap};
    struct sock_filter filter[64] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
    unsigned short count = 1, calls = sizeof allowed / sizeof *allowed;
    for (unsigned short i = 0; i < calls; i++)
        filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], (unsigned char)(calls - i), 0);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    work(10, 611);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){count, filter}))
        return 1;
    work(990, 611);
    return fine();
}

static void *wait_for_ever(void *unused)
{
    work(10, 611);
    pause();
    return unused;
}

static int alive_at_exit(void)
{
    pthread_t threads[20];
    for (int i = 0; i < 20; i++)
        pthread_create(&threads[i], NULL, wait_for_ever, NULL);
    usleep(100000);
    return fine();
}

static void leave_by(const char *way)
{
    work(1000, 611);
    puts("fine");
    fflush(stdout);
    if (!strcmp(way, "abort"))
        abort();
    if (!strcmp(way, "kill"))
        kill(getpid(), SIGKILL);
    if (!strcmp(way, "quick_exit"))
        quick_exit(0);
    if (!strcmp(way, "pthread_exit"))
        pthread_exit(NULL);
    _exit(0);
}

/* How much stack a call takes: a painted stack, far from anything else. */
enum { PAINTED = 65536 };
static char *painted;
static ucontext_t main_context, painted_context;
static size_t (*measured)(void);

static void on_painted(void)
{
    measured();
}

static size_t allocate_once(void)
{
    sink = malloc(100);
    free(sink);
    return 0;
}

static size_t stack_of(size_t (*function)(void))
{
    memset(painted, 0x5a, PAINTED);
    measured = function;
    getcontext(&painted_context);
    painted_context.uc_stack = (stack_t){.ss_sp = painted, .ss_size = PAINTED};
    painted_context.uc_link = &main_context;
    makecontext(&painted_context, on_painted, 0);
    swapcontext(&main_context, &painted_context);
    size_t clean = 0;
    while (clean < PAINTED && painted[clean] == 0x5a)
        clean++;
    return PAINTED - clean;
}

static void *measure_in_thread(void *unused)
{
    size_t first = stack_of(allocate_once), next = stack_of(allocate_once);
    printf("first=%zu next=%zu\n", first, next);
    return unused;
}

static int measure_stack(void)
{
    pthread_t thread;
    painted = mmap(NULL, PAINTED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_create(&thread, NULL, measure_in_thread, NULL);
    pthread_join(thread, NULL);
    return fine();
}

/* Code that comes, goes, and gives its place to other code. */
static int load_again(const char *one, const char *other)
{
    for (int i = 0; i < 200; i++) {
        void *library = dlopen(i % 2 ? one : other, RTLD_NOW);
        if (!library)
            return 1;
        void *(*call)(size_t) = (void *(*)(size_t))dlsym(library, "allocate_there");
        sink = call(611);
        free(sink);
        dlclose(library);
    }
    return fine();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } ways[] = {{"errno", keep_errno},   {"close_all", close_all}, {"no_descriptors", no_descriptors}, {"undumpable", undumpable}, {"chroot", other_root},
                {"setuid", other_user}, {"strict", strict},       {"alive", alive_at_exit},          {"stack", measure_stack}};
    const char *way = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(way, ways[i].name))
            return ways[i].run();
    if (!strcmp(way, "dlopen") && argc > 3)
        return load_again(argv[2], argv[3]);
    leave_by(way);
    return 3;
}
