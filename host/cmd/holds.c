/* holds: each process is held at the thread that ends it, let go on to its last system call, looked at there, and let go. */
#include "holds.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { LAST_TRIES = 400, LAST_PAUSE_NS = 5000000 };

enum held_state {
    HELD_ON_ITS_WAY, /* to its last call */
    HELD_COPIED,     /* it runs, and its memory is copied */
    HELD_SCANNED,    /* the marker runs */
    HELD_LEAVING,    /* a thread did not stand still yet, and must before it can be let go */
    HELD_GONE,
};

struct held {
    struct scan scan;
    enum held_state state;
    bool is_told; /* how it ended */
    bool is_over; /* the search is */
    struct str why;
    struct error error;
};

static void say(struct holds *holds, const struct error *error)
{
    if (!holds->has_failed)
        fprintf(stderr, "heaptracer: no search for leaks at the end: %s\n", error->text);
    holds->has_failed = true;
}

static void leave(struct holds *holds, struct held *held)
{
    if (held->scan.config.moment != SCAN_ASKED)
        shm_end_hold(holds->config.shm, held->scan.config.process.serial);
    held->state = standstill_release(&held->scan.standstill) ? HELD_GONE : HELD_LEAVING;
}

static void look(struct holds *holds, struct held *held)
{
    struct error error = {0};
    if (standstill_take(&held->scan.standstill, &error) && scan_begin(&held->scan, &error)) {
        held->state = HELD_SCANNED;
        return;
    }
    say(holds, &error);
    leave(holds, held);
}

static struct held *make(struct holds *holds, const struct shm_process *process, enum scan_moment moment)
{
    struct held *held = memory_new(1, sizeof *held);
    held->scan.config = holds->config;
    held->scan.config.process = *process;
    held->scan.config.moment = moment;
    held->scan.config.id = ++holds->scans;
    held->scan.result = -1;
    held->scan.standstill.memory = held->scan.standstill.pagemap = -1;
    vec_push(&holds->at, held);
    return held;
}

/* A process that goes on: false and `error` if it cannot be looked at. */
static bool look_in_passing(struct holds *holds, struct held *held, struct error *error)
{
    struct scan *scan = &held->scan;
    bool is_held = standstill_begin_all(&scan->standstill, (pid_t)scan->config.process.pid, error);
    scan->has_still = is_held && still_is_copied(&scan->still) && still_take(&scan->still);
    if (is_held && (scan->has_still || standstill_copy(&scan->standstill))) {
        scan->config.stamp = clock_now(holds->config.clock);
        standstill_release(&scan->standstill);
    }
    still_unwatch(&scan->still);
    if (is_held && scan_begin(scan, error)) {
        held->state = HELD_SCANNED;
        return true;
    }
    standstill_end_copy(&scan->standstill);
    leave(holds, held);
    return false;
}

static bool holds_looks(const struct holds *holds, pid_t pid)
{
    for (size_t i = 0; i < holds->at.count; i++)
        if (holds->at.at[i]->state != HELD_GONE && (pid_t)holds->at.at[i]->scan.config.process.pid == pid)
            return true;
    return false;
}

/* A process with much memory is copied before it is held. */
static bool copy_before(struct held *held)
{
    struct scan *scan = &held->scan;
    pid_t pid = (pid_t)scan->config.process.pid;
    if (!still_begin(&scan->still, pid))
        return false;
    held->state = HELD_COPIED;
    return still_watch(&scan->still, standstill_watch(pid, &scan->held_before_ns));
}

uint32_t holds_ask(struct holds *holds, const struct shm_process *process, uint64_t why, struct error *error)
{
    if (holds_looks(holds, (pid_t)process->pid))
        return error_set(error, ERROR_USAGE, "process %u is being looked at already", process->pid);
    struct held *held = make(holds, process, SCAN_ASKED);
    held->scan.config.why = why;
    return copy_before(held) || look_in_passing(holds, held, error) ? held->scan.config.id : 0;
}

bool holds_answer(const struct holds *holds, uint32_t scan, struct str *out, struct error *error)
{
    for (size_t i = 0; i < holds->at.count; i++) {
        const struct held *held = holds->at.at[i];
        if (held->scan.config.id != scan)
            continue;
        if (!held->is_over)
            return false;
        str_add(out, str_text(&held->why));
        return held->error.kind == ERROR_NONE || (error_set(error, ERROR_READ, "%s", held->error.text), true);
    }
    return error_set(error, ERROR_USAGE, "there is no scan %u", scan), true;
}

