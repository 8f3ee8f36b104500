/* report: in a trace, out one page that tells all about it, or a judgement of its memory's health. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host/view/dashboard.h"
#include "host/view/health_json.h"
#include "host/view/health_text.h"
#include "output.h"
#include "reading.h"
#include "report_advice.h"
#include "report_before.h"
#include "report_html.h"

enum report_format { REPORT_HTML, REPORT_TEXT, REPORT_MARKDOWN, REPORT_JSON, REPORT_DASHBOARD };

struct report_options {
    struct page_options page;
    int format;
    bool json, force, quiet;
    uint64_t from_ns, to_ns, process, thread;
    const char *before;
    struct report_advice_options advice;
};

static const struct opt report_table[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "Output", NULL, NULL, NULL},
    {OPT_CHOICE, 0, "format", offsetof(struct report_options, format), "FORMAT",
     "html: the page with everything; text, markdown, json: the health report alone; dashboard: the state of each heap, with its map", "html",
     "html|text|markdown|json|dashboard", NULL},
    {OPT_FLAG, 0, "json", offsetof(struct report_options, json), NULL, "what the page shows, as one JSON document", NULL, NULL, NULL},
    {OPT_TEXT, 'o', "output", offsetof(struct report_options, page.output), "FILE", "write there; '-' is standard output",
     "the trace's name with .html, in this folder; else standard output", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct report_options, force), NULL, "replace a file that is there", NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct report_options, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {OPT_CHOICE, 0, "color", offsetof(struct report_options, page.colour), "WHEN", "colours of the text; auto: on a terminal unless $NO_COLOR is set", "auto",
     "auto|always|never", NULL},
    {OPT_COUNT, 'w', "width", offsetof(struct report_options, page.width), "N", "columns of the text", "the terminal's, else 120", NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What to report", NULL, NULL, NULL},
    {OPT_TEXT, 0, "before", offsetof(struct report_options, before), "OLD", "compare with an earlier recording: what changed, and the flame graph coloured by it",
     NULL, NULL, NULL},
    READING_RANGE_OPTIONS(struct report_options),
    REPORT_ADVICE_OPTIONS(struct report_options, advice),
    PAGE_NAME_OPTIONS(struct report_options, page),
    {0},
};

static const struct opt_example report_examples[] = {
    {"heaptracer report app.htrc", "app.html: one file that any browser opens, also offline"},
    {"heaptracer report app.htrc --format text", "is its memory healthy? on one screen"},
    {"heaptracer report app.htrc --format dashboard", "what lies in which region of a firmware's memory, on one screen"},
    {"heaptracer report app.htrc --format markdown -o health.md", "the same, for a merge request"},
    {"heaptracer report new.htrc --before old.htrc", "the page of new.htrc, with what changed since old.htrc"},
    {"heaptracer report app.htrc --json | jq .health.score", "the figures of the page, for programs"},
    {0},
};

const struct opt_command cmd_report_table = {
    .name = "heaptracer report",
    .usage = "[options] FILE",
    .about = "Write one page that tells all about a recorded run, or a health report",
    .manual = "Reads the trace FILE ('-' is standard input) once and writes one HTML file. It needs nothing else: no network, no other file. It holds every table, "
              "a flame graph, the timeline whose ranges filter all tables, source lines about the call stacks that matter most, and the health report.\n\n"
              "With --before the page also compares with an earlier recording of the program: a view of what changed, table by table, and a flame graph in which "
              "frames that grew are red and those that shrank are blue. Stacks are matched as by 'heaptracer diff'.\n\n"
              "The health report has a score from 0 to 100, findings with their evidence and thresholds, recommendations and metrics. Every figure comes from the "
              "tables of 'heaptracer analyze'; docs/report.md has the formula of the score and every threshold.\n\n"
              "A file that is there is not overwritten without --force. A trace that was cut or damaged is reported as far as it can be read; the exit code is then 3.",
    .options = report_table,
    .examples = report_examples,
    .see_also = "heaptracer analyze, heaptracer diff, heaptracer visualize",
    .least_words = 1,
    .most_words = 1,
};

static bool wants_table(const char *name)
{
    return report_has_table(name);
}

static void form_write(FILE *out, const struct report *report, const struct report_options *options)
{
    if (options->json)
        report_json(out, report);
    else if (options->format == REPORT_JSON)
        health_json(out, report);
    else if (options->format == REPORT_TEXT)
        health_text_put(out, report);
    else if (options->format == REPORT_DASHBOARD)
        dashboard_put(out, report);
    else if (options->format == REPORT_MARKDOWN)
        health_markdown_put(out, report);
    else
        report_html(out, report);
}

/* The judgement looks at sites by their number in the model. */
static void health_judge(struct health *health, const struct reading *reading)
{
    struct slices_answer slices;
    slices_take(reading->slices, NULL, 0, REPORT_HEALTH_CELLS, &slices);
    health_make(health, &(struct health_input){reading->tables.at, reading->tables.count, &slices, pipeline_model(reading->pipeline), !reading->problem.kind});
    slices_done(&slices);
}

