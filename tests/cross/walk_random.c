/* walk_random: in random numbers, out a recursion through frames of every kind that compilers make, with walk points between the calls: small, huge and
 * variable frames, aligned ones, calls that do not return, tail calls, callbacks through libc, signal handlers (also on a stack of their own), longjmp,
 * coroutines. Compiled many times with different flags. */
#include "walk_point.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <ucontext.h>
#endif

#define NOINLINE __attribute__((noinline))

enum { DEPTH = 24, QUIET_KINDS = 15, KINDS = 20, STACK_BYTES = 4 << 20 };

/* volatile: libc declares raise a leaf that never calls back, but the handler does. */
static __thread volatile int depth_now, huge_now, on_signal_stack;
static __thread jmp_buf *way_out;
static volatile int sink;

static __thread unsigned kinds; /* without signals and coroutines more is reused */

static NOINLINE void go_on(void);

static NOINLINE int plain(int a)
{
    walk_point();
    go_on();
    return a + 1;
}

static NOINLINE int saves_much(int a, int b, int c, int d, int e, int f, int g, int h)
{
    int i = a * b, j = c * d, k = e * f, l = g * h, m = a ^ h, n = b ^ g;
    walk_point();
    go_on();
    sink = a + b + c + d + e + f + g + h;
    walk_point();
    return i + j * k + l - m * n + a;
}

static NOINLINE int huge(int a)
{
    char room[300000];
    room[a & 1023] = 1;
    walk_point();
    huge_now++;
    go_on();
    huge_now--;
    __asm__ volatile("" ::"r"(room) : "memory");
    return room[a & 1023];
}

static NOINLINE int variable(unsigned bytes)
{
    char room[bytes + 1];
    memset(room, 1, sizeof room);
    walk_point();
    go_on();
    char *more = alloca(bytes / 2 + 1);
    more[0] = room[bytes / 2];
    walk_point();
    go_on();
    __asm__ volatile("" ::"r"(more) : "memory");
    return more[0];
}

static NOINLINE int aligned(int a)
{
    char room[100] __attribute__((aligned(64)));
    memset(room, a, sizeof room);
    walk_point();
    go_on();
    __asm__ volatile("" ::"r"(room) : "memory");
    return room[a & 63];
}

static NOINLINE int aligned_variable(unsigned bytes)
{
    char room[64] __attribute__((aligned(128)));
    char *more = alloca(bytes + 1);
    memset(room, 1, sizeof room);
    more[bytes] = 2;
    walk_point();
    go_on();
    __asm__ volatile("" ::"r"(more), "r"(room) : "memory");
    return room[1] + more[bytes];
}

static NOINLINE __attribute__((noreturn)) void never_returns(int a)
{
    walk_point();
    go_on();
    sink = a;
    longjmp(*way_out, 1);
}

static NOINLINE void calls_and_never_returns(int a)
{
    walk_point();
    never_returns(a);
}

static NOINLINE int jumps(int a)
{
    jmp_buf here, *before = way_out;
    int depth = depth_now, huge_before = huge_now;
    way_out = &here;
    if (!setjmp(here))
        calls_and_never_returns(a);
    way_out = before;
    depth_now = depth;
    huge_now = huge_before;
    walk_point();
    return a;
}

/* Twins: same frame, other code. Stacks that differ in them only have equal words at equal places all around. */
static NOINLINE int twin_a(int a)
{
    go_on();
    __asm__ volatile("" ::: "memory");
    return a + 1;
}

static NOINLINE int twin_b(int a)
{
    go_on();
    __asm__ volatile("" ::: "memory");
    return a + 2;
}

/* The callee's frame lies at one place, the caller's at another: its old return address lies stale in what is now room. Only the frame pointer tells. */
static NOINLINE int stretches(unsigned steps)
{
    char *room = alloca(16 * steps + 16);
    __asm__ volatile("" ::"r"(room) : "memory");
    go_on();
    __asm__ volatile("" ::: "memory");
    return (int)steps;
}

static NOINLINE int stretches_what_is_left(unsigned steps)
{
    char *room = alloca(16 * (8 - steps) + 16);
    __asm__ volatile("" ::"r"(room) : "memory");
    sink = stretches(steps);
    return (int)steps;
}

typedef int (*by_pointer)(int);

static NOINLINE int keeps_nothing(int a)
{
    return saves_much(a, 1, 2, 3, 4, 5, 6, 7);
}

/* Overwrites the place where another callee of the same call saved the caller's frame pointer. */
static NOINLINE int covers_much(int a)
{
    volatile char room[400];
    for (unsigned i = 0; i < sizeof room; i++)
        room[i] = 0x5a;
    for (int i = 0; i < 2; i++)
        saves_much(a, 1, 2, 3, 4, 5, 6, 7);
    return room[a & 255];
}

static NOINLINE int relays(unsigned bytes)
{
    static by_pointer volatile to[] = {keeps_nothing, covers_much};
    char *room = alloca(bytes % 99 + 1);
    __asm__ volatile("" ::"r"(room) : "memory");
    for (int i = 0; i < 2; i++)
        sink = to[walk_random(2)](i);
    return room[0];
}

