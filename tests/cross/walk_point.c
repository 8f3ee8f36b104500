/* walk_point: in calls from random code, out a comparison of the runtime's walk with libgcc's unwinder at each of them: every frame's return address and
 * stack pointer. Stands in for what the walker needs of the runtime; exit code 1 on any difference. */
#include "walk_point.h"

#include "target/process/port_process.h"
#include "target/process/producer.h"
#include "target/process/walk.h"
#include "target/os/linux/os.h"
#include "target/unwind/arch.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

/* On arm libgcc does not show the frame that it has no way on from. */
#if defined(__arm__)
#define OLDEST_UNSEEN 1
#else
#define OLDEST_UNSEEN 0
#endif

enum { DEEPEST = 4096 };

static struct ht_session session;
static struct ht_state state = {1, &session.recording, 0};
static const char single;
static struct ht_thread nobody;
struct ht_state *ht__state = &state;
const char *ht__single_threaded = &single;
__thread struct ht_thread *ht__self __attribute__((tls_model("initial-exec"))) = &nobody;
uint32_t ht__process_serial = 1;
struct ht_real ht__real;

struct ht_thread *ht__thread_now(void)
{
    return ht__self;
}

bool ht__lane_put_more(struct ht_thread *thread, unsigned type, const void *head, uint64_t head_bytes, const void *tail, uint64_t tail_bytes)
{
    (void)thread, (void)type, (void)head, (void)head_bytes, (void)tail, (void)tail_bytes;
    return true;
}

struct stack {
    uint32_t count;
    bool whole;
    uint64_t pc[DEEPEST], sp[DEEPEST]; /* youngest first */
};

/* What one thread of the test has. `told` is what a reader of the lane would hold: oldest first. */
struct bench {
    struct ht_thread reusing, forgetful;
    uint64_t told[DEEPEST];
    struct stack ours, theirs;
    uint64_t points, frames, kept, cut;
    unsigned dice, rare; /* one point in `rare` is looked at: between two of them the stack may have changed deep down */
};

static __thread struct bench *bench;
static uint64_t all_points, all_frames, all_kept, all_cut, differences;
static bool may_be_cut; /* the C library does not tell where each stack ends */

static struct bench *bench_new(unsigned seed)
{
    struct bench *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b == MAP_FAILED)
        abort();
    walk_begin(&b->reusing);
    memset(&b->reusing.sentinel, 0xff, sizeof b->reusing.sentinel);
    b->forgetful.sentinel = b->reusing.sentinel;
    walk_begin(&b->forgetful);
    b->dice = seed;
    b->rare = 1;
    return b;
}

static void bench_done(struct bench *b)
{
    __atomic_add_fetch(&all_points, b->points, __ATOMIC_RELAXED);
    __atomic_add_fetch(&all_frames, b->frames, __ATOMIC_RELAXED);
    __atomic_add_fetch(&all_kept, b->kept, __ATOMIC_RELAXED);
    __atomic_add_fetch(&all_cut, b->cut, __ATOMIC_RELAXED);
    munmap(b, sizeof *b);
}

unsigned walk_random(unsigned below)
{
    bench->dice = bench->dice * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)(bench->dice >> 4) * below >> 28);
}

struct search {
    struct stack *stack;
    uint64_t from; /* the first frame's stack pointer */
};

static _Unwind_Reason_Code see_frame(struct _Unwind_Context *context, void *of)
{
    struct search *search = of;
    int before = 0;
#if defined(__arm__)
    uint64_t pc = _Unwind_GetIP(context), sp = _Unwind_GetGR(context, 13);
    const struct stack *so_far = search->stack;
    before = so_far->count && arch_is_trampoline(so_far->pc[so_far->count - 1]);
#else
    uint64_t pc = (uint64_t)_Unwind_GetIPInfo(context, &before), sp = (uint64_t)_Unwind_GetCFA(context);
#endif
    struct stack *stack = search->stack;
    if ((!stack->count && sp < search->from) || !pc)
        return _URC_NO_REASON;
    if (stack->count == DEEPEST)
        return _URC_END_OF_STACK;
    stack->pc[stack->count] = pc + (before ? ARCH_AFTER : 0);
    stack->sp[stack->count++] = before && !HT_CALL_PUSHES ? 0 : sp; /* of an interrupted frame libgcc may tell where the signal's frame is instead */
    return _URC_NO_REASON;
}

