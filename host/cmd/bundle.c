/* bundle: in a trace, out a folder beside it with the names of all its frames, so that it can be reported on another machine or after an upgrade. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/symbol/symbol.h"

#include "cmd.h"

struct bundle_values {
    const char *output, *sysroot;
    struct opt_list debug_paths;
    bool debuginfod, quiet;
};

static const struct opt bundle_options[] = {
    {OPT_TEXT, 'o', "output", offsetof(struct bundle_values, output), "FOLDER", "where the names go", "FILE.bundle, where every command looks for them", NULL,
     NULL},
    {OPT_LIST, 0, "debug-path", offsetof(struct bundle_values, debug_paths), "DIR", "also look for debug data and programs there; may be given again", NULL,
     NULL, NULL},
    {OPT_TEXT, 0, "sysroot", offsetof(struct bundle_values, sysroot), "DIR", "the traced machine's root folder", NULL, NULL, NULL},
    {OPT_FLAG, 0, "debuginfod", offsetof(struct bundle_values, debuginfod), NULL, "ask the servers of $DEBUGINFOD_URLS for debug data", NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct bundle_values, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {0},
};

static const struct opt_example bundle_examples[] = {
    {"heaptracer bundle server.4711.htrc", "keep the names in server.4711.htrc.bundle/"},
    {"heaptracer bundle server.4711.htrc && tar c server.4711.htrc* | ssh desk tar x", "report on another machine"},
    {0},
};

const struct opt_command cmd_bundle_table = {
    .name = "heaptracer bundle",
    .usage = "[options] FILE",
    .about = "Keep the names of a trace's frames beside it, to report elsewhere",
    .manual = "A trace holds addresses; their functions, files and lines come from the programs and libraries on the machine that reports. "
              "This command looks all of them up now and writes them as text into a folder, one file for each program or library, named by its build-id. "
              "Every command that reads the trace uses that folder when it lies beside it. No program code gets into it.\n\n"
              "When the folder is there already, what it knows is kept and the rest is added.",
    .options = bundle_options,
    .examples = bundle_examples,
    .see_also = "heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

static void read_definitions(struct trace_reader *reader, struct symbols *symbols, struct error *error)
{
    struct event event;
    while (trace_next(reader, &event, error))
        symbols_see(symbols, &event);
}

static void say_result(const struct symbols *symbols, const char *folder, const struct symbols_saved *saved)
{
    const char *const *notes;
    size_t count = symbols_notes(symbols, &notes);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "heaptracer: %s\n", notes[i]);
    printf("%s: %zu frames of %zu modules, %llu bytes", folder, saved->frames, saved->modules, (unsigned long long)saved->bytes);
    if (saved->unknown)
        printf("; %zu frames have no name here", saved->unknown);
    puts("");
}

/* What could be read of a damaged trace is kept, and the damage is still told. */
static int bundle_write(struct trace_reader *reader, const char *folder, const struct bundle_values *values)
{
    struct error error = {0}, damage = {0};
    struct symbols_saved saved;
    struct symbols_config config = {values->debug_paths.at, values->sysroot, folder, values->debuginfod};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        error_set_errno(&error, ERROR_WRITE, "cannot make the folder %s", folder);
        return cmd_fail(&error);
    }
    struct symbols *symbols = symbols_new(&config);
    read_definitions(reader, symbols, &damage);
    bool good = symbols_save(symbols, folder, &saved, &error);
    if (good && !values->quiet)
        say_result(symbols, folder, &saved);
    symbols_free(symbols);
    if (!good)
        return cmd_fail(&error);
    return damage.kind == ERROR_NONE ? CMD_DONE : cmd_fail(&damage);
}

static int bundle_make(const char *path, const char *folder, const struct bundle_values *values)
{
    struct error error = {0};
    struct trace_reader *reader = trace_open(path, &error);
    int exit_code = reader ? bundle_write(reader, folder, values) : cmd_fail(&error);
    if (reader)
        trace_close(reader);
    return exit_code;
}

int cmd_bundle(int argc, char **argv)
{
    struct bundle_values values = {0};
    struct opt_words words;
    struct str folder = {0};
    int exit_code;
    if (!cmd_parse(&cmd_bundle_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    if (strcmp(words.at[0], "-") == 0 && !values.output) {
        struct error error = {0};
        error_set(&error, ERROR_USAGE, "a trace from standard input has no folder beside it: name one with --output FOLDER");
        exit_code = cmd_fail(&error);
    } else {
        str_add(&folder, values.output ? values.output : words.at[0]);
        str_add(&folder, values.output ? "" : ".bundle");
        exit_code = bundle_make(words.at[0], folder.at, &values);
    }
    str_done(&folder);
    opt_words_done(&words);
    return exit_code;
}