static void begin(struct holds *holds, const struct shm_process *process, enum ht_hold why)
{
    struct error error = {0};
    struct held *held = make(holds, process, why == HT_HOLD_ABORT ? SCAN_AT_ABORT : SCAN_AT_END);
    if (!standstill_begin(&held->scan.standstill, (pid_t)process->pid, (pid_t)(process->tid ? process->tid : process->pid), &error)) {
        say(holds, &error);
        leave(holds, held);
    } else if (why == HT_HOLD_ABORT || !process->tid) {
        look(holds, held);
    } else {
        held->state = HELD_ON_ITS_WAY;
        shm_end_hold(holds->config.shm, process->serial);
        standstill_go_on(&held->scan.standstill);
    }
}

static void walk(struct holds *holds, struct held *held)
{
    enum standstill_step step = standstill_look(&held->scan.standstill);
    if (step == STANDSTILL_AT_ITS_END)
        look(holds, held);
    else if (step == STANDSTILL_GONE)
        leave(holds, held);
}

static void finish(struct holds *holds, struct held *held)
{
    if (!scan_look(&held->scan, &held->why, &held->error))
        return;
    held->is_over = true;
    still_done(&held->scan.still);
    standstill_end_copy(&held->scan.standstill);
    if (held->error.kind != ERROR_NONE && held->scan.config.moment != SCAN_ASKED)
        say(holds, &held->error);
    for (int class = 0; class < CLASS_COUNT; class++) {
        holds->of[class].bytes += held->scan.found.of[class].bytes;
        holds->of[class].count += held->scan.found.of[class].count;
    }
    leave(holds, held);
}

static void go_on(struct holds *holds, struct held *held)
{
    if (held->state == HELD_COPIED && still_is_copied(&held->scan.still))
        held->is_over = !look_in_passing(holds, held, &held->error);
    else if (held->state == HELD_ON_ITS_WAY)
        walk(holds, held);
    else if (held->state == HELD_SCANNED)
        finish(holds, held);
    else if (held->state == HELD_LEAVING)
        leave(holds, held);
}

bool holds_go_on(struct holds *holds)
{
    struct shm_process process;
    enum ht_hold why;
    bool any = false;
    while (shm_find_holding(holds->config.shm, &process, &why))
        begin(holds, &process, why);
    for (size_t i = 0; i < holds->at.count; i++) {
        go_on(holds, holds->at.at[i]);
        any |= holds->at.at[i]->state != HELD_GONE;
    }
    return any;
}

bool holds_has(const struct holds *holds, pid_t pid)
{
    for (size_t i = 0; i < holds->at.count; i++)
        if (holds->at.at[i]->state != HELD_GONE && holds->at.at[i]->state != HELD_COPIED && holds->at.at[i]->scan.standstill.pid == pid)
            return true;
    return false;
}

bool holds_ended(struct holds *holds, pid_t pid, int *wait_status, struct rusage *usage)
{
    for (size_t i = 0; i < holds->at.count; i++) {
        struct held *held = holds->at.at[i];
        if (held->is_told || !held->scan.standstill.has_ended || held->scan.standstill.pid != pid)
            continue;
        *wait_status = held->scan.standstill.wait_status;
        *usage = held->scan.standstill.usage;
        held->is_told = true;
        return true;
    }
    return false;
}

/* Threads that did not stand still yet are waited for, within reason: nobody else would let them go. */
static void leave_at_last(struct holds *holds, struct held *held)
{
    for (int i = 0; i < LAST_TRIES && held->state != HELD_GONE; i++) {
        leave(holds, held);
        if (held->state != HELD_GONE)
            nanosleep(&(struct timespec){.tv_nsec = LAST_PAUSE_NS}, NULL);
    }
}

void holds_done(struct holds *holds)
{
    for (size_t i = 0; i < holds->at.count; i++) {
        leave_at_last(holds, holds->at.at[i]);
        scan_done(&holds->at.at[i]->scan);
        str_done(&holds->at.at[i]->why);
        memory_free(holds->at.at[i]);
    }
    vec_done(&holds->at);
}
