/* monitor: in a recorded process that runs, or a trace, out a line for each interval, until it ends. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alerting.h"
#include "cmd.h"
#include "configured.h"
#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/view/monitor_line.h"
#include "feed.h"

struct monitor_options {
    struct page_options page;
    struct source_options source;
    uint64_t interval_ns, count;
    int format;
};

static const struct opt monitor_options[] = {
    {OPT_TIME, 'i', "interval", offsetof(struct monitor_options, interval_ns), "TIME", "a line for each so long", "500ms", NULL, NULL},
    {OPT_COUNT, 'n', "count", offsetof(struct monitor_options, count), "N", "end after N lines", "when the program ends", NULL, NULL},
    {OPT_CHOICE, 0, "format", offsetof(struct monitor_options, format), "FORMAT", "human; json: one object a line; csv", "human", "human|json|csv", NULL},
    SOURCE_OPTIONS(struct monitor_options, source),
    PAGE_NAME_OPTIONS(struct monitor_options, page),
    {0},
};

static const struct opt_example monitor_examples[] = {
    {"heaptracer monitor 4711", "what process 4711 does, twice a second; it was started by 'heaptracer run'"},
    {"heaptracer monitor serial:/dev/ttyUSB0 --elf build/app.elf", "what a board does"},
    {"heaptracer monitor app.htrc --interval 1m --format csv", "the course of a run that is over, one row a minute"},
    {"heaptracer monitor app.htrc --format json | jq .growth_bytes", "how much it grew in each interval"},
    {0},
};

const struct opt_command cmd_monitor_table = {
    .name = "heaptracer monitor",
    .usage = "[options] PID|FILE|BOARD|AGENT",
    .about = "Print a line of figures each half second while a program is recorded",
    .manual = SOURCE_MANUAL "\n\n"
              "Of a trace that is being written, the lines begin now and come as time passes, also when nothing happens; the file can be joined and left at any "
              "time, by any number of monitors. A program that leaves no processor time goes first: lines then come later, and say how far they are behind. "
              "Of one that is over, all intervals come at once; a stretch in which nothing happened is one line.\n\n"
              "A line tells live bytes and blocks, allocations and frees a second, how fast live memory grows, and the call stack that gained most; of a firmware also "
              "its regions, new faults and alerts. The last one, when the program has ended, has the figures of 'heaptracer analyze --table summary'.\n\n"
              "Rules of the configuration ([[alerts.rule]] in .heaptracer.toml, see 'heaptracer help config') are looked at with each line; one that "
              "begins or ends to fire is told on standard error, and does what it is asked to.\n\n"
              "Exit codes: 0 the program ended or the lines were enough, 2 wrong usage, 3 the trace is damaged or was cut.",
    .options = monitor_options,
    .examples = monitor_examples,
    .see_also = "heaptracer run, heaptracer listen, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

enum { TABLE_REGIONS, TABLE_FAULTS, TABLE_ALERTS, TABLES };
static const uint64_t PATIENCE_NS = 1000000000, BEHIND_LINE_NS = 1000000000, INTERVAL_LEAST_NS = 10000000;

struct monitor {
    const struct monitor_options *options;
    struct view view;
    struct pulse pulse;
    uint64_t next_ns, lines, begin_clock;
    uint64_t put_ns, put_clock; /* of the latest line: time of the session, and clock */
    size_t old_faults, old_alerts;
    struct alerts alerts;
    struct error problem; /* a rule that does not fit its table */
    bool has_begun, is_away;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void line_put(struct monitor *monitor, const struct feed *feed, uint64_t time_ns, bool is_last)
{
    struct table tables[TABLES];
    struct pulse_beat beat;
    pipeline_flush(feed->pipeline);
    pulse_take(&monitor->pulse, pipeline_model(feed->pipeline), time_ns, &beat);
    for (size_t i = 0; i < TABLES; i++)
        pipeline_answer(feed->pipeline, i, tables + i);
    monitor_line_put(stdout, (enum monitor_form)monitor->options->format,
                     &(struct monitor_line){.view = &monitor->view,
                                            .model = pipeline_model(feed->pipeline),
                                            .beat = &beat,
                                            .regions = tables + TABLE_REGIONS,
                                            .faults = tables + TABLE_FAULTS,
                                            .alerts = tables + TABLE_ALERTS,
                                            .old_faults = monitor->old_faults,
                                            .old_alerts = monitor->old_alerts,
                                            .behind_ns = feed_behind(feed),
                                            .is_last = is_last});
    fflush(stdout);
    monitor->put_ns = time_ns;
    monitor->put_clock = now_ns();
    monitor->old_faults = tables[TABLE_FAULTS].row_count;
    monitor->old_alerts = tables[TABLE_ALERTS].row_count;
    monitor->lines++;
    for (size_t i = 0; i < TABLES; i++)
        table_done(tables + i);
}

