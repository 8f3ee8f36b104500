/* guarding: the calls of a guarded heap do what those of any heap do, in threads, children and signal handlers too, and say what is wrong with a block. */
#include "guard_port.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

enum { SLOTS = 200, ROUNDS = 20000, THREADS = 4, TICKS = 300 };
static const struct guard_ending plain = {.family = GUARD_MALLOC};

static void begin(uint32_t page_every, bool before)
{
    assert_true(ht__guard_begin(&(struct guard_config){.below = {malloc, free, calloc, realloc, memalign},
                                                       .secret = 0x5eed,
                                                       .quarantine_bytes = 1 << 20,
                                                       .page_every = page_every,
                                                       .pages_most = 1 << 14,
                                                       .layout = {16, before}}));
}

static int forget(void **state)
{
    (void)state;
    told_count = 0;
    return 0;
}

static void *make(size_t size)
{
    return ht__guard_alloc(size, 0, GUARD_MALLOC);
}

static void alignments_and_sizes(void **state)
{
    (void)state;
    for (size_t alignment = 1; alignment <= 1 << 16; alignment *= 2)
        for (size_t size = 0; size < 200; size += 13) {
            char *block = ht__guard_alloc(size, alignment, GUARD_MALLOC);
            assert_int_equal((uintptr_t)block % alignment, 0);
            assert_int_equal(ht__guard_size(block), size);
            memset(block, 3, size);
            ht__guard_free(block, &plain);
            assert_int_equal(ht__guard_size(block), 0);
        }
    assert_told(HT_FAULT_NONE);
}

static void zeroes(void **state)
{
    (void)state;
    for (size_t size = 0; size < 5000; size = size * 2 + 1) {
        char *block = make(size);
        memset(block, 0xff, size);
        ht__guard_free(block, &plain);
        block = ht__guard_zeroed(size, 1);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], 0);
        ht__guard_free(block, &plain);
    }
    static size_t less;
    assert_null(ht__guard_zeroed(1, SIZE_MAX - 64 - 32 * ++less));
    assert_told(HT_FAULT_HUGE_SIZE);
    assert_null(ht__guard_zeroed(SIZE_MAX / 2, 3));
    told_count = 0;
}

static void huge_sizes_are_refused(void **state)
{
    (void)state;
    const size_t sizes[] = {SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 4095, (size_t)-5, ((size_t)1 << 46) + 4096, (size_t)1 << 47};
    static size_t less; /* the same size is told once */
    void *block = make(10);
    for (size_t i = 0; i < 6; i++, less += 32) {
        errno = 0;
        assert_null(make(sizes[i] - less));
        assert_int_equal(errno, ENOMEM);
        assert_told(HT_FAULT_HUGE_SIZE);
        assert_null(ht__guard_alloc(sizes[i] - less, 64, GUARD_MALLOC));
        assert_null(ht__guard_realloc(block, sizes[i] - less));
        assert_told(HT_FAULT_NONE);
    }
    assert_int_equal(ht__guard_size(block), 10);
    ht__guard_free(block, &plain);
    assert_told(HT_FAULT_NONE);
}

static void blocks_are_resized(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 15, 16, 17, 4095, 4096, 4097, 131071, 131072, 131073, 1000000, 262144, 100, 1};
    char *block = ht__guard_realloc(NULL, 1);
    block[0] = 'x';
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t old = ht__guard_size(block);
        block = ht__guard_realloc(block, sizes[i]);
        assert_int_equal(ht__guard_size(block), sizes[i]);
        assert_int_equal(block[0], 'x');
        if (sizes[i] > 1 && old > 1)
            assert_int_equal(block[(old < sizes[i] ? old : sizes[i]) - 1], old < sizes[i] ? 'y' : block[sizes[i] - 1]);
        memset(block + 1, 'y', sizes[i] - 1);
    }
    assert_null(ht__guard_realloc(block, 0));
    assert_told(HT_FAULT_NONE);
    ht__guard_realloc(block, 10);
    assert_told(HT_FAULT_FREED_RESIZE);
}

static void wrong_frees_are_told(void **state)
{
    (void)state;
    static char nowhere[64] __attribute__((aligned(16)));
    char *block = make(100);
    ht__guard_free(block + 16, &plain);
    assert_told(HT_FAULT_INTERIOR_FREE);
    ht__guard_free(block + 3, &plain);
    assert_told(HT_FAULT_INTERIOR_FREE);
    ht__guard_free(nowhere + 16, &plain);
    assert_told(HT_FAULT_WILD_FREE);
    ht__guard_free((void *)(uintptr_t)0xffff800000001000u, &plain);
    assert_told(HT_FAULT_WILD_FREE);
    ht__guard_free((void *)16, &plain);
    assert_told(HT_FAULT_WILD_FREE);
    ht__guard_free(NULL, &plain);
    assert_told(HT_FAULT_NONE);
    ht__guard_free(block, &(struct guard_ending){.family = GUARD_NEW});
    assert_told(HT_FAULT_MISMATCHED_FREE);
    ht__guard_free(block, &plain);
    assert_told(HT_FAULT_DOUBLE_FREE);
    block = ht__guard_alloc(40, 0, GUARD_NEW);
    ht__guard_free(block, &(struct guard_ending){.family = GUARD_NEW, .is_sized = true, .size = 48});
    assert_told(HT_FAULT_SIZE_MISMATCH);
}

