/* share: halved whenever the watched waited for more than a small part of the time and we may be the cause, and grown step by step when not.
 * Who works for a moment lets each thread wait for that moment at most: where they waited for far longer, others
 * fill the processors, and our resting would gain the program nothing. */
#include "share.h"

#include "host/base/now.h"
#include "waits.h"

static const uint64_t LOOK_NS = 100000000;
static const double PART_LEAST = 0.02, PART_FIRST = 0.2, PART_CROWDED = 0.06, GROWTH = 1.5;
static const double WAIT_MOST = 0.03; /* of the time; without anybody who looks on it is less */
static const double CAUSED_MOST = 4;   /* times our own work: what the watched may wait because of it */

void share_begin(struct share *share)
{
    uint64_t worked = now_of(CLOCK_THREAD_CPUTIME_ID);
    *share = (struct share){.part = PART_FIRST, .looked_ns = now_ns(), .worked_ns = worked, .all_worked_ns = worked};
}

/* Of whom nothing can be known it is taken that he waits. */
static uint64_t waited_since(struct share *share, const pid_t watched[SHARE_WATCHED], uint64_t passed)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SHARE_WATCHED; i++) {
        uint64_t now = 0, before = share->waited_ns[i];
        if (watched[i] && !waits_take(watched[i], &now))
            sum += passed;
        sum += before && now > before ? now - before : 0;
        share->waited_ns[i] = now;
    }
    return sum;
}

void share_take(struct share *share, uint64_t passed_ns, uint64_t waited_ns, uint64_t worked_ns)
{
    bool are_waiting = (double)waited_ns > WAIT_MOST * (double)passed_ns, are_others = (double)waited_ns > CAUSED_MOST * (double)worked_ns;
    double part = are_waiting && !are_others ? share->part / 2 : share->part * GROWTH, most = are_waiting ? PART_CROWDED : 1;
    share->part = part < PART_LEAST ? PART_LEAST : part > most ? most : part;
}

static void share_look(struct share *share, const pid_t watched[SHARE_WATCHED])
{
    uint64_t now = now_ns(), passed = now - share->looked_ns, all_worked = now_of(CLOCK_THREAD_CPUTIME_ID);
    if (passed < LOOK_NS)
        return;
    share_take(share, passed, waited_since(share, watched, passed), all_worked - share->all_worked_ns);
    share->looked_ns = now;
    share->all_worked_ns = all_worked;
}

uint64_t share_rest(struct share *share, const pid_t watched[SHARE_WATCHED])
{
    uint64_t worked = now_of(CLOCK_THREAD_CPUTIME_ID), before = share->worked_ns;
    share_look(share, watched);
    share->worked_ns = worked;
    return worked > before ? (uint64_t)((double)(worked - before) * (1 / share->part - 1)) : 0;
}

void share_leave_out(struct share *share, uint64_t ns)
{
    share->worked_ns += ns;
}

double share_times(const struct share *share)
{
    double times = 1 / share->part - 1;
    return times > SHARE_TIMES ? times : SHARE_TIMES;
}
