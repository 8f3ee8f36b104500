/* test_loan: a thread of another process makes calls for us and goes on as if nothing had been; what is loaded in it is found. */
#include "host/launch/loan.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/launch/loaded.h"

#if REGISTERS_KNOWN

static uint64_t given_a, given_b;

static uint64_t called(uint64_t a, uint64_t b)
{
    volatile double room[512]; /* vectors and floating point are used too */
    for (int i = 0; i < 512; i++)
        room[i] = sqrt((double)a + i);
    given_a = a;
    given_b = b;
    return a * 1000 + b + (room[3] < 0);
}

/* Sums up in registers until it is told to end; its answer does not depend on what is done to it. */
static void child_counts(volatile int *go_on)
{
    double sum = 0;
    while (*go_on)
        for (int i = 1; i <= 1000; i++)
            sum += 1.0 / i - 1.0 / i;
    _exit(sum == 0 ? 7 : 8);
}

static void child_sleeps(volatile int *go_on)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int result = nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    while (*go_on) /* they may come late */
        usleep(1000);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    _exit(!result && seconds >= 0.3 ? 7 : 8);
}

static uint64_t find_instruction(const struct loan *loan)
{
    struct loaded loaded;
    unsigned char code[16384];
    assert_true(loaded_read(&loaded, loan->pid));
    const struct loaded_file *vdso = loaded_named(&loaded, "[vdso]");
    assert_non_null(vdso);
    ssize_t got = pread(loan->memory, code, sizeof code, (off_t)vdso->code_start);
    const unsigned char *found = got > 0 ? memmem(code, (size_t)got, registers_syscall_code, sizeof registers_syscall_code) : NULL;
    assert_non_null(found);
    uint64_t at = vdso->code_start + (uint64_t)(found - code);
    loaded_done(&loaded);
    return at;
}

/* One that has no processor does not stand still at once, and is let go: who borrows it tries again. */
static bool hold(struct loan *loan, pid_t child)
{
    enum { TRIES = 3000 };
    for (int i = 0; i < TRIES; i++) {
        if (loan_hold(loan, child))
            return true;
        loan_release(loan);
        usleep(20000);
    }
    return false;
}

/* The same program, so our functions lie there where they lie here. */
static void make_calls(pid_t child)
{
    char path[64];
    struct loan loan = {.pid = child};
    uint64_t result = 0;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)child);
    loan.memory = open(path, O_RDWR | O_CLOEXEC);
    assert_true(loan.memory >= 0);
    loan.instruction = find_instruction(&loan);
    assert_true(hold(&loan, child));
    assert_true(loan_take(&loan));
    for (uint64_t i = 0; i < 20; i++) {
        assert_true(loan_call(&loan, (uint64_t)(uintptr_t)called, i, 5, &result));
        assert_int_equal(result, i * 1000 + 5);
    }
    assert_true(loan_read(&loan, (uint64_t)(uintptr_t)&given_a, &result, sizeof result));
    assert_int_equal(result, 19);
    assert_true(loan_syscall(&loan, SYS_getpid, (const uint64_t[6]){0}, &result));
    assert_int_equal(result, child);
    loan_release(&loan);
    close(loan.memory);
}

static void with_child(void (*work)(volatile int *))
{
    volatile int *go_on = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;
    *go_on = 1;
    pid_t child = fork();
    if (child == 0)
        work(go_on);
    usleep(50000);
    make_calls(child);
    make_calls(child);
    *go_on = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    munmap((void *)(uintptr_t)go_on, 4096);
}

static void test_a_thread_that_works(void **state)
{
    (void)state;
    with_child(child_counts);
}

static void test_a_thread_that_sleeps(void **state)
{
    (void)state;
    with_child(child_sleeps);
}

/* A call that crashes is told as such, and the thread goes on. */
static void test_a_call_that_crashes(void **state)
{
    (void)state;
    char path[64];
    int status;
    volatile int *go_on = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *go_on = 1;
    pid_t child = fork();
    if (child == 0) {
        while (*go_on)
            usleep(10000);
        _exit(7);
    }
    usleep(50000);
    struct loan loan = {.pid = child};
    snprintf(path, sizeof path, "/proc/%d/mem", (int)child);
    loan.memory = open(path, O_RDWR | O_CLOEXEC);
    loan.instruction = find_instruction(&loan);
    assert_true(hold(&loan, child));
    assert_true(loan_take(&loan));
    assert_false(loan_call(&loan, 0x10, 0, 0, NULL));
    loan_release(&loan);
    close(loan.memory);
    *go_on = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    munmap((void *)(uintptr_t)go_on, 4096);
}

static void test_a_process_that_is_gone(void **state)
{
    (void)state;
    struct loan loan = {.pid = 1 << 29, .memory = -1};
    assert_false(loan_hold(&loan, 1 << 29));
    assert_int_equal(errno, ESRCH);
}

#endif

static void test_what_is_loaded(void **state)
{
    (void)state;
    struct loaded loaded;
    assert_true(loaded_read(&loaded, getpid()));
    loaded_find_allocators(&loaded);
    const struct loaded_file *libc = loaded_named(&loaded, "libc.so"), *own = loaded_at(&loaded, (uint64_t)(uintptr_t)test_what_is_loaded);
    assert_non_null(libc);
    assert_true(libc->has_malloc);
    assert_non_null(own);
    assert_false(own->has_malloc);
    assert_ptr_equal(loaded_at(&loaded, (uint64_t)(uintptr_t)getpid), libc);
    assert_int_equal(loaded_function(libc, "getpid"), (uint64_t)(uintptr_t)getpid);
    assert_int_equal(loaded_function(libc, "no_such_function"), 0);
    assert_null(loaded_at(&loaded, 16));
    assert_null(loaded_named(&loaded, "libabsent.so"));
    loaded_done(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_loaded),
#if REGISTERS_KNOWN
        cmocka_unit_test(test_a_thread_that_works),
        cmocka_unit_test(test_a_thread_that_sleeps),
        cmocka_unit_test(test_a_call_that_crashes),
        cmocka_unit_test(test_a_process_that_is_gone),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