static void what_is_broken_is_told_once_at_the_exit(void **state)
{
    (void)state;
    char *block = make(37);
    block[37] ^= 1;
    ht__guard_at_exit();
    assert_told(HT_FAULT_OVERFLOW);
    assert_int_equal(told.damage.first, 37);
    ht__guard_at_exit();
    assert_told(HT_FAULT_NONE);
    ht__guard_free(block, &plain);
    assert_told(HT_FAULT_NONE);
}

static void our_own_bytes_are_freed_and_overwritten(void **state)
{
    (void)state;
    char *blocks[8];
    for (int i = 0; i < 8; i++)
        blocks[i] = make(64);
    for (int i = 0; i < 8; i++)
        ht__guard_free(blocks[i] - (can_touch(blocks[i] - 16) ? 16 : 0), &plain);
    for (int i = 0; i < 8; i++)
        if (can_touch(blocks[i] - 16))
            memset(blocks[i] - 16, i, 16);
    for (int i = 0; i < 8; i++)
        ht__guard_free(blocks[i], &plain);
    assert_true(told_count >= 8);
    told_count = 0;
    ht__guard_free(make(64), &plain);
    assert_told(HT_FAULT_NONE);
}

/* Allocates, checks what it wrote, resizes and frees at random. */
static void churn(uint64_t seed, int rounds)
{
    unsigned char *blocks[SLOTS] = {0};
    size_t sizes[SLOTS] = {0};
    for (int i = 0; i < rounds; i++) {
        uint32_t at = dice(&seed, SLOTS), what = dice(&seed, 3), size = dice(&seed, dice(&seed, 50) ? 300 : 200000);
        if (blocks[at] && sizes[at] && (blocks[at][0] != (at & 255) || blocks[at][sizes[at] - 1] != (at & 255)))
            _exit(3);
        if (what && blocks[at]) {
            ht__guard_free(blocks[at], &plain);
            blocks[at] = NULL;
            continue;
        }
        blocks[at] = blocks[at] ? ht__guard_realloc(blocks[at], size + 1) : make(size + 1);
        sizes[at] = size + 1;
        memset(blocks[at], (int)at, sizes[at]);
    }
    for (int i = 0; i < SLOTS; i++)
        ht__guard_free(blocks[i], &plain);
}

static void *run_churn(void *seed)
{
    churn((uintptr_t)seed, ROUNDS / 4);
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run_churn, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_told(HT_FAULT_NONE);
}

static void child(void)
{
    ht__guard_after_fork();
    churn(5, 2000);
    ht__guard_at_exit();
    if (told_count)
        _exit(4);
}

static void children_go_on(void **state)
{
    (void)state;
    pthread_t thread;
    pthread_create(&thread, NULL, run_churn, (void *)(uintptr_t)9);
    for (int i = 0; i < 10; i++)
        assert_child(child);
    pthread_join(thread, NULL);
    assert_told(HT_FAULT_NONE);
}

static volatile sig_atomic_t ticks;

/* Between any two instructions of a call of the same thread. Those below are the C library's, which no handler may call: here they are only made where pages are. */
static void on_tick(int number)
{
    (void)number;
    static void *kept;
    ht__guard_free(kept, &plain);
    kept = paged_alloc(100, 0, GUARD_MALLOC);
    ht__guard_size(kept);
    ticks++;
}

static void handlers_interrupt_calls(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_tick}, old;
    sigaction(SIGPROF, &action, &old);
    setitimer(ITIMER_PROF, &(struct itimerval){{0, 500}, {0, 500}}, NULL);
    alarm(300); /* a deadlock ends, but not a busy machine */
    for (ticks = 0; ticks < TICKS;)
        churn((uint64_t)ticks, 500);
    alarm(0);
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    sigaction(SIGPROF, &old, NULL);
    assert_told(HT_FAULT_NONE);
}

static int run_all(uint32_t page_every, bool before)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(alignments_and_sizes, forget),
        cmocka_unit_test_setup(zeroes, forget),
        cmocka_unit_test_setup(huge_sizes_are_refused, forget),
        cmocka_unit_test_setup(blocks_are_resized, forget),
        cmocka_unit_test_setup(wrong_frees_are_told, forget),
        cmocka_unit_test_setup(what_is_broken_is_told_once_at_the_exit, forget),
        cmocka_unit_test_setup(our_own_bytes_are_freed_and_overwritten, forget),
        cmocka_unit_test_setup(threads_do_not_disturb_each_other, forget),
        cmocka_unit_test_setup(children_go_on, forget),
        cmocka_unit_test_setup(handlers_interrupt_calls, forget),
    };
    begin(page_every, before);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Guarded by heads and tails, by pages behind and before, and by either: a process has one guard. */
int main(void)
{
    static const struct {
        uint32_t page_every;
        bool before;
    } ways[] = {{0, false}, {1, false}, {1, true}, {3, false}};
    int failed = 0;
    for (int i = 0; i < 4; i++) {
        int status = 1;
        pid_t pid = fork();
        if (!pid)
            _exit(run_all(ways[i].page_every, ways[i].before));
        waitpid(pid, &status, 0);
        failed += status != 0;
    }
    return failed;
}
