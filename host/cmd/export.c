/* export: in a trace, out a file of another tool. */
#include "host/export/export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/nearest.h"
#include "host/base/vec.h"
#include "host/pipeline.h"
#include "output.h"
#include "page.h"
#include "progress.h"

#define EXPORT(name) "|" #name
static const char format_names[] = ""
#include "host/export/export.def"
    ;
#undef EXPORT

struct export_values {
    struct page_options page; /* its names of functions and -o */
    const char *to;
    int metric;
    bool force, quiet;
    uint64_t from_ns, to_ns, process, thread;
};

static const struct opt export_options[] = {
    {OPT_TEXT, 't', "to", offsetof(struct export_values, to), "FORMAT", "the format, see below", NULL, format_names + 1, NULL},
    {OPT_TEXT, 'o', "output", offsetof(struct export_values, page.output), "FILE", "write there; '-' is standard output",
     "the trace's name with the format's suffix, in this folder", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct export_values, force), NULL, "replace a file that is there", NULL, NULL, NULL},
    {OPT_CHOICE, 'm', "metric", offsetof(struct export_values, metric), "METRIC", "the bytes of folded stacks; what speedscope gets alone and pprof shows first",
     "peak; all; leaked", "leaked|peak|allocated|temporary", NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct export_values, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What to export", NULL, NULL, NULL},
    {OPT_TIME, 0, "from", offsetof(struct export_values, from_ns), "TIME", "count from then on: 1.5s, 00:01:02 after the start", NULL, NULL, NULL},
    {OPT_TIME, 0, "until", offsetof(struct export_values, to_ns), "TIME", "and only until then", NULL, NULL, NULL},
    {OPT_COUNT, 0, "process", offsetof(struct export_values, process), "ID", "only that process, by its number in the table processes", NULL, NULL, NULL},
    {OPT_COUNT, 0, "thread", offsetof(struct export_values, thread), "ID", "only what that thread allocated, by its number in the table threads", NULL, NULL,
     NULL},
    PAGE_NAME_OPTIONS(struct export_values, page),
    {0},
};

static const struct opt_example export_examples[] = {
    {"heaptracer export app.htrc --to pprof && go tool pprof -http=: app.pb.gz", "in pprof's pages"},
    {"heaptracer export a.htrc --to folded -m leaked -o - | flamegraph.pl >a.svg", "a flame graph of what was never freed"},
    {"heaptracer export app.htrc --to heaptrack && heaptrack_gui app.heaptrack.zst", "in heaptrack's window"},
    {0},
};

const struct opt_command cmd_export_table = {
    .name = "heaptracer export",
    .usage = "[options] --to FORMAT FILE",
    .about = "Write a trace in the format of another tool",
    .manual = "Reads the trace FILE ('-' is standard input) and writes what it tells in a format that other tools read:\n\n"
              "pprof: for go tool pprof, Pyroscope, Parca, speedscope.\n\n"
              "folded: folded stacks, for flamegraph.pl, inferno, speedscope.\n\n"
              "speedscope: its own JSON, a profile for each metric.\n\n"
              "massif: Valgrind's massif.out, for ms_print and massif-visualizer.\n\n"
              "dhat: for Valgrind's dh_view.html and the Firefox Profiler.\n\n"
              "heaptrack: every event, for heaptrack_gui and heaptrack_print.\n\n"
              "chrome: trace events, for ui.perfetto.dev, chrome://tracing, speedscope.\n\n"
              "csv: a row for each stack.\n\n"
              "json: the tables of all analyses.\n\n"
              "Totals are equal to those of 'heaptracer analyze' to the byte; docs/formats.md says what each format cannot tell. "
              "Frames of the recorder itself are left out.\n\n"
              "A file that is there is not overwritten without --force. A trace that was cut or damaged is exported as far as it can be read, and the exit code is 3.",
    .options = export_options,
    .examples = export_examples,
    .see_also = "heaptracer analyze, heaptracer import",
    .least_words = 1,
    .most_words = 1,
};

struct exporter {
    struct export export;
    const struct export_values *values;
    const char *path;
    char *output;       /* owned; NULL: standard output */
    struct output file; /* what export.out packs into */
    struct progress progress;
};

