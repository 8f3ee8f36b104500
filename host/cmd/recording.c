/* recording: rounds of the source, with looks at the child, the clock and the socket between them. */
#include "recording.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/now.h"
#include "host/launch/attach.h"
#include "host/launch/control.h"

static struct ht_session *signalled; /* what a handler wakes */
static volatile sig_atomic_t interrupts, forwarded, children;

/* Between two looks at what needs no haste. */
static const uint64_t HOUSEKEEPING_NS = 20000000, ATTEND_NS = 80000000;

static void on_child(int signal)
{
    (void)signal;
    children = 1;
    shm_interrupt(signalled);
}

/* Ctrl-C reaches the program by itself; ours is to stay and write down how it ends. */
static void on_interrupt(int signal)
{
    (void)signal;
    interrupts++;
    shm_interrupt(signalled);
}

static void on_forward(int signal)
{
    forwarded = signal;
    shm_interrupt(signalled);
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(signal, &action, NULL);
}

/* Only after the fork: a program inherits what is ignored, and its limits. */
static void recording_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* What is told of a fault is completed on its way. */
static void recording_watch(struct recording *recording, const struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fault_definition define;
        struct event event = events[i];
        if (fault_watch_see(&recording->faults, &event, &define))
            event.define = &define;
        if (recording->writer)
            trace_writer_put(recording->writer, &event, 1);
    }
}

/* After a failed write there is no writer, though the program and whoever steers the recording may still be heard. */
static void recording_put(void *context, const struct event *events, size_t count)
{
    struct recording *recording = context;
    if (recording->guard)
        recording_watch(recording, events, count);
    else if (recording->writer)
        trace_writer_put(recording->writer, events, count);
}

/* While the process works for us its threads may wait for us. */
static void recording_meanwhile(void *context)
{
    struct recording *recording = context;
    if (!recording->cut)
        shm_round(recording->shm);
}

void recording_begin(struct recording *recording)
{
    signalled = recording->session.shared;
    handle(SIGCHLD, on_child);
    bool is_joined = recording->target.attach;
    bool adopted = recording->target.adopted && !is_joined; /* what ends its program ends the recording, and what is sent to all of a service is for the program */
    handle(SIGINT, adopted ? SIG_IGN : on_interrupt);
    handle(SIGQUIT, adopted ? SIG_IGN : on_interrupt);
    handle(SIGTERM, adopted ? SIG_IGN : is_joined ? on_interrupt : on_forward);
    handle(SIGHUP, adopted ? SIG_IGN : is_joined ? on_interrupt : on_forward);
    handle(SIGPIPE, SIG_IGN);
    handle(SIGXFSZ, SIG_IGN); /* a write beyond a limit shall fail, not kill */
    recording_raise_limit();
    if (is_joined) {
        recording->target.attach->meanwhile = recording_meanwhile;
        recording->target.attach->context = recording;
    }
    recording->control = control_open(recording->target.pid);
    recording->own_control = control_open(getpid());
    recording->shm = shm_new(&(struct shm_config){
        .session = recording->session.shared, .fd = recording->session.fd, .clock = &recording->clock, .put = recording_put, .context = recording});
    recording->holds.config = (struct scan_config){.shm = recording->shm,
                                                   .clock = &recording->clock,
                                                   .writer = recording->writer,
                                                   .session = recording->session.path,
                                                   .pointer_bytes = recording->target.pointer_bytes,
                                                   .regions = recording->regions,
                                                   .knows_all = !recording->paused && !recording->delay_ns && !is_joined};
    if (recording->paused || recording->delay_ns)
        shm_state(recording->shm, false);
}

static void recording_status(struct recording *recording, struct str *out)
{
    bool is_on = __atomic_load_n(&recording->session.shared->recording, __ATOMIC_RELAXED);
    str_add_format(out, "%s\nevents %llu\nprocesses %u\n", is_on ? "recording" : "paused", (unsigned long long)shm_events(recording->shm),
                   shm_living(recording->shm));
}