static void differ(const char *way, const struct stack *ours, const struct stack *theirs)
{
    if (__atomic_fetch_add(&differences, 1, __ATOMIC_RELAXED) >= 3)
        return;
    fprintf(stderr, "%s: %u frames, libgcc has %u\n", way, ours->count, theirs->count);
    for (uint32_t i = 0; i < ours->count || i < theirs->count; i++) {
        uint64_t a = i < ours->count ? ours->pc[i] : 0, b = i < theirs->count ? theirs->pc[i] : 0;
        uint64_t c = i < ours->count ? ours->sp[i] : 0, d = i < theirs->count ? theirs->sp[i] : 0;
        fprintf(stderr, "  %3u  pc %#14llx %#14llx  sp %#14llx %#14llx%s\n", i, (unsigned long long)a, (unsigned long long)b, (unsigned long long)c,
                (unsigned long long)d, a == b && c == d ? "" : "  <--");
    }
}

/* A walk that ends without a root is right only where nobody can tell the rest. */
static void compare(const char *way, const struct stack *ours, const struct stack *theirs)
{
    bool same = ours->count == theirs->count + OLDEST_UNSEEN;
    for (uint32_t i = 0; i < theirs->count && same; i++)
        same = ours->pc[i] == theirs->pc[i] && (!theirs->sp[i] || ours->sp[i] == theirs->sp[i]);
    if (!same || (!ours->whole && !may_be_cut))
        differ(way, ours, theirs);
}

static void take(struct stack *stack, struct ht_thread *thread, struct walk walk)
{
    uint64_t depth = walk_keep(thread, &walk) + walk_fresh(thread, &walk);
    walk_settle(thread, &walk, NULL);
    stack->count = 0;
    stack->whole = !(walk.odd & WALK_TRUNCATED);
    for (uint64_t i = depth; i > 0 && stack->count < DEEPEST; i--) {
        stack->pc[stack->count] = thread->frames[i - 1].pc;
        stack->sp[stack->count++] = walk_stack_pointer(&thread->frames[i - 1]);
    }
}

/* The collector's side of `keep` and `fresh`. */
static void tell(struct bench *b, uint64_t keep, uint64_t fresh)
{
    for (uint64_t i = keep; i < keep + fresh && i < DEEPEST; i++)
        b->told[i] = b->reusing.frames[i].pc;
    for (uint32_t i = 0; i < b->ours.count; i++)
        b->ours.pc[i] = b->told[b->ours.count - 1 - i];
}

static void compare_all(const void *frame, uint64_t cfa)
{
    struct bench *b = bench;
    if (walk_random(b->rare))
        return;
    struct search search = {&b->theirs, cfa};
    b->theirs.count = 0;
    _Unwind_Backtrace(see_frame, &search);
    ht__self = &b->reusing;
    struct walk walk = ht__walk(&b->reusing, frame);
    uint64_t keep = walk_keep(&b->reusing, &walk), fresh = walk_fresh(&b->reusing, &walk);
    take(&b->ours, &b->reusing, walk);
    tell(b, keep, fresh);
    compare("with reuse", &b->ours, &b->theirs);
    b->points++;
    b->frames += b->ours.count;
    b->kept += keep;
    b->cut += walk.odd & WALK_TRUNCATED;
    ht__self = &b->forgetful;
    walk_forget(&b->forgetful);
    take(&b->ours, &b->forgetful, ht__walk(&b->forgetful, frame));
    compare("without reuse", &b->ours, &b->theirs);
    ht__self = &nobody;
}

__attribute__((noinline)) void walk_point(void)
{
    compare_all(HT_FRAME, (uint64_t)(uintptr_t)__builtin_dwarf_cfa());
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static void wander(unsigned seed, int rounds)
{
    bench = bench_new(seed);
    walk_wander_start();
    for (int i = 0; i < rounds; i++) {
        bench->rare = 1u << 2 * walk_random(4);
        walk_wander(0);
        if (walk_throw)
            walk_throw(0);
    }
    bench_done(bench);
}

static int rounds_wanted = 30;

static void *thread_main(void *seed)
{
    wander((unsigned)(uintptr_t)seed, rounds_wanted / 3 + 1);
    return NULL;
}

int main(int argc, char **argv)
{
    ht__session = &session;
    rounds_wanted = argc > 1 ? atoi(argv[1]) : 30;
    uint64_t least = argc > 2 ? (uint64_t)atoll(argv[2]) : 1000;
    may_be_cut = argc > 3 && !strcmp(argv[3], "cut");
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, thread_main, (void *)(i + 7)))
            abort();
    wander(1, rounds_wanted);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%llu points, %llu frames (%llu kept), %llu cut, %llu differences\n", (unsigned long long)all_points, (unsigned long long)all_frames,
           (unsigned long long)all_kept, (unsigned long long)all_cut, (unsigned long long)differences);
    return differences || all_points < least;
}
