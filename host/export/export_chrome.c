/* export_chrome: in the timeline, threads and marks, out Chrome's trace event JSON: counters of the heap over time, a bar for each process and thread. */
#include "export.h"

#include <inttypes.h>

#include "host/base/json.h"
#include "host/base/utf8.h"

/* Microseconds with their nanoseconds. */
static void time_put(struct json *json, const char *key, uint64_t ns)
{
    json_real(json, key, (double)ns / 1000);
}

static void name_put(struct json *json, const char *key, const char *name)
{
    struct str clean = {0};
    utf8_add_clean(&clean, name && *name ? name : "?");
    json_text(json, key, str_text(&clean));
    str_done(&clean);
}

static void event_begin(struct json *json, const char *kind, const char *name, uint32_t pid, uint32_t tid)
{
    json_object(json, NULL);
    json_text(json, "ph", kind);
    name_put(json, "name", name);
    json_text(json, "cat", "heap");
    json_unsigned(json, "pid", pid);
    json_unsigned(json, "tid", tid);
}

static void name_event_put(struct json *json, const char *kind, const char *name, uint32_t pid, uint32_t tid)
{
    event_begin(json, "M", kind, pid, tid);
    json_unsigned(json, "ts", 0);
    json_object(json, "args");
    name_put(json, "name", name);
    json_end(json);
    json_end(json);
}

static void bar_put(struct json *json, const char *name, uint32_t pid, uint32_t tid, uint64_t begin_ns, uint64_t end_ns, const struct account *account)
{
    event_begin(json, "X", name, pid, tid);
    time_put(json, "ts", begin_ns);
    time_put(json, "dur", end_ns > begin_ns ? end_ns - begin_ns : 0);
    json_object(json, "args");
    json_unsigned(json, "allocated_bytes", account->allocated.bytes);
    json_unsigned(json, "allocations", tally_count(account->allocated));
    json_unsigned(json, "peak_bytes", account->peak.bytes);
    json_end(json);
    json_end(json);
}

static uint32_t pid_of(const struct model *model, uint32_t process)
{
    size_t count;
    const struct process *processes = model_processes(model, &count);
    return process < count ? processes[process].pid : 0;
}

static void threads_put(struct json *json, const struct export *export)
{
    size_t count;
    const struct thread *threads = model_threads(export->model, &count);
    for (size_t i = 1; i < count; i++) {
        const struct thread *thread = threads + i;
        uint32_t pid = pid_of(export->model, thread->process);
        name_event_put(json, "thread_name", thread->name, pid, thread->tid);
        bar_put(json, thread->name, pid, thread->tid, thread->begin_ns, thread->ended ? thread->end_ns : model_time(export->model), &thread->account);
    }
}

static void processes_put(struct json *json, const struct export *export)
{
    size_t count;
    const struct process *processes = model_processes(export->model, &count);
    for (size_t i = 1; i < count; i++)
        name_event_put(json, "process_name", processes[i].command, processes[i].pid, processes[i].pid);
}

static void marks_put(struct json *json, const struct export *export)
{
    size_t count, threads_count;
    const struct mark *marks = model_marks(export->model, &count);
    const struct thread *threads = model_threads(export->model, &threads_count);
    for (size_t i = 0; i < count; i++) {
        event_begin(json, "i", marks[i].label, pid_of(export->model, marks[i].process), marks[i].thread < threads_count ? threads[marks[i].thread].tid : 0);
        time_put(json, "ts", marks[i].time_ns);
        json_text(json, "s", "g");
        json_end(json);
    }
}

static void counter_put(struct json *json, uint32_t pid, uint64_t time_ns, uint64_t live_bytes)
{
    event_begin(json, "C", "live heap", pid, 0);
    time_put(json, "ts", time_ns);
    json_object(json, "args");
    json_unsigned(json, "bytes", live_bytes);
    json_end(json);
    json_end(json);
}

/* Each row's end, and the peak itself in its place. */
static void counters_put(struct json *json, const struct export *export)
{
    const struct table *timeline = export->tables;
    const struct account *account = &model_get_totals(export->model)->account;
    int time = table_find_column(timeline, "time_ns"), live = table_find_column(timeline, "live_bytes");
    uint32_t pid = pid_of(export->model, 1);
    bool has_peak = false;
    for (size_t i = 0; i < timeline->row_count; i++) {
        uint64_t end_ns = i + 1 < timeline->row_count ? table_at(timeline, i + 1)[time].u : model_time(export->model);
        if (!has_peak && (account->peak_time_ns < end_ns || i + 1 == timeline->row_count)) {
            counter_put(json, pid, account->peak_time_ns, account->peak.bytes);
            has_peak = true;
        }
        counter_put(json, pid, end_ns, table_at(timeline, i)[live].u);
    }
}

static bool chrome_write(struct export *export, struct error *error)
{
    (void)error;
    struct json json = {.out = export->out, .line_depth = 3};
    struct str origin = {0};
    export_add_origin(export, &origin);
    json_object(&json, NULL);
    json_text(&json, "displayTimeUnit", "ms");
    json_object(&json, "otherData");
    json_text(&json, "source", str_text(&origin));
    json_unsigned(&json, "peak_bytes", model_get_totals(export->model)->account.peak.bytes);
    json_end(&json);
    json_array(&json, "traceEvents");
    processes_put(&json, export);
    threads_put(&json, export);
    counters_put(&json, export);
    marks_put(&json, export);
    json_end(&json);
    json_end(&json);
    str_done(&origin);
    return true;
}

static const char *const chrome_tables[] = {"timeline", NULL};

const struct export_format export_chrome = {
    .name = "chrome",
    .suffix = ".trace.json",
    .about = "Chrome's trace events, for ui.perfetto.dev, chrome://tracing, speedscope",
    .tables = chrome_tables,
    .write = chrome_write,
};
