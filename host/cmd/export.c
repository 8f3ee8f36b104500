/* export: in a trace, out a file of another tool. */
#include "host/export/export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "cmd.h"
#include "output.h"
#include "reading.h"

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
    READING_RANGE_UNTIL_OPTIONS(struct export_values, "until"),
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
    struct reading reading;
};

static const struct export_format *format_choose(const char *name, struct error *error)
{
    if (!name)
        error_set(error, ERROR_USAGE, "which format? name it with --to FORMAT, one of %s", format_names + 1);
    return name && choice_check("format", format_names + 1, name, error) ? export_find(name) : NULL;
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

static bool output_choose(struct exporter *exporter, struct error *error)
{
    const struct export_format *format = exporter->export.format;
    const char *wanted = exporter->values->page.output;
    if (wanted && !strcmp(wanted, "-")) {
        if (format->pack != PACK_NONE && isatty(STDOUT_FILENO))
            return error_set(error, ERROR_USAGE, "%s is compressed, which a terminal cannot show: say --output FILE, or send it through a pipe", format->name);
        return true;
    }
    exporter->output = wanted ? memory_copy_text(wanted) : reading_output_name(exporter->path, format->suffix, error);
    return exporter->output != NULL;
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

static void reading_begun(void *context, const struct reading *reading)
{
    struct export *export = &((struct exporter *)context)->export;
    export->model = pipeline_model(reading->pipeline);
    if (export->format->begin)
        export->format->begin(export);
}

static void changes_see(void *context, const struct changes *changes)
{
    struct exporter *exporter = context;
    exporter->export.format->see(&exporter->export, changes);
}

static bool trace_export(struct exporter *exporter, struct error *error)
{
    const struct reading *reading = &exporter->reading;
    struct export *export = &exporter->export;
    if (!reading_run(&exporter->reading, error))
        return false;
    export->tables = reading->tables.at;
    export->table_count = reading->tables.count;
    export->problem = reading->problem.kind ? reading->problem.text : NULL;
    bool is_good = export->format->write(export, error);
    if (export->format->end)
        export->format->end(export);
    return is_good;
}

static void notes_say(const struct exporter *exporter)
{
    const char *const *notes;
    size_t count = symbols_notes(exporter->export.symbols, &notes);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "heaptracer: %s\n", notes[i]);
    cmd_say_notes(str_text(&exporter->export.note));
    if (exporter->output && exporter->export.format->open_with)
        fprintf(stderr, "heaptracer: %s; open it with: %s %s\n", exporter->output, exporter->export.format->open_with, exporter->output);
    else if (exporter->output)
        fprintf(stderr, "heaptracer: %s\n", exporter->output);
}

static int exporter_end(struct exporter *exporter, bool is_good, struct error *error)
{
    const struct error *problem = &exporter->reading.problem;
    if (exporter_close(exporter, is_good, error) && !exporter->values->quiet)
        notes_say(exporter);
    int exit_code = error->kind ? cmd_fail(error) : problem->kind ? cmd_fail(problem) : CMD_DONE;
    reading_close(&exporter->reading);
    str_done(&exporter->export.note);
    memory_free(exporter->output);
    return exit_code;
}

static bool exporter_read(struct exporter *exporter, const struct reading_config *config, struct error *error)
{
    struct reading *reading = &exporter->reading;
    if (!reading_open(reading, config, exporter->path, error) || !header_check(exporter, reading->header, error) || !exporter_open(exporter, error))
        return false;
    exporter->export.header = reading->header;
    exporter->export.symbols = reading->symbols;
    return trace_export(exporter, error);
}

static int export_file(const struct export_values *values, const char *path)
{
    struct error error = {0};
    struct exporter exporter = {.values = values, .path = path, .export = {.path = path, .metric = values->metric}};
    const struct export_format *format = exporter.export.format = format_choose(values->to, &error);
    bool is_good = format && wishes_check(&exporter, &error) && output_choose(&exporter, &error);
    struct reading_config config = {.page = &values->page,
                                    .tables = is_good ? format->tables : NULL,
                                    .from_ns = values->from_ns,
                                    .to_ns = values->to_ns,
                                    .process = values->process,
                                    .thread = values->thread,
                                    .begin = reading_begun,
                                    .see = is_good && format->see ? changes_see : NULL,
                                    .context = &exporter};
    return exporter_end(&exporter, is_good && exporter_read(&exporter, &config, &error), &error);
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
