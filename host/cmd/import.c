/* import: in a file of another tool, out a trace. */
#include "host/import/import.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "cmd.h"
#include "host/base/path.h"
#include "host/trace/writer.h"
#include "output.h"

#define IMPORT(name) "|" #name
static const char format_names[] = ""
#include "host/import/import.def"
    ;
#undef IMPORT

struct import_values {
    const char *from, *output, *elf;
    bool force, quiet, with_freed;
};

static const struct opt import_options[] = {
    {OPT_TEXT, 'o', "output", offsetof(struct import_values, output), "FILE", "the trace", "the file's name with .htrc, in this folder", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct import_values, force), NULL, "replace a trace that is there", NULL, NULL, NULL},
    {OPT_TEXT, 0, "from", offsetof(struct import_values, from), "FORMAT", "what the file is", "what it looks like", format_names + 1, NULL},
    {OPT_TEXT, 0, "elf", offsetof(struct import_values, elf), "FILE", "esp_idf: the firmware, whose debug data name the addresses", NULL, NULL, NULL},
    {OPT_FLAG, 0, "with-freed", offsetof(struct import_values, with_freed), NULL, "jemalloc, gperftools: also what was freed before the profile was written",
     NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct import_values, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {0},
};

static const struct opt_example import_examples[] = {
    {"heaptracer import heaptrack.app.4711.zst -o app.htrc", "what heaptrack recorded, in our tables"},
    {"heaptracer import massif.out.4711", "massif's snapshots, as massif.out.4711.htrc"},
    {"heaptracer import monitor.log --elf build/app.elf", "the heap trace that an ESP32 printed, with names"},
    {0},
};

const struct opt_command cmd_import_table = {
    .name = "heaptracer import",
    .usage = "[options] FILE",
    .about = "Make a trace from a file of another tool",
    .manual = "Reads FILE ('-' is standard input), plain or packed by gzip or zstd, and writes a trace that every command reads:\n\n"
              "heaptrack: every allocation and free.\n\n"
              "massif: the live bytes of each snapshot.\n\n"
              "jemalloc, gperftools: what lived when the profile was written, with --with-freed also what was freed before; samples stay samples.\n\n"
              "esp_idf: the records of ESP-IDF's heap_trace_dump().\n\n"
              "What the file does not know (addresses, times, threads, order) is made up so that the totals are those of the tool that wrote it; the trace says so in "
              "a mark, see 'heaptracer analyze --table marks'. docs/formats.md has the details.\n\n"
              "A file that is cut, damaged or of another version ends with a sentence that names the place, and exit code 3; what came before it is in the trace.",
    .options = import_options,
    .examples = import_examples,
    .see_also = "heaptracer analyze, heaptracer export",
    .least_words = 1,
    .most_words = 1,
};

struct importer {
    const struct import_values *values;
    char *output;
    struct trace_writer *writer;
};

static bool writer_begin(void *context, const struct trace_header *header, struct error *error)
{
    struct importer *importer = context;
    struct trace_writer_config config = {.path = importer->output, .replace = importer->values->force, .header = *header};
    importer->writer = trace_writer_new(&config, error);
    return importer->writer != NULL;
}

static void writer_put(void *context, const struct event *event)
{
    trace_writer_put(((struct importer *)context)->writer, event, 1);
}

static bool output_choose(struct importer *importer, const char *path, struct error *error)
{
    struct str name = {0};
    if (!importer->values->output && !strcmp(path, "-"))
        return error_set(error, ERROR_USAGE, "standard input gives the trace no name: say --output FILE");
    if (importer->values->output)
        str_add(&name, importer->values->output);
    else
        str_add_format(&name, "%s.htrc", path_name(path));
    importer->output = name.at;
    /* said before the reading; the writer asks again */
    return output_differs(importer->output, path, error) && (importer->values->force || access(importer->output, F_OK) ||
           error_set(error, ERROR_WRITE, "'%s' is there already; --force replaces it", importer->output));
}

static void result_say(const struct importer *importer, const struct import *import, const struct trace_totals *totals)
{
    cmd_say_notes(str_text(&import->note));
    fprintf(stderr, "heaptracer: %s: %llu events; look at it with: heaptracer analyze %s\n", importer->output, (unsigned long long)totals->events, importer->output);
}

/* Also after a wrong file the trace of what came before is ended in order. */
static int importer_end(struct importer *importer, const struct import *import, struct error *problem)
{
    struct error error = {0};
    struct trace_totals totals;
    if (importer->writer && trace_writer_close(importer->writer, NULL, &totals, &error) && !importer->values->quiet)
        result_say(importer, import, &totals);
    memory_free(importer->output);
    return error.kind ? cmd_fail(&error) : problem->kind ? cmd_fail(problem) : CMD_DONE;
}

static int import_file(const struct import_values *values, const char *path)
{
    struct error error = {0};
    struct importer importer = {.values = values};
    struct import import = {.elf = values->elf, .with_freed = values->with_freed};
    struct import_sink sink = {writer_begin, writer_put, &importer};
    bool is_good = !values->from || choice_check("format", format_names + 1, values->from, &error);
    const struct import_format *format = values->from ? import_find(values->from) : NULL;
    if (is_good && output_choose(&importer, path, &error))
        import.lines = lines_open(path, &error);
    if (import.lines)
        import_read(&import, format, &sink, &error);
    lines_close(import.lines);
    int exit_code = importer_end(&importer, &import, &error);
    str_done(&import.note);
    return exit_code;
}

int cmd_import(int argc, char **argv)
{
    struct import_values values = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_import_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = import_file(&values, words.at[0]);
    opt_words_done(&words);
    return exit_code;
}
