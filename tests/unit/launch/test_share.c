/* share: a thread that has to share its processor is seen to wait for it, one that sleeps is not; and who looks on takes little of it then, and all else. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/launch/share.h"
#include "host/launch/waits.h"

enum { TURNS = 2000, TURN_US = 5000 };

static pid_t child_start(bool is_busy)
{
    pid_t pid = fork();
    if (pid) {
        assert_true(is_busy || waitpid(pid, NULL, WUNTRACED) == pid);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!is_busy)
        raise(SIGSTOP);
    for (;;)
        ;
}

static void child_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Two that are busy, on one processor. */
static void pair_start(pid_t pair[2])
{
    cpu_set_t one, before;
    sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    for (int i = 0; !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    sched_setaffinity(0, sizeof one, &one);
    pair[0] = child_start(true);
    pair[1] = child_start(true);
    sched_setaffinity(0, sizeof before, &before);
}

static void one_that_shares_waits(void **state)
{
    pid_t pair[2];
    uint64_t first, now;
    (void)state;
    pair_start(pair);
    assert_true(waits_take(pair[0], &first));
    bool has_waited = false;
    for (int i = 0; i < TURNS && !has_waited; i++) {
        usleep(TURN_US);
        has_waited = waits_take(pair[0], &now) && now > first + 50000000;
    }
    child_end(pair[0]);
    child_end(pair[1]);
    assert_true(has_waited);
}

static void one_that_sleeps_does_not_wait(void **state)
{
    uint64_t first, now;
    (void)state;
    pid_t pid = child_start(false);
    assert_true(waits_take(pid, &first));
    usleep(200000);
    assert_true(waits_take(pid, &now));
    bool is_same = now == first;
    child_end(pid);
    assert_true(is_same);
}

static void one_that_is_gone_does_not_wait(void **state)
{
    uint64_t now = 1;
    (void)state;
    pid_t pid = child_start(false);
    child_end(pid);
    assert_true(waits_take(pid, &now));
    assert_int_equal(now, 0);
}

static const uint64_t TENTH_NS = 100000000;

/* The part of a processor after looks at which the watched had waited for `waited` hundredths of the time, and we had worked for `worked`. */
static double part_after(struct share *share, unsigned waited, unsigned worked)
{
    for (int i = 0; i < 20; i++)
        share_take(share, TENTH_NS, TENTH_NS / 100 * waited, TENTH_NS / 100 * worked);
    return share->part;
}

static void who_waits_for_us_goes_first(void **state)
{
    struct share share;
    (void)state;
    share_begin(&share);
    assert_true(part_after(&share, 0, 90) == 1);
    assert_true(part_after(&share, 50, 30) < 0.05);
    assert_true(share_times(&share) > 2 * SHARE_TIMES);
    assert_true(part_after(&share, 2, 4) == 1);
    assert_true(share_times(&share) == SHARE_TIMES);
}

static void who_waits_for_others_gains_little(void **state)
{
    struct share share;
    (void)state;
    share_begin(&share);
    assert_true(part_after(&share, 50, 30) < 0.05);
    double crowded = part_after(&share, 90, 5);
    assert_true(crowded > 0.05 && crowded < 0.07);
}

static void where_nobody_waits_all_is_taken(void **state)
{
    (void)state;
    pid_t pid = child_start(false);
    const pid_t all[SHARE_WATCHED] = {pid, 0};
    struct share share;
    share_begin(&share);
    for (int i = 0; i < TURNS && share.part < 1; i++) {
        share_rest(&share, all);
        usleep(TURN_US);
    }
    bool is_whole = share.part == 1;
    child_end(pid);
    assert_true(is_whole);
}

static void what_is_left_out_is_not_rested_for(void **state)
{
    const pid_t nobody[SHARE_WATCHED] = {0, 0};
    struct share share;
    (void)state;
    share_begin(&share);
    share_leave_out(&share, 3600ull * 1000000000);
    assert_int_equal(share_rest(&share, nobody), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_that_shares_waits), cmocka_unit_test(one_that_sleeps_does_not_wait),
                                       cmocka_unit_test(one_that_is_gone_does_not_wait),
                                       cmocka_unit_test(who_waits_for_us_goes_first),
                                       cmocka_unit_test(who_waits_for_others_gains_little),
                                       cmocka_unit_test(where_nobody_waits_all_is_taken),
                                       cmocka_unit_test(what_is_left_out_is_not_rested_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