static const struct export_format *format_choose(const char *name, struct error *error)
{
    const struct export_format *format = name ? export_find(name) : NULL;
    struct nearest nearest = {.wanted = name ? name : ""};
    for (const struct export_format *const *at = export_formats; name && *at; at++)
        nearest_offer(&nearest, (*at)->name);
    if (!name)
        error_set(error, ERROR_USAGE, "which format? name it with --to FORMAT, one of %s", format_names + 1);
    else if (!format && nearest.best)
        error_set(error, ERROR_USAGE, "there is no format '%s'; did you mean '%s'?", name, nearest.best);
    else if (!format)
        error_set(error, ERROR_USAGE, "there is no format '%s'; it is one of %s", name, format_names + 1);
    return format;
}

static bool wishes_check(const struct exporter *exporter, struct error *error)
{
    const struct export_format *format = exporter->export.format;
    const struct export_values *values = exporter->values;
    if (values->metric >= 0 && !format->has_one_value && !format->has_metrics)
        return error_set(error, ERROR_USAGE, "--metric: %s has a place for every amount; leave it out", format->name);
    if (format->needs_whole_run && values->from_ns)
        return error_set(error, ERROR_USAGE, "--from: %s tells a run from its start; leave it out", format->name);
    return true;
}

static bool header_check(const struct exporter *exporter, const struct trace_header *header, struct error *error)
{
    if (!exporter->export.format->needs_every_event || !header->sample_bytes)
        return true;
    return error_set(error, ERROR_USAGE, "'%s' is a sampled trace, and %s has no way to say so; use --to pprof", exporter->path, exporter->export.format->name);
}

/* server.4711.htrc becomes server.4711.pb.gz in the current folder. */
static char *output_name(const char *path, const struct export_format *format)
{
    struct str name = {0};
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');
    str_add_bytes(&name, base, dot && dot != base && !strcmp(dot, ".htrc") ? (size_t)(dot - base) : strlen(base));
    str_add(&name, format->suffix);
    return name.at;
}

static bool output_choose(struct exporter *exporter, struct error *error)
{
    const struct export_format *format = exporter->export.format;
    const char *wanted = exporter->values->page.output;
    if (!wanted && !strcmp(exporter->path, "-"))
        return error_set(error, ERROR_USAGE, "a trace from standard input gives the file no name: say --output FILE");
    if (wanted && !strcmp(wanted, "-")) {
        if (format->pack != PACK_NONE && isatty(STDOUT_FILENO))
            return error_set(error, ERROR_USAGE, "%s is compressed, which a terminal cannot show: say --output FILE, or send it through a pipe", format->name);
        return true;
    }
    exporter->output = wanted ? memory_copy_text(wanted) : output_name(exporter->path, format);
    return true;
}

/* A compressed format takes the form that its name asks for, as its readers do. */
static enum pack pack_choose(const struct exporter *exporter)
{
    const char *dot = exporter->output ? strrchr(exporter->output, '.') : NULL;
    if (exporter->export.format->pack != PACK_ZSTD || !dot)
        return exporter->export.format->pack;
    return !strcmp(dot, ".gz") ? PACK_GZIP : !strcmp(dot, ".zst") ? PACK_ZSTD : PACK_NONE;
}

static bool exporter_open(struct exporter *exporter, struct error *error)
{
    if (!output_open(&exporter->file, exporter->output, exporter->path, exporter->values->force, error))
        return false;
    exporter->export.out = pack_open(exporter->file.out, pack_choose(exporter));
    return exporter->export.out || error_set(error, ERROR_MEMORY, "out of memory");
}

/* What was packed last may fail to be written as well. */
static bool exporter_close(struct exporter *exporter, bool is_good, struct error *error)
{
    bool is_packed = true;
    if (!exporter->file.out)
        return is_good;
    if (exporter->export.out) {
        is_packed = !ferror(exporter->export.out);
        is_packed &= !fclose(exporter->export.out);
    }
    if (is_good && !is_packed)
        error_set_errno(error, ERROR_WRITE, "cannot write all of '%s'", exporter->output ? exporter->output : "standard output");
    return output_close(&exporter->file, is_good && is_packed, error) && is_good && is_packed;
}

static void define_see(void *context, const struct event *event)
{
    symbols_see(((struct exporter *)context)->export.symbols, event);
}

static void changes_see(void *context, const struct changes *changes)
{
    struct exporter *exporter = context;
    exporter->export.format->see(&exporter->export, changes);
}

static bool progress_put(void *context, uint64_t events, uint64_t time_ns)
{
    progress_see(&((struct exporter *)context)->progress, events, time_ns);
    return true;
}