static void report_write(FILE *out, struct reading *reading, const struct report_before *before, const struct report_options *options, const struct terminal *terminal)
{
    bool is_file = out != stdout;
    struct view view = {.symbols = reading->symbols,
                        .width = is_file ? TERMINAL_WIDTH : terminal->width,
                        .has_colour = !is_file && terminal->has_colour,
                        .has_unicode = is_file || terminal->has_unicode};
    struct health health;
    health_judge(&health, reading);
    struct report report = {.view = &view,
                            .path = reading->path,
                            .header = reading->header,
                            .problem = reading->problem.kind ? reading->problem.text : NULL,
                            .model = pipeline_model(reading->pipeline),
                            .slices = reading->slices,
                            .moments = reading->moments,
                            .tables = reading->tables.at,
                            .table_count = reading->tables.count,
                            .health = &health,
                            .advice = reading_table(reading, "advice"),
                            .before = before};
    form_write(out, &report, options);
    health_done(&health);
}

/* Where it goes when nobody said so; NULL is standard output. */
static char *output_choose(const struct report_options *options, const char *path, struct error *error)
{
    if (options->page.output)
        return memory_copy_text(options->page.output);
    return options->json || options->format != REPORT_HTML ? NULL : reading_output_name(path, ".html", error);
}

static int report_file(const struct report_options *options, const char *path)
{
    struct error error = {0};
    struct terminal terminal;
    struct output output = {0};
    struct reading reading = {0};
    struct reading_config config = {.page = &options->page,
                                    .wants = wants_table,
                                    .has_slices = true,
                                    .has_moments = options->json || options->format == REPORT_HTML,
                                    .from_ns = options->from_ns,
                                    .to_ns = options->to_ns,
                                    .process = options->process,
                                    .thread = options->thread};
    char *name = output_choose(options, path, &error);
    struct report_earlier earlier = {0};
    struct report_advice advice = {0};
    bool is_good = !error.kind && reading_open(&reading, &config, path, &error) && report_advice_begin(&advice, &options->advice, &config, &reading, &error) &&
                   (!options->before || report_earlier_open(&earlier, options->before, &reading, &config, &error)) &&
                   terminal_open(&terminal, &(struct terminal_config){NULL, options->page.colour, options->page.width}, &error) &&
                   output_open(&output, name, path, options->force, &error);
    if (is_good && reading_run(&reading, &error) && (!options->before || report_earlier_run(&earlier, &reading, &error)) &&
        report_advice_add(&advice, &reading, &error))
        report_write(output.out, &reading, options->before ? &earlier.before : NULL, options, &terminal);
    if (output.out && output_close(&output, !error.kind, &error) && output.path && !options->quiet)
        fprintf(stderr, "heaptracer: %s\n", output.path);
    const struct error *problem = error.kind ? &error : reading.problem.kind ? &reading.problem : &earlier.reading.problem;
    int exit_code = problem->kind ? cmd_fail(problem) : CMD_DONE;
    report_earlier_close(&earlier);
    report_advice_end(&advice);
    reading_close(&reading);
    memory_free(name);
    return exit_code;
}

int cmd_report(int argc, char **argv)
{
    struct report_options options = {0};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_report_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    if (options.json && options.format) {
        error_set(&error, ERROR_USAGE, "--json writes what the page shows, --format json the health report alone: choose one");
        exit_code = cmd_fail(&error);
    } else if (options.before && !options.json && options.format != REPORT_HTML) {
        error_set(&error, ERROR_USAGE, "--before is for the page and --json; 'heaptracer diff' tells as text what changed");
        exit_code = cmd_fail(&error);
    } else {
        exit_code = report_file(&options, words.at[0]);
    }
    opt_words_done(&words);
    return exit_code;
}
