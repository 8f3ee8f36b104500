/* still: a child whose memory changes while it is copied; what was there at the moment is there afterwards, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/reach/still.h"

enum { PAGE = 4096, PAGES = 16384, NEW_PAGES = 4 };

static char *memory; /* at the same address in both */

struct child {
    pid_t pid;
    int watch, to, from;
};

static void child_turn(int from, int to)
{
    char byte;
    if (write(to, "x", 1) != 1 || read(from, &byte, 1) != 1)
        _exit(1);
}

static void child_live(int from, int to)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < PAGES; i++)
        *(uint64_t *)(void *)(memory + i * PAGE) = i;
    int watch = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    if (write(to, &watch, sizeof watch) != sizeof watch)
        _exit(1);
    child_turn(from, to);
    close(watch);
    for (size_t i = 0; i < PAGES; i += 1000)
        *(uint64_t *)(void *)(memory + i * PAGE) = i + 1000000;
    munmap(memory + 5 * PAGE, PAGE);                                /* gone */
    madvise(memory + 7 * PAGE, PAGE, MADV_DONTNEED);                /* empty */
    munmap(memory + 9 * PAGE, PAGE);                                /* another one is there */
    mmap(memory + 9 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    *(uint64_t *)(void *)(memory + 9 * PAGE) = 99;
    mremap(memory + 20 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, memory + 22 * PAGE); /* one in another's place */
    char *fresh = mmap(memory + (PAGES + 10) * (size_t)PAGE, NEW_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    memset(fresh, 7, PAGE);
    child_turn(from, to);
    child_turn(from, to);
    _exit(0);
}

static bool child_begin(struct child *child)
{
    int there[2], back[2], number = -1;
    memory = mmap(NULL, (PAGES + 20) * (size_t)PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(memory + PAGES * (size_t)PAGE, 20 * PAGE);
    assert_false(pipe(there) || pipe(back));
    *child = (struct child){.pid = fork(), .to = there[1], .from = back[0], .watch = -1};
    if (!child->pid)
        child_live(there[0], back[1]);
    assert_int_equal(read(child->from, &number, sizeof number), sizeof number);
    int process = (int)syscall(SYS_pidfd_open, child->pid, 0);
    child->watch = number < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
    close(process);
    return child->watch >= 0;
}

/* Until it waits for us once more. */
static void child_hear(const struct child *child)
{
    char byte;
    assert_int_equal(read(child->from, &byte, 1), 1);
}

static uint64_t word_of(const struct still *still, size_t page)
{
    const char *bytes = still_page(still, (uint64_t)(uintptr_t)memory + page * PAGE);
    return bytes ? *(const uint64_t *)(const void *)bytes : UINT64_MAX;
}

static void what_was_there_is_there(const struct still *still)
{
    uint64_t base = (uint64_t)(uintptr_t)memory;
    for (size_t i = 100; i < PAGES; i++)
        assert_int_equal(word_of(still, i), i % 1000 ? i : i + 1000000);
    assert_int_equal(word_of(still, 0), 1000000);
    assert_null(still_page(still, base + 5 * PAGE));
    assert_null(still_page(still, base + 7 * PAGE));
    assert_int_equal(word_of(still, 9), 99);
    assert_null(still_page(still, base + 20 * PAGE));
    assert_int_equal(word_of(still, 22), 20);
    assert_int_equal(word_of(still, PAGES + 10), 0x0707070707070707u);
    assert_int_equal(still_next(still, base + 5 * PAGE, base + 100 * PAGE), base + 6 * PAGE);
    assert_int_equal(still_next(still, base + (PAGES + 11) * PAGE, base + (PAGES + 14) * PAGE), base + (PAGES + 14) * PAGE);
}

static void a_still_is_of_its_moment(void **state)
{
    (void)state;
    struct still still;
    struct child child;
    bool has_watch = child_begin(&child);
    child_hear(&child);
    if (!still_begin(&still, child.pid) || !has_watch || !still_watch(&still, child.watch)) {
        still_done(&still); /* a kernel before 6.7, or one that forbids it */
        kill(child.pid, SIGKILL);
        waitpid(child.pid, NULL, 0);
        skip();
    }
    while (!still_is_copied(&still))
        usleep(1000);
    assert_int_equal(write(child.to, "x", 1), 1);
    child_hear(&child);
    assert_true(still_take(&still));
    still_unwatch(&still);
    kill(child.pid, SIGKILL);
    waitpid(child.pid, NULL, 0);
    what_was_there_is_there(&still);
    still_done(&still);
}

static void a_small_process_is_not_worth_it(void **state)
{
    (void)state;
    struct still still;
    int begun[2]; /* closed when it becomes another program */
    char byte;
    assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
    pid_t child = fork();
    if (!child) {
        execl("/bin/sleep", "sleep", "60", NULL);
        _exit(1);
    }
    close(begun[1]);
    assert_int_equal(read(begun[0], &byte, 1), 0);
    close(begun[0]);
    assert_false(still_begin(&still, child));
    still_done(&still);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void holes_are_passed_over(void **state)
{
    (void)state;
    const size_t bytes = (size_t)1 << 40;
    char *sparse = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int pagemap = open("/proc/self/pagemap", O_RDONLY);
    uint64_t base = (uint64_t)(uintptr_t)sparse;
    assert_ptr_not_equal(sparse, MAP_FAILED);
    sparse[bytes / 2] = 1;
    assert_int_equal(presence_next(pagemap, base, base + (1 << 30)), base + (1 << 30));
    assert_int_equal(presence_next(pagemap, base + bytes / 2 - (1 << 30), base + bytes), base + bytes / 2);
    assert_int_equal(presence_next(pagemap, base + bytes / 2, base + bytes), base + bytes / 2);
    munmap(sparse, bytes);
    close(pagemap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_still_is_of_its_moment),
        cmocka_unit_test(a_small_process_is_not_worth_it),
        cmocka_unit_test(holes_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