/* Of a program that runs, what went before is read, but not told. */
static void monitor_begin(struct monitor *monitor, struct feed *feed)
{
    struct pulse_beat beat;
    const struct model *model = pipeline_model(feed->pipeline);
    uint64_t interval = monitor->options->interval_ns;
    monitor->has_begun = true;
    monitor->view.symbols = feed->symbols;
    if (feed->was_written) {
        pipeline_flush(feed->pipeline);
        pulse_take(&monitor->pulse, model, model_time(model), &beat);
    }
    monitor->next_ns = feed->was_written ? (model_time(model) / interval + 1) * interval : interval;
}

/* While it is behind its intervals pass slowly: a line between them tells where it is. */
static uint64_t line_due(const struct monitor *monitor, const struct feed *feed, uint64_t now)
{
    bool is_late = now > monitor->put_ns && now_ns() >= monitor->put_clock + BEHIND_LINE_NS && feed_behind(feed);
    return is_late && now < monitor->next_ns ? now : monitor->next_ns;
}

static void away_say(struct monitor *monitor, const struct feed *feed)
{
    bool is_away = feed->away_ns;
    if (is_away != monitor->is_away)
        fprintf(stderr, "heaptracer: %s\n", is_away ? feed_away_why(feed) : "it is back");
    monitor->is_away = is_away;
}

static bool monitor_beat(void *context, struct feed *feed, bool is_waiting)
{
    struct monitor *monitor = context;
    uint64_t interval = monitor->options->interval_ns, now;
    if (!feed->pipeline) {
        usleep(20000);
        return !interrupted;
    }
    bool is_behind = feed->was_written && !is_waiting && now_ns() - monitor->begin_clock < PATIENCE_NS;
    if (!monitor->has_begun && !is_behind)
        monitor_begin(monitor, feed);
    away_say(monitor, feed);
    now = feed_known(feed, is_waiting);
    bool has_enough = false;
    for (uint64_t due; monitor->has_begun && now >= (due = line_due(monitor, feed, now)) && !has_enough && !interrupted;) {
        line_put(monitor, feed, due, false);
        if (!alerting_look(&monitor->alerts, feed, due, &monitor->problem))
            return false;
        has_enough = monitor->options->count && monitor->lines >= monitor->options->count;
        monitor->next_ns = (now / interval + 1) * interval;
    }
    if (monitor->has_begun)
        pipeline_wake(feed->pipeline, monitor->next_ns);
    if (is_waiting && !has_enough)
        usleep(20000);
    return !has_enough && !interrupted && !ferror(stdout);
}

static void alert_say(void *context, const struct rule *rule, const char *line)
{
    (void)context;
    (void)rule;
    fprintf(stderr, "heaptracer: alert: %s\n", line);
}

static int monitor_end(struct monitor *monitor, struct feed *feed, const struct error *error)
{
    if (error->kind)
        return interrupted ? CMD_DONE : cmd_fail(error);
    if (feed->is_over) {
        monitor->view.symbols = feed->symbols;
        line_put(monitor, feed, model_time(pipeline_model(feed->pipeline)), true);
    }
    struct error written = {0};
    if (ferror(stdout)) {
        error_set_errno(&written, ERROR_WRITE, "standard output cannot be written");
        return cmd_fail(&written);
    }
    return feed->is_over && feed->problem.kind ? cmd_fail(&feed->problem) : CMD_DONE;
}

static int monitor_go(const struct monitor_options *options, const char *word)
{
    static const char *const shown[] = {[TABLE_REGIONS] = "regions", [TABLE_FAULTS] = "faults", [TABLE_ALERTS] = "alerts", NULL};
    const char **tables = alerting_tables(configured_rules(), shown);
    struct monitor monitor = {.options = options, .alerts = {.rules = configured_rules(), .say = alert_say}, .view = {.has_unicode = true, .width = 120}, .begin_clock = now_ns()};
    struct feed_config config = {.word = word, .source = &options->source, .names = &options->page, .tables = tables, .beat = monitor_beat, .context = &monitor};
    struct sigaction action = {.sa_handler = on_interrupt};
    struct feed feed;
    struct error error = {0};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    alerts_begin(&monitor.alerts);
    if (feed_find(&feed, &config, &error) && feed_open(&feed, &error)) {
        monitor_line_head(stdout, (enum monitor_form)options->format);
        if (!feed.was_written)
            monitor_begin(&monitor, &feed);
        pipeline_wake(feed.pipeline, options->interval_ns);
        feed_run(&feed);
    }
    int exit_code = monitor_end(&monitor, &feed, monitor.problem.kind ? &monitor.problem : &error);
    alerts_done(&monitor.alerts);
    memory_free(tables);
    pulse_done(&monitor.pulse);
    feed_close(&feed);
    return exit_code;
}

int cmd_monitor(int argc, char **argv)
{
    struct monitor_options options = {.interval_ns = 500000000};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_monitor_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    if (options.interval_ns < INTERVAL_LEAST_NS)
        error_set(&error, ERROR_USAGE, "--interval: 10ms is the least");
    exit_code = error.kind ? cmd_fail(&error) : monitor_go(&options, words.at[0]);
    opt_words_done(&words);
    return exit_code;
}