static NOINLINE int tail(int a)
{
    walk_point();
    return plain(a);
}

static int compare_ints(const void *a, const void *b)
{
    if (*(const int *)a == 3) {
        walk_point();
        go_on();
    }
    return *(const int *)a - *(const int *)b;
}

static NOINLINE int sorts(void)
{
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof *numbers, compare_ints);
    return numbers[0];
}

static void handler(int signal)
{
    (void)signal;
    walk_point();
    go_on();
}

static void handler_with_info(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    walk_point();
    go_on();
}

/* A second signal must not begin on the stack that a coroutine was called from. */
static NOINLINE int raises(int signal)
{
    int was = on_signal_stack;
    if (signal == SIGALRM && was++)
        return 0;
    on_signal_stack = was;
    raise(signal);
    on_signal_stack = was - (signal == SIGALRM);
    walk_point();
    return signal;
}

/* Interrupted where it stands, before its frame is whole or when it never had one. */
static NOINLINE int traps(int a)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("ud2" ::: "memory");
#elif defined(__aarch64__)
    __asm__ volatile("udf #0" ::: "memory");
#elif defined(__riscv)
    __asm__ volatile(".option push\n\t.option norvc\n\tunimp\n\t.option pop" ::: "memory");
#elif defined(__arm__)
    raise(SIGILL);
#endif
    return a + 1;
}

/* Steps over the trapping instruction when the handler returns. */
#ifdef __GLIBC__
static void step_over(int signal, siginfo_t *info, void *of)
{
    ucontext_t *context = of;
    (void)signal, (void)info;
    walk_point();
    go_on();
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RIP] += 2;
#elif defined(__i386__)
    context->uc_mcontext.gregs[REG_EIP] += 2;
#elif defined(__aarch64__)
    context->uc_mcontext.pc += 4;
#elif defined(__riscv)
    context->uc_mcontext.__gregs[REG_PC] += 4;
#else
    (void)context;
#endif
}

static NOINLINE void coroutine(void)
{
    walk_point();
    go_on();
    walk_point();
}

static NOINLINE int swaps(int a)
{
    static __thread ucontext_t back, there;
    static __thread char *stack;
    static __thread volatile int busy;
    if (busy)
        return a;
    if (!stack)
        stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    busy = 1;
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = STACK_BYTES;
    there.uc_link = &back;
    makecontext(&there, coroutine, 0);
    swapcontext(&back, &there);
    busy = 0;
    walk_point();
    return a;
}
#endif

static by_pointer volatile indirect[] = {plain, jumps, aligned, tail};

static NOINLINE void step(unsigned kind)
{
    int a = (int)walk_random(1000);
    switch (kind) {
    case 0: sink = plain(a); break;
    case 1: sink = saves_much(a, 1, 2, 3, 4, 5, 6, 7); break;
    case 2: sink = huge_now < 3 ? huge(a) : plain(a); break;
    case 3: sink = variable((unsigned)a); break;
    case 4: sink = aligned(a); break;
    case 5: sink = aligned_variable((unsigned)a); break;
    case 6: sink = jumps(a); break;
    case 7: sink = tail(a); break;
    case 8: sink = sorts(); break;
    case 9: sink = indirect[walk_random(4)](a); break;
    case 10:
    case 11: sink = twin_a(a); break;
    case 12: sink = twin_b(a); break;
    case 13: sink = stretches_what_is_left((unsigned)a & 7); break;
    case 14: sink = relays((unsigned)a); break;
    case 15: sink = raises(SIGUSR1); break;
    case 16: sink = raises(SIGUSR2); break;
#ifdef __GLIBC__
    case 17: sink = traps(a); break;
    case 18: sink = swaps(a); break;
#endif
    default: sink = raises(SIGALRM); break;
    }
}

static NOINLINE void go_on(void)
{
    if (depth_now >= DEPTH)
        return;
    depth_now++;
    unsigned children = walk_random(3);
    if (depth_now < 6)
        children++;
    if (depth_now > 12 && children > 1)
        children = 1;
    for (unsigned i = 0; i < children; i++) {
        walk_point();
        step(walk_random(kinds));
    }
    depth_now--;
}

void walk_wander(int depth)
{
    depth_now = depth;
    kinds = walk_random(3) ? QUIET_KINDS : KINDS;
    go_on();
    walk_point();
}

static void catch(int signal, int flags, void (*with_info)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_flags = flags | SA_NODEFER};
    if (with_info) {
        action.sa_sigaction = with_info;
        action.sa_flags |= SA_SIGINFO;
    } else
        action.sa_handler = handler;
    sigaction(signal, &action, NULL);
}

void walk_wander_start(void)
{
    stack_t stack = {.ss_size = STACK_BYTES};
    stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&stack, NULL);
    catch(SIGUSR1, 0, NULL);
    catch(SIGUSR2, 0, handler_with_info);
    catch(SIGALRM, SA_ONSTACK, handler_with_info);
#ifdef __GLIBC__
    catch(SIGILL, 0, step_over);
#endif
}