/* "leaks [ADDRESS]" begins a look at the first process; "scanned N" asks whether it is over. */
static void recording_look(struct recording *recording, const char *address, struct str *out)
{
    struct error error = {0};
    struct shm_process process;
    uint32_t scan = 0;
    if (shm_find_process(recording->shm, (uint32_t)recording->target.pid, &process))
        scan = holds_ask(&recording->holds, &process, address ? strtoull(address, NULL, 16) : 0, &error);
    else
        error_set(&error, ERROR_USAGE, "process %d is not watched any more", (int)recording->target.pid);
    if (scan)
        str_add_format(out, "scan %u\n", scan);
    else
        str_add_format(out, "error: %s\n", error.text);
}

static void recording_looked(struct recording *recording, const char *scan, struct str *out)
{
    struct error error = {0};
    struct str why = {0};
    char *path = realpath(recording->path, NULL);
    if (!holds_answer(&recording->holds, (uint32_t)strtoul(scan, NULL, 10), &why, &error))
        str_add(out, "pending\n");
    else if (error.kind != ERROR_NONE)
        str_add_format(out, "error: %s\n", error.text);
    else
        str_add_format(out, "%s\n%llu\n%s", path ? path : recording->path, (unsigned long long)shm_time(recording->shm), str_text(&why));
    if (recording->writer)
        trace_writer_flush(recording->writer);
    free(path);
    str_done(&why);
}

/* The first process goes on without us, and its trace is closed. */
static void recording_leave(struct recording *recording, struct str *out)
{
    if (!recording->target.attach)
        str_add_format(out, "error: process %d was started by 'heaptracer run', and is recorded to its end; 'stop' pauses that\n", (int)recording->target.pid);
    else
        str_add(out, "detaching\n");
    recording->leaves = recording->target.attach;
}

static void recording_answer(void *context, char *request, struct str *out)
{
    struct recording *recording = context;
    char *rest = strchr(request, ' ');
    if (rest)
        *rest++ = 0;
    if (recording->cut && strcmp(request, "status")) {
        str_add(out, "error: the trace could not be written any more; the program goes on unwatched\n");
        return;
    }
    if (!strcmp(request, CONTROL_TRACE)) {
        control_tell_trace(recording->path, recording->target.pid, out);
        return;
    }
    if (!strcmp(request, "start") || !strcmp(request, "stop")) {
        shm_state(recording->shm, request[2] == 'a');
        recording->delay_ns = 0;
    } else if (!strcmp(request, "mark") && rest) {
        shm_mark(recording->shm, rest);
    } else if (!strcmp(request, "flush") && recording->writer) {
        trace_writer_flush(recording->writer);
    } else if (!strcmp(request, "detach")) {
        recording_leave(recording, out);
        return;
    } else if (!strcmp(request, "leaks") && recording->writer) {
        recording_look(recording, rest, out);
        return;
    } else if (!strcmp(request, "scanned") && rest) {
        recording_looked(recording, rest, out);
        return;
    } else if (strcmp(request, "status")) {
        str_add_format(out, "error: the recorder does not know '%s'\n", request);
        return;
    }
    recording_status(recording, out);
}

/* A process that is held is waited for by whoever holds it. */
static bool recording_wait(struct recording *recording, int *status, struct rusage *usage)
{
    pid_t pid = recording->target.pid;
    if (holds_ended(&recording->holds, pid, status, usage))
        return true;
    return !holds_has(&recording->holds, pid) && wait4(pid, status, WNOHANG, usage) == pid;
}

