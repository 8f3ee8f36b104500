/* interactive: in a recorded process that runs, or a trace, out a full-screen view of it in the terminal. */
#include <signal.h>
#include <string.h>

#include "alerting.h"
#include "cmd.h"
#include "configured.h"
#include "host/base/now.h"
#include "interactive.h"

struct interactive_options {
    struct page_options page;
    struct source_options source;
    int theme;
};

static const struct opt interactive_options[] = {
    {OPT_CHOICE, 0, "theme", offsetof(struct interactive_options, theme), "THEME", "colours; none where $NO_COLOR is set", "dark", THEME_WORDS, NULL},
    SOURCE_OPTIONS(struct interactive_options, source),
    PAGE_NAME_OPTIONS(struct interactive_options, page),
    {0},
};

static const struct opt_example interactive_examples[] = {
    {"heaptracer interactive 4711", "look into process 4711 while it is recorded"},
    {"heaptracer interactive tcp:localhost:4321 --elf app.elf", "look into a board, or a firmware in QEMU"},
    {"heaptracer interactive app.htrc --theme light", "look through a run that is over"},
    {0},
};

const struct opt_command cmd_interactive_table = {
    .name = "heaptracer interactive",
    .usage = "[options] PID|FILE|BOARD|AGENT",
    .about = "Look at a program's heap in the terminal, while it is recorded or afterwards",
    .manual = SOURCE_MANUAL "\n\n"
              "The tabs 1 to 8 show an overview, leaks, sites, a map of the heap, threads or tasks, the course over time, errors and alerts; '?' shows the keys. "
              "Of a run that goes on the picture changes at most ten times a second. q leaves; the program and its recording go on.\n\n"
              "Any size from 60x15 will do. Signs are ASCII where the locale is not UTF-8, and there are no colours where NO_COLOR is set or the terminal has none.\n\n"
              "Exit codes: 0 done, 2 wrong usage or a terminal that cannot be painted on, 3 the trace is damaged or was cut.",
    .options = interactive_options,
    .examples = interactive_examples,
    .see_also = "heaptracer run, heaptracer monitor, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

enum { WAIT_MS = 50, REST_MS = 200 };
static const uint64_t ALERT_NS = 500000000;

struct interactive {
    struct tui *tui;
    struct feed feed;
    struct alerts alerts;
    struct error problem; /* a rule that does not fit its table */
    uint64_t looked_ns; /* time of the session when the rules were looked at */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void answer(void *context, const char *name, struct table *table)
{
    const struct interactive *interactive = context;
    if (!strcmp(name, "alert_rules")) {
        alerts_table(&interactive->alerts, table);
        return;
    }
    pipeline_flush(interactive->feed.pipeline);
    pipeline_answer(interactive->feed.pipeline, feed_analysis(&interactive->feed, name), table);
}

static void mark(void *context, const char *label)
{
    feed_mark(&((struct interactive *)context)->feed, label);
}

static size_t slices_number(const struct feed *feed)
{
    size_t i = 0;
    while (pipeline_analysis(feed->pipeline, i) != &analysis_slices)
        i++;
    return i;
}

static struct tui_run run_now(const struct feed *feed, enum tui_state state)
{
    if (!feed->pipeline)
        return (struct tui_run){.state = TUI_WAITING};
    pipeline_flush(feed->pipeline);
    return (struct tui_run){.state = state,
                            .path = feed->path,
                            .problem = feed->problem.kind ? feed->problem.text : NULL,
                            .header = trace_get_header(feed->reader),
                            .model = pipeline_model(feed->pipeline),
                            .slices = pipeline_state(feed->pipeline, slices_number(feed)),
                            .symbols = feed->symbols,
                            .time_ns = state == TUI_LIVE ? feed_now(feed) : model_time(pipeline_model(feed->pipeline)),
                            .behind_ns = feed_behind(feed),
                            .rest_times = feed_rest_times(feed)};
}

/* Rules are about what happens now: what was written before is not alerted about. */
static bool rules_look(struct interactive *interactive, uint64_t time_ns)
{
    if (!interactive->alerts.rules->list.count || time_ns < interactive->looked_ns + ALERT_NS)
        return true;
    interactive->looked_ns = time_ns;
    return alerting_look(&interactive->alerts, &interactive->feed, time_ns, &interactive->problem);
}

/* A recording that is read as fast as it is written is live, also when there is more to read just now. */
static bool interactive_beat(void *context, struct feed *feed, bool is_waiting)
{
    struct interactive *interactive = context;
    bool is_live = feed_is_live(feed, is_waiting);
    struct tui_run run = run_now(feed, feed->away_ns ? TUI_GONE : is_live ? TUI_LIVE : TUI_READING);
    if (!rules_look(interactive, is_live ? run.time_ns : 0))
        return false;
    return tui_turn(interactive->tui, &run, is_waiting ? WAIT_MS : 0) && !interrupted;
}

static void interactive_rest(struct interactive *interactive)
{
    struct tui_run run = run_now(&interactive->feed, TUI_OVER);
    tui_refresh(interactive->tui);
    while (tui_turn(interactive->tui, &run, REST_MS) && !interrupted)
        continue;
}

bool interactive_show(const char *word, const struct source_options *from, enum theme theme, const struct page_options *names, struct interactive_end *end, struct error *error)
{
    static const struct analysis *const slices[] = {&analysis_slices, NULL};
    struct interactive interactive = {.alerts = {.rules = configured_rules()}};
    struct tui_source source = {answer, mark, &interactive};
    struct feed_config config = {.word = word, .source = from, .names = names, .more = slices, .beat = interactive_beat, .context = &interactive};
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    alerts_begin(&interactive.alerts);
    bool is_good = feed_find(&interactive.feed, &config, error) && (interactive.tui = tui_open(theme, &source, error));
    is_good = is_good && feed_open(&interactive.feed, error);
    if (is_good)
        feed_run(&interactive.feed);
    *end = (struct interactive_end){.is_over = is_good && interactive.feed.is_over};
    end->problem = interactive.problem;
    if (end->is_over) {
        alerts_end(&interactive.alerts);
        interactive_rest(&interactive);
        end->problem = interactive.feed.problem;
    }
    tui_close(interactive.tui);
    alerts_done(&interactive.alerts);
    feed_close(&interactive.feed);
    return is_good || interrupted;
}

int cmd_interactive(int argc, char **argv)
{
    struct interactive_options options = {0};
    struct opt_words words;
    struct error error = {0};
    struct interactive_end end = {0};
    int exit_code;
    if (!cmd_parse(&cmd_interactive_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = CMD_DONE;
    if (!interactive_show(words.at[0], &options.source, (enum theme)options.theme, &options.page, &end, &error))
        exit_code = cmd_fail(&error);
    else if (end.problem.kind)
        exit_code = cmd_fail(&end.problem);
    opt_words_done(&words);
    return exit_code;
}