static bool tables_write(struct exporter *exporter, struct pipeline *pipeline, struct error *error)
{
    VEC(struct table) tables = {0};
    for (size_t i = 0; pipeline_analysis(pipeline, i); i++) {
        struct table table;
        pipeline_answer(pipeline, i, &table);
        vec_push(&tables, table);
    }
    exporter->export.tables = tables.at;
    exporter->export.table_count = tables.count;
    bool is_good = exporter->export.format->write(&exporter->export, error);
    for (size_t i = 0; i < tables.count; i++)
        table_done(tables.at + i);
    vec_done(&tables);
    return is_good;
}

/* `problem` is what the trace could not give; `error` what we could not do. */
static bool trace_export(struct exporter *exporter, struct trace_reader *reader, struct error *problem, struct error *error)
{
    const struct export_values *values = exporter->values;
    struct export *export = &exporter->export;
    struct pipeline_options chosen = {.tables = export->format->tables,
                                      .from_ns = values->from_ns,
                                      .to_ns = values->to_ns,
                                      .process = (uint32_t)values->process,
                                      .thread = (uint32_t)values->thread,
                                      .define = define_see,
                                      .see = export->format->see ? changes_see : NULL,
                                      .progress = progress_put,
                                      .context = exporter};
    export->header = trace_get_header(reader);
    struct pipeline *pipeline = header_check(exporter, export->header, error) ? pipeline_new(&chosen, export->header, error) : NULL;
    if (!pipeline)
        return false;
    export->model = pipeline_model(pipeline);
    if (export->format->begin)
        export->format->begin(export);
    progress_start(&exporter->progress);
    pipeline_read(pipeline, reader, problem);
    progress_end(&exporter->progress);
    if (!problem->kind && !values->to_ns)
        page_end_check(reader, exporter->path, problem);
    export->problem = problem->kind ? problem->text : NULL;
    bool is_good = tables_write(exporter, pipeline, error);
    if (export->format->end)
        export->format->end(export);
    pipeline_free(pipeline);
    return is_good;
}

static void notes_say(const struct exporter *exporter)
{
    const char *const *notes, *line = str_text(&exporter->export.note);
    size_t count = symbols_notes(exporter->export.symbols, &notes);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "heaptracer: %s\n", notes[i]);
    for (size_t bytes; *line; line += bytes + 1) {
        bytes = strcspn(line, "\n");
        fprintf(stderr, "heaptracer: note: %.*s\n", (int)bytes, line);
    }
    if (exporter->output && exporter->export.format->open_with)
        fprintf(stderr, "heaptracer: %s; open it with: %s %s\n", exporter->output, exporter->export.format->open_with, exporter->output);
    else if (exporter->output)
        fprintf(stderr, "heaptracer: %s\n", exporter->output);
}

static int exporter_end(struct exporter *exporter, bool is_good, const struct error *problem, struct error *error)
{
    if (exporter_close(exporter, is_good, error) && !exporter->values->quiet)
        notes_say(exporter);
    return error->kind ? cmd_fail(error) : problem->kind ? cmd_fail(problem) : CMD_DONE;
}

static int export_file(const struct export_values *values, const char *path)
{
    struct error error = {0}, problem = {0};
    struct exporter exporter = {.values = values, .path = path, .export = {.path = path, .metric = values->metric}};
    char *bundle = page_find_bundle(&values->page, path);
    struct symbols_config names = {values->page.debug_paths.at, values->page.sysroot, bundle, values->page.debuginfod};
    struct trace_reader *reader = NULL;
    exporter.export.format = format_choose(values->to, &error);
    exporter.export.symbols = symbols_new(&names);
    if (exporter.export.format && wishes_check(&exporter, &error) && output_choose(&exporter, &error))
        reader = trace_open(path, &error);
    bool is_good = reader && exporter_open(&exporter, &error) && trace_export(&exporter, reader, &problem, &error);
    int exit_code = exporter_end(&exporter, is_good, &problem, &error);
    if (reader)
        trace_close(reader);
    symbols_free(exporter.export.symbols);
    str_done(&exporter.export.note);
    memory_free(exporter.output);
    memory_free(bundle);
    return exit_code;
}

int cmd_export(int argc, char **argv)
{
    struct export_values values = {.metric = -1};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_export_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = export_file(&values, words.at[0]);
    opt_words_done(&words);
    return exit_code;
}
