/* info: in a trace, out what it is: its header, what it holds by kind of event, its processes and modules. */
#include "cmd.h"

#include <string.h>
#include <sys/stat.h>

#include "host/base/number.h"
#include "host/view/event_line.h"
#include "page.h"
#include "pass.h"
#include "progress.h"

struct info_options {
    struct page_options page;
    const char *tables;
    bool environment;
};

static const struct opt info_table[] = {
    {OPT_TEXT, 't', "table", offsetof(struct info_options, tables), "NAME,...", "only these tables", "all", "file|index|kinds|processes|modules", NULL},
    {OPT_FLAG, 'e', "environment", offsetof(struct info_options, environment), NULL, "also the recorded environment variables", NULL, NULL, NULL},
    PAGE_OPTIONS(struct info_options, page),
    {0},
};

static const struct opt_example info_examples[] = {
    {"heaptracer info app.htrc", "what was recorded, when, how, and how much of it"},
    {"heaptracer info app.htrc --json", "the same for programs"},
    {0},
};

const struct opt_command cmd_info_table = {
    .name = "heaptracer info",
    .usage = "[options] FILE",
    .about = "Show what a trace is: header, events by kind, processes, modules",
    .manual = "Reads the whole trace, so it also says whether the trace can be read to its end.",
    .options = info_table,
    .examples = info_examples,
    .see_also = "heaptracer analyze, heaptracer dump",
    .least_words = 1,
    .most_words = 1,
};

enum { FILE_BYTES, FILE_EVENTS, FILE_DENSITY, FILE_DURATION, FILE_VERSION, FILE_POINTER, FILE_PAGE, FILE_ORDER, FILE_TICK, FILE_SAMPLE, FILE_FRAMES, FILE_TOTALS, FILE_COLUMNS };

static const struct column file_columns[FILE_COLUMNS] = {
    [FILE_BYTES] = {"file_bytes", "File", "", "size of the file; 0: not a file", COLUMN_BYTES},
    [FILE_EVENTS] = {"events", "Events", "", "events in it, without definitions", COLUMN_COUNT},
    [FILE_DENSITY] = {"bytes_per_event", "Bytes an event", "", "file_bytes / events", COLUMN_REAL},
    [FILE_DURATION] = {"duration_ns", "Duration", "", "time of the last event", COLUMN_DURATION},
    [FILE_VERSION] = {"format_version", "Format", "", "version of the file format", COLUMN_COUNT},
    [FILE_POINTER] = {"pointer_bytes", "Pointer", "", "size of a pointer in the target", COLUMN_BYTES},
    [FILE_PAGE] = {"page_bytes", "Page", "", "size of a page in the target", COLUMN_BYTES},
    [FILE_ORDER] = {"byte_order", "Byte order", "", "of the target", COLUMN_TEXT},
    [FILE_TICK] = {"tick_ns", "Time in steps of", "", "no time is finer", COLUMN_DURATION},
    [FILE_SAMPLE] = {"sample_bytes", "Sampled every", "", "mean distance of samples; 0: every event was recorded", COLUMN_BYTES},
    [FILE_FRAMES] = {"stacks", "Stack frames", "", "nodes of the tree of all stacks", COLUMN_COUNT},
    [FILE_TOTALS] = {"is_complete", "Ended in order", "", "yes: the recorder wrote index and totals", COLUMN_TEXT},
};

