/* follow: a file that another process still writes is read to its last byte, and not beyond its writer's end, however that comes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/trace/follow.h"

enum { PIECES = 20, PIECE_BYTES = 1000 };

static char path[] = "follow.XXXXXX";

/* A writer that writes a piece each few milliseconds, and then ends or is killed. */
static pid_t writer_start(int file, bool waits)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (!pid) {
        char piece[PIECE_BYTES];
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when an assertion ends the test */
        follow_hold(file);
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (int i = 0; i < PIECES; i++) {
            memset(piece, 'a' + i, sizeof piece);
            if (write(file, piece, sizeof piece) != sizeof piece)
                _exit(1);
            usleep(3000);
        }
        while (waits)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

struct waiting {
    pid_t kill;
    int waits, most;
};

static bool wait_some(void *context)
{
    struct waiting *waiting = context;
    if (++waiting->waits == waiting->most && waiting->kill)
        kill(waiting->kill, SIGKILL);
    else if (waiting->waits == waiting->most)
        return false;
    usleep(2000);
    return true;
}

static size_t read_all(struct follow *follow)
{
    static char bytes[PIECES * PIECE_BYTES + 1];
    size_t count = 0;
    for (long got; (got = follow_read(follow, bytes + count, sizeof bytes - count)) > 0;)
        count += (size_t)got;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(bytes[i], (char)('a' + i / PIECE_BYTES));
    return count;
}

static void reads(bool waits, bool kills, int most, size_t bytes)
{
    strcpy(path, "follow.XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    pid_t writer = writer_start(file, waits);
    struct waiting waiting = {kills ? writer : 0, 0, most};
    struct follow *follow = follow_open(&(struct follow_config){path, wait_some, &waiting}, NULL);
    assert_non_null(follow);
    assert_int_equal(follow_writer(follow), writer);
    assert_true(follow_is_wanted(file)); /* asked by another open file, as a writer would */
    if (bytes)
        assert_int_equal(read_all(follow), bytes);
    else
        assert_true(read_all(follow) < PIECES * PIECE_BYTES);
    assert_true(waiting.waits > 0);
    follow_close(follow);
    assert_false(follow_is_wanted(file));
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    close(file);
    unlink(path);
}

static void test_ends_with_its_writer(void **state)
{
    (void)state;
    reads(false, false, 0, PIECES * PIECE_BYTES);
}

static void test_a_killed_writer_is_an_end(void **state)
{
    (void)state;
    reads(true, true, 200, PIECES * PIECE_BYTES);
}

static void test_a_follower_may_leave(void **state)
{
    (void)state;
    reads(true, false, 2, 0);
}

static void test_a_file_that_nobody_writes_ends_at_once(void **state)
{
    (void)state;
    struct waiting waiting = {0};
    strcpy(path, "follow.XXXXXX");
    int file = mkstemp(path);
    assert_int_equal(write(file, "aaa", 3), 3);
    struct follow *follow = follow_open(&(struct follow_config){path, wait_some, &waiting}, NULL);
    assert_false(follow_is_written(follow));
    assert_int_equal(follow_writer(follow), 0);
    assert_int_equal(read_all(follow), 3);
    assert_int_equal(waiting.waits, 0);
    follow_close(follow);
    close(file);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_with_its_writer),
        cmocka_unit_test(test_a_killed_writer_is_an_end),
        cmocka_unit_test(test_a_follower_may_leave),
        cmocka_unit_test(test_a_file_that_nobody_writes_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