static void recording_reap(struct recording *recording)
{
    int status;
    struct rusage usage;
    if (recording->target.adopted) {
        recording->exited = target_is_gone(&recording->target);
        return;
    }
    if (recording->exited || !recording_wait(recording, &status, &usage))
        return;
    recording->exited = true;
    recording->wait_status = status;
    recording->target_cpu_ns =
        (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u + (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
    shm_exited(recording->shm, (uint32_t)recording->target.pid, status);
    interrupts = 0;
}

static void recording_forward(struct recording *recording)
{
    int signal = forwarded;
    if (!signal)
        return;
    forwarded = 0;
    if (recording->exited)
        interrupts++;
    else
        kill(recording->target.pid, signal);
}

static void recording_start_late(struct recording *recording)
{
    if (!recording->delay_ns || clock_ns(&recording->clock, clock_now(&recording->clock)) < recording->delay_ns)
        return;
    recording->delay_ns = 0;
    shm_state(recording->shm, true);
}

/* What it says when that fails gets `rest` behind it. */
static bool recording_close(struct recording *recording, struct cost_definition *cost, struct trace_totals *totals, const char *rest)
{
    struct error error = {0};
    shm_finish(recording->shm);
    *cost = (struct cost_definition){.recorder_cpu_ns = now_of(CLOCK_PROCESS_CPUTIME_ID), .target_cpu_ns = recording->target_cpu_ns};
    shm_cost(recording->shm, cost);
    bool written = trace_writer_close(recording->writer, cost, totals, &error);
    recording->writer = NULL;
    if (!written)
        fprintf(stderr, "heaptracer: %s%s\n", error.text, rest);
    return written;
}

/* The program goes on unwatched; its runtimes stop waiting for room. */
static void recording_cut(struct recording *recording)
{
    struct cost_definition cost;
    struct trace_totals totals;
    if (recording->cut || !trace_writer_failed(recording->writer))
        return;
    recording->cut = true;
    recording_close(recording, &cost, &totals, "; the program goes on unwatched");
    holds_done(&recording->holds);
}

static bool recording_is_done(struct recording *recording, enum shm_work did)
{
    if (recording->target.attach && (interrupts || recording->leaves || recording->exited || (recording->until_ns && now_ns() > recording->until_ns)))
        return true;
    if (!recording->exited)
        return false;
    if (!recording->follow || recording->cut || interrupts)
        return true;
    return !shm_living(recording->shm) && did == SHM_NOTHING;
}

static void recording_keep_house(struct recording *recording)
{
    uint64_t now = now_of(CLOCK_MONOTONIC_COARSE);
    bool is_held = recording->leaks && shm_has_holding(recording->shm);
    if (!children && !forwarded && !is_held && now - recording->kept_ns < HOUSEKEEPING_NS)
        return;
    recording->kept_ns = now;
    children = 0;
    if (recording->writer)
        holds_go_on(&recording->holds);
    recording_reap(recording);
    recording_forward(recording);
    recording_start_late(recording);
    control_serve(recording->control, recording_answer, recording);
    control_serve(recording->own_control, recording_answer, recording);
    if (!recording->writer || now - recording->attended_ns < ATTEND_NS)
        return;
    recording->attended_ns = now;
    trace_writer_attend(recording->writer);
}

/* The process is made to go on without us. */
static void recording_part(struct recording *recording)
{
    struct error error = {0};
    if (recording->target.attach && !recording->exited && !attach_end(recording->target.attach, &recording->target, &error) &&
        !target_is_gone(&recording->target))
        fprintf(stderr, "heaptracer: %s; its calls still go through the runtime, which records nothing any more\n", error.text);
}

void recording_joined(struct recording *recording)
{
    const struct attach *attach = recording->target.attach;
    recording->until_ns = attach->duration_ns ? now_ns() + attach->duration_ns : 0;
}

void recording_run(struct recording *recording)
{
    for (bool done = false; !done;) {
        bool was_exited = recording->exited;
        enum shm_work did = recording->cut ? SHM_NOTHING : shm_round(recording->shm);
        recording_cut(recording);
        recording_keep_house(recording);
        done = (was_exited || recording->target.attach) && recording_is_done(recording, did);
        if (!done && was_exited == recording->exited)
            shm_wait(recording->shm, did);
    }
    recording_part(recording);
}

bool recording_end(struct recording *recording, struct cost_definition *cost, struct trace_totals *totals)
{
    if (recording->control >= 0)
        close(recording->control);
    if (recording->own_control >= 0)
        close(recording->own_control);
    holds_done(&recording->holds);
    return !recording->cut && recording_close(recording, cost, totals, "");
}