enum {
    INDEX_BLOCKS,
    INDEX_BYTES,
    INDEX_BLOCK_BYTES,
    INDEX_SEGMENTS,
    INDEX_CHECKPOINTS,
    INDEX_CHECKPOINT_BLOCKS,
    INDEX_CHECKPOINT_BYTES,
    INDEX_PLACE,
    INDEX_COLUMNS
};
static const struct column index_columns[INDEX_COLUMNS] = {
    [INDEX_BLOCKS] = {"blocks", "Blocks", "", "blocks of events, each with its own checksum", COLUMN_COUNT},
    [INDEX_BYTES] = {"bytes", "Their bytes", "", "in the file", COLUMN_BYTES},
    [INDEX_BLOCK_BYTES] = {"bytes_per_block", "Bytes a block", "B", "bytes / blocks", COLUMN_REAL},
    [INDEX_SEGMENTS] = {"segments", "Segments", "", "places from which decoding can begin", COLUMN_COUNT},
    [INDEX_CHECKPOINTS] = {"checkpoints", "Checkpoints", "", "places where all that lives is told again, so that a seek can begin there", COLUMN_COUNT},
    [INDEX_CHECKPOINT_BLOCKS] = {"checkpoint_blocks", "Checkpoint blocks", "", "blocks that they take", COLUMN_COUNT},
    [INDEX_CHECKPOINT_BYTES] = {"checkpoint_bytes", "Checkpoint bytes", "", "bytes that they take in the file", COLUMN_BYTES},
    [INDEX_PLACE] = {"index", "Index", "", "footer: at the end of the file; heads: made from the heads of the blocks; none: the trace is a stream", COLUMN_TEXT},
};

enum { KIND_NAME, KIND_COUNT, KIND_SHARE, KIND_COLUMNS };
static const struct column kind_columns[KIND_COLUMNS] = {
    [KIND_NAME] = {"kind", "Kind", "", "as in heaptracer dump", COLUMN_TEXT},
    [KIND_COUNT] = {"count", "Count", "", "events of that kind", COLUMN_COUNT},
    [KIND_SHARE] = {"share", "Share", "", "count / all, with definitions", COLUMN_RATIO},
};

enum { PROCESS_ID, PROCESS_PARENT, PROCESS_PID, PROCESS_HOW, PROCESS_COMMAND, PROCESS_COLUMNS };
static const struct column process_columns[PROCESS_COLUMNS] = {
    [PROCESS_ID] = {"process", "Process", "id", "number in the trace, for --process", COLUMN_COUNT},
    [PROCESS_PARENT] = {"parent_process", "Parent", "id", "its parent's number, 0: the first", COLUMN_COUNT},
    [PROCESS_PID] = {"pid", "PID", "id", "process id of the system", COLUMN_COUNT},
    [PROCESS_HOW] = {"how", "How", "", "first, fork or exec", COLUMN_TEXT},
    [PROCESS_COMMAND] = {"command", "Command", "", "its command line", COLUMN_TEXT},
};

enum { MODULE_ID, MODULE_PROCESS, MODULE_START, MODULE_END, MODULE_BUILD, MODULE_PATH, MODULE_COLUMNS };
static const struct column module_columns[MODULE_COLUMNS] = {
    [MODULE_ID] = {"module", "Module", "id", "number in the trace", COLUMN_COUNT},
    [MODULE_PROCESS] = {"process", "Process", "id", "the process that loaded it first", COLUMN_COUNT},
    [MODULE_START] = {"start", "Start", "", "first address there", COLUMN_ADDRESS},
    [MODULE_END] = {"end", "End", "", "address behind the last", COLUMN_ADDRESS},
    [MODULE_BUILD] = {"build_id", "Build-id", "", "of the file, in hex; empty: it has none", COLUMN_TEXT},
    [MODULE_PATH] = {"path", "Path", "", "its file", COLUMN_TEXT},
};

struct info {
    struct table file, index, kinds, processes, modules;
    uint64_t counts[EVENT_KIND_COUNT], all, last_ns;
};

static void process_see(struct info *info, const struct process_definition *process)
{
    static const char *const how[] = {"first", "fork", "exec"};
    union cell *row = table_row(&info->processes);
    row[PROCESS_ID].u = process->id;
    row[PROCESS_PARENT].u = process->parent;
    row[PROCESS_PID].u = process->pid;
    row[PROCESS_HOW].text = process->how < sizeof how / sizeof *how ? how[process->how] : "?";
    row[PROCESS_COMMAND].text = table_text(&info->processes, "%s", process->command ? process->command : "");
}

static void module_see(struct info *info, const struct module_definition *module)
{
    char hex[2 * sizeof module->build_id + 1] = "";
    for (size_t i = 0; i < module->build_id_bytes && i < sizeof module->build_id; i++)
        snprintf(hex + 2 * i, 3, "%02x", module->build_id[i]);
    union cell *row = table_row(&info->modules);
    row[MODULE_ID].u = module->id;
    row[MODULE_PROCESS].u = module->process;
    row[MODULE_START].u = module->start;
    row[MODULE_END].u = module->end;
    row[MODULE_BUILD].text = table_text(&info->modules, "%s", hex);
    row[MODULE_PATH].text = table_text(&info->modules, "%s", module->path ? module->path : "");
}

static void info_see(struct info *info, const struct event *event)
{
    info->all++;
    info->last_ns = event->time_ns > info->last_ns ? event->time_ns : info->last_ns;
    if (event->kind < EVENT_KIND_COUNT)
        info->counts[event->kind]++;
    if (event->kind == EVENT_PROCESS && event->define)
        process_see(info, event->define);
    if (event->kind == EVENT_MODULE && event->define)
        module_see(info, event->define);
}

static void info_read(struct info *info, struct trace_reader *reader, struct error *problem)
{
    enum { PROGRESS_EVERY = 1 << 20 };
    struct progress progress;
    struct event event;
    progress_start(&progress);
    while (trace_next(reader, &event, problem)) {
        info_see(info, &event);
        if (info->all % PROGRESS_EVERY == 0)
            progress_see(&progress, info->all, info->last_ns);
    }
    progress_end(&progress);
}

static uint64_t events_count(const struct info *info)
{
    uint64_t count = info->all;
    for (unsigned kind = EVENT_FRAME; kind <= EVENT_SOURCE; kind++)
        count -= info->counts[kind];
    return count;
}

static void file_fill(struct info *info, const char *path, struct trace_reader *reader)
{
    const struct trace_header *header = trace_get_header(reader);
    struct trace_totals totals = {0};
    struct stat stat_of;
    union cell *row = table_row(&info->file);
    bool is_file = !stat(path, &stat_of) && S_ISREG(stat_of.st_mode);
    row[FILE_BYTES].u = is_file ? (uint64_t)stat_of.st_size : 0;
    row[FILE_EVENTS].u = events_count(info);
    row[FILE_DENSITY].f = row[FILE_EVENTS].u ? (double)row[FILE_BYTES].u / (double)row[FILE_EVENTS].u : 0;
    row[FILE_DURATION].u = info->last_ns;
    row[FILE_VERSION].u = header->version;
    row[FILE_POINTER].u = header->pointer_bytes;
    row[FILE_PAGE].u = header->page_bytes;
    row[FILE_ORDER].text = header->big_endian ? "big" : "little";
    row[FILE_TICK].u = header->tick_ns;
    row[FILE_SAMPLE].u = header->sample_bytes;
    row[FILE_FRAMES].u = info->counts[EVENT_FRAME];
    row[FILE_TOTALS].text = trace_get_totals(reader, &totals) && totals.complete ? "yes" : "no";
}

static void index_fill(struct info *info, struct trace_reader *reader)
{
    struct trace_layout layout;
    union cell *row = table_row(&info->index);
    bool can_seek = trace_get_layout(reader, &layout);
    row[INDEX_BLOCKS].u = layout.blocks;
    row[INDEX_BYTES].u = layout.bytes;
    row[INDEX_BLOCK_BYTES].f = layout.blocks ? (double)layout.bytes / (double)layout.blocks : 0;
    row[INDEX_SEGMENTS].u = layout.segments;
    row[INDEX_CHECKPOINTS].u = layout.checkpoints;
    row[INDEX_CHECKPOINT_BLOCKS].u = layout.checkpoint_blocks;
    row[INDEX_CHECKPOINT_BYTES].u = layout.checkpoint_bytes;
    row[INDEX_PLACE].text = !can_seek ? "none" : layout.has_index ? "footer" : "heads";
}

static void kinds_fill(struct info *info)
{
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (!info->counts[kind])
            continue;
        union cell *row = table_row(&info->kinds);
        row[KIND_NAME].text = event_line_kind(kind);
        row[KIND_COUNT].u = info->counts[kind];
        row[KIND_SHARE].f = (double)info->counts[kind] / (double)info->all;
    }
    table_sort(&info->kinds, KIND_COUNT, true, 0);
}

static void info_init(struct info *info)
{
    *info = (struct info){0};
    table_init(&info->file, "file", "File", "The trace as a file, and its header.", TABLE_ROWS, file_columns, FILE_COLUMNS);
    table_init(&info->index, "index", "Blocks and index", "How the file is built: what can be read without the rest.", TABLE_ROWS, index_columns, INDEX_COLUMNS);
    table_init(&info->kinds, "kinds", "Events by kind", "What the trace is made of.", TABLE_ROWS, kind_columns, KIND_COLUMNS);
    table_init(&info->processes, "processes", "Processes", "Process images in the order of their beginning.", TABLE_ROWS, process_columns, PROCESS_COLUMNS);
    table_init(&info->modules, "modules", "Modules", "Programs and libraries that stacks go through.", TABLE_ROWS, module_columns, MODULE_COLUMNS);
}

/* Whether --table names it; a name that is none of the tables is told before anything is read. */
static bool is_asked(const struct info_options *options, const char *name)
{
    return !options->tables || opt_has_word(options->tables, ',', name, strlen(name));
}

static bool tables_check(const struct info_options *options, struct error *error)
{
    static const char names[] = "file index kinds processes modules";
    const char *rest = options->tables, *word;
    size_t count, asked = 0;
    for (; opt_next_word(&rest, ',', &word, &count); asked++)
        if (!opt_has_word(names, ' ', word, count))
            return error_set(error, ERROR_USAGE, "--table: '%.*s' is not one of %s", (int)count, word, names);
    return !options->page.csv || asked == 1 || error_set(error, ERROR_USAGE, "--csv writes one table: choose it with --table, of %s", names);
}

static bool info_put(const struct info_options *options, struct info *info, struct page *page, struct error *error)
{
    struct table *const tables[] = {&info->file, &info->index, &info->kinds, &info->processes, &info->modules};
    bool is_good = true;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        is_good = is_good && (!is_asked(options, tables[i]->name) || page_table(page, tables[i], 0, error));
        table_done(tables[i]);
    }
    return is_good;
}

static void environment_put(struct page *page, const struct trace_header *header)
{
    const char *rest = header->environment, *line;
    size_t count;
    page_line(page, "Environment");
    while (opt_next_word(&rest, '\n', &line, &count))
        page_line(page, "  %.*s", (int)count, line);
}

static int info_file(const struct info_options *options, const char *path)
{
    struct error error = {0}, problem = {0};
    struct info info;
    struct page page = {0};
    struct trace_reader *reader = tables_check(options, &error) ? trace_open(path, &error) : NULL;
    if (!reader)
        return cmd_fail(&error);
    if (page_open(&page, &options->page, path, &error)) {
        info_init(&info);
        info_read(&info, reader, &problem);
        if (!problem.kind)
            pass_end_check(reader, path, &problem);
        file_fill(&info, path, reader);
        index_fill(&info, reader);
        kinds_fill(&info);
        page_start(&page, path, trace_get_header(reader));
        if (info_put(options, &info, &page, &error) && options->environment)
            environment_put(&page, trace_get_header(reader));
    }
    page_close(&page, problem.kind ? problem.text : NULL, &error);
    trace_close(reader);
    return error.kind ? cmd_fail(&error) : problem.kind ? cmd_fail(&problem) : CMD_DONE;
}

int cmd_info(int argc, char **argv)
{
    struct info_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_info_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = info_file(&options, words.at[0]);
    opt_words_done(&words);
    return exit_code;
}
