/* cmd_leaks: in a trace whose processes were looked at, or a program that is being recorded, out which blocks are lost, by whom they were made and who keeps others. */
#include "cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "host/base/number.h"
#include "host/base/vec.h"
#include "host/launch/control.h"
#include "host/pipeline.h"
#include "host/reach/suppress.h"
#include "host/view/columns.h"
#include "host/view/frames.h"
#include "leak_names.h"
#include "page.h"
#include "pass.h"
#include "phase.h"

struct leaks_options {
    struct page_options page;
    const char *since, *between, *why, *names;
    struct opt_list suppressions, fail_on;
    bool all;
};

static const struct opt leaks_table[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to show", NULL, NULL, NULL},
    {OPT_FLAG, 'a', "all", offsetof(struct leaks_options, all), NULL, "also what is probably no leak: blocks that the program can still find", NULL, NULL, NULL},
    {OPT_TEXT, 0, "since", offsetof(struct leaks_options, since), "MARK", "only stacks that made such blocks since the mark (heaptracer ctl PID mark MARK)", NULL, NULL, NULL},
    {OPT_TEXT, 0, "between", offsetof(struct leaks_options, between), "A,B", "only stacks that made such blocks between the marks A and B", NULL, NULL, NULL},
    {OPT_TEXT, 0, "why", offsetof(struct leaks_options, why), "ADDRESS", "who points to the block at that address", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What to leave out", NULL, NULL, NULL},
    {OPT_LIST, 0, "suppressions", offsetof(struct leaks_options, suppressions), "FILE",
     "leave out stacks that the file names, in the form of LeakSanitizer or of valgrind; may be given again", NULL, NULL, NULL},
    {OPT_TEXT, 0, "names", offsetof(struct leaks_options, names), "FILE", "lines 'WHAT: PATTERN' that tell what functions make, like 'mutex: my_lock_*'", NULL, NULL, NULL},
    {OPT_LIST, 0, "fail-on", offsetof(struct leaks_options, fail_on), "CONDITION",
     "end with 1 on a leak ('leak': confidence above 80 %; 'possible': above 50 %), or if a row fulfils reach.COLUMN>VALUE; may be given again", NULL, NULL, NULL},
    PAGE_OPTIONS(struct leaks_options, page),
    PAGE_STACK_OPTIONS(struct leaks_options, page),
    {0},
};

static const struct opt_example leaks_examples[] = {
    {"heaptracer run --leaks -o app.htrc -- ./app", "look at ./app and its children when they end"},
    {"heaptracer leaks app.htrc", "what they lost"},
    {"heaptracer leaks 4711 --since loaded", "what process 4711, which runs, has lost since that mark"},
    {"heaptracer leaks app.htrc --fail-on leak --suppressions known.supp", "a gate for a build: ends with 1"},
    {0},
};

const struct opt_command cmd_leaks_table = {
    .name = "heaptracer leaks",
    .usage = "[options] FILE|PID",
    .about = "Say which blocks a program lost, and who keeps the others",
    .manual = "PID is a program that 'heaptracer run' is recording now, by the number of its first process: it stands still for a moment, while a copy of its memory is "
              "made by fork, goes on at once, and the copy is searched.\n\n"
              "FILE is a trace of 'heaptracer run --leaks'. When a process ends, the recorder holds it for a moment, looks for every pointer in registers, stacks, "
              "variables and blocks, and puts each living block into a class. direct: no pointer leads to it any more, but from blocks that are lost with it. "
              "indirect: only lost blocks lead to it. possible: pointers lead only into it or into a block before it, not to its start. reachable: the program could "
              "still find it.\n\n"
              "Shown is what is probably a leak: confidence says how sure that is, by class, growth, and whose block it was; above 80 % it is called a leak, above "
              "50 % it is worth watching.",
    .options = leaks_table,
    .examples = leaks_examples,
    .see_also = "heaptracer run, heaptracer ctl, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

static const double LEAK = 0.8, WATCH = 0.5;

struct leaks_view {
    const struct leaks_options *options;
    const char *path;
    struct page page;
    struct pipeline *pipeline;
    struct suppress suppress;
    struct leak_names names;
    struct phase phase;
    struct {
        int stack, class, bytes, count, retained, pattern, confidence;
    } at; /* columns */
    uint64_t hidden_bytes, hidden_count;
    bool has_found;
    uint64_t to_ns; /* of a recording that goes on: what comes later is not read; 0: it is over */
};

/* Frames of a stack for rules: the recorder's own are none. */
struct rule_frames {
    struct frames frames;
    VEC(struct suppress_frame) list;
};

static void rule_frames_of(struct rule_frames *rule, struct symbols *symbols, uint32_t stack)
{
    rule->list.count = 0;
    frames_of_stack(&rule->frames, symbols, stack);
    for (size_t i = 0; i < rule->frames.list.count; i++) {
        const struct frame *frame = rule->frames.list.at + i;
        if (frame->role != FRAME_RECORDER)
            vec_push(&rule->list, ((struct suppress_frame){frame->text.function, frame->text.file ? frame->text.file : "", frame->text.module}));
    }
}

static void rule_frames_done(struct rule_frames *rule)
{
    frames_done(&rule->frames);
    vec_done(&rule->list);
}

static enum block_class class_of(const char *name)
{
    static const char *const names[CLASS_COUNT] = {"", "direct", "indirect", "possible", "reachable"};
    for (int class = 0; class < CLASS_COUNT; class++)
        if (!strcmp(names[class], name))
            return class;
    return CLASS_NONE;
}

/* What its functions tell of it. What a thread needs for itself is found by pointers into it only, and freed with the thread. */
static void row_name(const struct leaks_view *leaks, union cell *row, const struct rule_frames *frames)
{
    static const char thread[] = "thread's own memory";
    const char *what = leak_names_find(&leaks->names, frames->list.at, frames->list.count);
    enum block_class class = class_of(row[leaks->at.class].text);
    if (what && (class != CLASS_INDIRECT || !strcmp(row[leaks->at.pattern].text, "goes with its owner")))
        row[leaks->at.pattern].text = what;
    if (what && !strcmp(what, thread) && class == CLASS_POSSIBLE)
        row[leaks->at.confidence].f = 0.1;
}

/* True if a rule is for the row. */
static bool row_is_suppressed(struct leaks_view *leaks, const union cell *row, const struct rule_frames *frames)
{
    struct suppress_rule *rule = suppress_find(&leaks->suppress, class_of(row[leaks->at.class].text), frames->list.at, frames->list.count);
    if (!rule)
        return false;
    rule->sites++;
    rule->blocks += row[leaks->at.count].u;
    rule->bytes += row[leaks->at.bytes].u;
    return true;
}

static bool row_is_shown(struct leaks_view *leaks, union cell *row, const struct rule_frames *frames)
{
    row_name(leaks, row, frames);
    if (!phase_has(&leaks->phase, (uint32_t)row[leaks->at.stack].u) || row_is_suppressed(leaks, row, frames))
        return false;
    if (leaks->options->all || row[leaks->at.confidence].f > WATCH)
        return true;
    leaks->hidden_bytes += row[leaks->at.bytes].u;
    leaks->hidden_count += row[leaks->at.count].u;
    return false;
}

static void columns_find_all(struct leaks_view *leaks, const struct table *table)
{
    leaks->at.stack = table_find_column(table, "stack");
    leaks->at.class = table_find_column(table, "class");
    leaks->at.bytes = table_find_column(table, "bytes");
    leaks->at.count = table_find_column(table, "count");
    leaks->at.retained = table_find_column(table, "retained_bytes");
    leaks->at.pattern = table_find_column(table, "pattern");
    leaks->at.confidence = table_find_column(table, "confidence");
}

static void rows_choose(struct leaks_view *leaks, struct table *table)
{
    struct rule_frames frames = {0};
    size_t kept = 0;
    columns_find_all(leaks, table);
    for (size_t row = 0; row < table->row_count; row++) {
        union cell *cells = table_at(table, row);
        rule_frames_of(&frames, leaks->page.symbols, (uint32_t)cells[leaks->at.stack].u);
        if (row_is_shown(leaks, cells, &frames))
            memmove(table_at(table, kept++), cells, table->column_count * sizeof *cells);
    }
    table->row_count = kept;
    rule_frames_done(&frames);
}

static void put_class(struct str *line, const char *name, struct class_sum sum)
{
    char text[NUMBER_ROOM];
    str_add_format(line, "%s%s %s block%s", line->count ? ", " : "", name, number_count(text, sum.count), sum.count == 1 ? "" : "s");
    str_add_format(line, " (%s)", number_bytes(text, sum.bytes));
}

/* One line for each look. */
static void scans_put(struct leaks_view *leaks)
{
    static const char *const when[] = {"", "at its end", "at its abort", "when asked"};
    size_t count, process_count;
    const struct scan_result *scans = model_scans(pipeline_model(leaks->pipeline), &count);
    const struct process *processes = model_processes(pipeline_model(leaks->pipeline), &process_count);
    for (size_t i = 0; i < count; i++) {
        struct str line = {0};
        char held[NUMBER_ROOM], took[NUMBER_ROOM];
        put_class(&line, "direct", scans[i].found.of[CLASS_DIRECT]);
        put_class(&line, "indirect", scans[i].found.of[CLASS_INDIRECT]);
        put_class(&line, "possible", scans[i].found.of[CLASS_POSSIBLE]);
        put_class(&line, "reachable", scans[i].found.of[CLASS_REACHABLE]);
        number_duration(held, scans[i].found.held_ns);
        number_duration(took, scans[i].found.mark_ns);
        page_line(&leaks->page, "process %u, %s: %s; held %s, searched %s", processes[scans[i].process].pid,
                  when[scans[i].found.moment <= SCAN_ASKED ? scans[i].found.moment : 0], str_text(&line), held, took);
        if (scans[i].unseen)
            page_line(&leaks->page, "  %" PRIu64 " of its blocks could not be looked at", scans[i].unseen);
        str_done(&line);
    }
}

static bool suppressions_put(struct leaks_view *leaks, struct error *error)
{
    static const struct column columns[] = {
        {"rule", "Suppression", "", "the rule", COLUMN_TEXT},
        {"sites", "Sites", "", "call stacks that it left out", COLUMN_COUNT},
        {"blocks", "Blocks", "", "their blocks", COLUMN_COUNT},
        {"bytes", "Bytes", "", "bytes of these blocks", COLUMN_BYTES},
    };
    struct table table;
    if (!leaks->suppress.rules.count)
        return true;
    table_init(&table, "suppressions", "Suppressions", "How often each rule of --suppressions matched; one that never does may be out of date.", TABLE_ROWS, columns,
               sizeof columns / sizeof *columns);
    for (size_t i = 0; i < leaks->suppress.rules.count; i++) {
        const struct suppress_rule *rule = leaks->suppress.rules.at + i;
        union cell *row = table_row(&table);
        row[0].text = table_text(&table, "%s", rule->name ? rule->name : "");
        row[1].u = rule->sites;
        row[2].u = rule->blocks;
        row[3].u = rule->bytes;
    }
    bool is_good = page_table(&leaks->page, &table, 0, error);
    table_done(&table);
    return is_good;
}

static bool gates_look(struct leaks_view *leaks, const struct table *table, struct error *error)
{
    const struct opt_list *wanted = &leaks->options->fail_on;
    for (size_t i = 0; i < wanted->count; i++) {
        bool is_leak = !strcmp(wanted->at[i], "leak");
        struct gate gate;
        if (!is_leak && strcmp(wanted->at[i], "possible")) {
            if (!gate_parse(&gate, wanted->at[i], error) || !gate_look(&gate, table, &leaks->has_found, error))
                return false;
            continue;
        }
        for (size_t row = 0; row < table->row_count; row++)
            leaks->has_found |= table_at(table, row)[leaks->at.confidence].f > (is_leak ? LEAK : WATCH);
    }
    return true;
}

/* The columns that fit on a screen. */
static bool rows_put(struct leaks_view *leaks, struct table *table, struct error *error)
{
    static const char few[] = "class,bytes,count,retained_bytes,pattern,confidence,stack", more[] = "class,bytes,count,retained_bytes,pattern,confidence,chain,stack";
    const struct page_options *page = &leaks->options->page;
    struct columns columns = {0};
    if (page->json || page->csv || page->columns)
        return page_table(&leaks->page, table, 0, error);
    bool is_good = columns_take(&columns, table, leaks->options->all ? more : few, error) && page_table(&leaks->page, &columns.table, 0, error);
    columns_done(&columns);
    return is_good;
}

static void hidden_put(struct leaks_view *leaks)
{
    char count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    if (leaks->hidden_count)
        page_line(&leaks->page, "not shown: %s block%s (%s) that are probably no leak; --all shows them", number_count(count, leaks->hidden_count),
                  leaks->hidden_count == 1 ? "" : "s", number_bytes(bytes, leaks->hidden_bytes));
}

static bool answers_put(struct leaks_view *leaks, struct error *error)
{
    struct table table;
    size_t scans;
    model_scans(pipeline_model(leaks->pipeline), &scans);
    if (!scans)
        return error_set(error, ERROR_USAGE, "no process was looked at in '%s': record with 'heaptracer run --leaks'; what was never freed is in 'heaptracer analyze -t "
                         "leaks'", leaks->path);
    if (!phase_end(&leaks->phase, error))
        return false;
    pipeline_answer(leaks->pipeline, 0, &table);
    rows_choose(leaks, &table);
    scans_put(leaks);
    bool is_good = gates_look(leaks, &table, error) && rows_put(leaks, &table, error);
    if (is_good)
        hidden_put(leaks);
    is_good = is_good && (leaks->options->page.csv || suppressions_put(leaks, error));
    table_done(&table);
    return is_good;
}

/* Who points to the block: of a trace only what was written down then. */
static bool why_put(struct leaks_view *leaks, uint64_t address, struct error *error)
{
    size_t count;
    bool any = false;
    const struct scan_finding *blocks = model_scan_blocks(pipeline_model(leaks->pipeline), &count);
    for (size_t i = 0; i < count; i++) {
        const struct scan_finding *block = blocks + i;
        if (address - block->address >= (block->bytes ? block->bytes : 1))
            continue;
        page_line(&leaks->page, "0x%" PRIx64 " (%" PRIu64 " bytes): %s", block->address, block->bytes, *block->found.chain ? block->found.chain : "nothing points to it");
        any = true;
    }
    const struct scan_finding *sites = model_scan_sites(pipeline_model(leaks->pipeline), &count);
    for (size_t i = 0; i < count && !any; i++)
        if (sites[i].address == address && sites[i].found.class == CLASS_REACHABLE) {
            page_line(&leaks->page, "0x%" PRIx64 ": %s", address, sites[i].found.chain);
            any = true;
        }
    return any || error_set(error, ERROR_USAGE, "the trace does not tell who points to 0x%" PRIx64 ": it has that of lost and possible blocks, and of one reachable block "
                            "of each stack (the column address)", address);
}

static bool why_parse(const char *text, uint64_t *address, struct error *error)
{
    char *end;
    *address = strtoull(text, &end, 0);
    return (*text && !*end) || error_set(error, ERROR_USAGE, "--why: '%s' is no address; write one like 0x5612a0", text);
}

static void leaks_define(void *context, const struct event *event)
{
    page_see(&((struct leaks_view *)context)->page, event);
}

static void leaks_see(void *context, const struct changes *changes)
{
    phase_see(&((struct leaks_view *)context)->phase, changes);
}

static bool leaks_read(struct leaks_view *leaks, struct trace_reader *reader, struct error *problem, struct error *error)
{
    static const char *const tables[] = {"reach", NULL};
    uint64_t address = 0;
    if (leaks->options->why && !why_parse(leaks->options->why, &address, error))
        return false;
    struct pipeline_options chosen = {.tables = tables, .define = leaks_define, .see = leaks_see, .to_ns = leaks->to_ns, .context = leaks};
    leaks->pipeline = pipeline_new(&chosen, trace_get_header(reader), error);
    if (!leaks->pipeline)
        return false;
    phase_begin(&leaks->phase, pipeline_model(leaks->pipeline), leaks->options->since, leaks->options->between);
    pass_run(leaks->pipeline, reader, leaks->path, leaks->to_ns, problem);
    page_start(&leaks->page, leaks->path, trace_get_header(reader));
    return address ? why_put(leaks, address, error) : answers_put(leaks, error);
}

static bool rules_read(struct leaks_view *leaks, struct error *error)
{
    const struct opt_list *files = &leaks->options->suppressions;
    bool is_good = !leaks->options->names || leak_names_read(&leaks->names, leaks->options->names, error);
    for (size_t i = 0; is_good && i < files->count; i++) {
        FILE *in = fopen(files->at[i], "re");
        if (!in)
            return error_set_errno(error, ERROR_USAGE, "cannot read %s", files->at[i]);
        is_good = suppress_read(&leaks->suppress, in, files->at[i], error);
        fclose(in);
    }
    return is_good;
}

static int leaks_file(const struct leaks_options *options, const char *path, uint64_t to_ns)
{
    struct error error = {0}, problem = {0};
    struct leaks_view leaks = {.options = options, .path = path, .to_ns = to_ns};
    struct trace_reader *reader = rules_read(&leaks, &error) ? trace_open(path, &error) : NULL;
    if (reader) {
        if (page_open(&leaks.page, &options->page, path, &error))
            leaks_read(&leaks, reader, &problem, &error);
        page_close(&leaks.page, problem.kind ? problem.text : NULL, &error);
        trace_close(reader);
    }
    if (leaks.pipeline)
        pipeline_free(leaks.pipeline);
    phase_done(&leaks.phase);
    suppress_done(&leaks.suppress);
    leak_names_done(&leaks.names);
    if (error.kind != ERROR_NONE)
        return cmd_fail(&error);
    if (problem.kind != ERROR_NONE)
        return cmd_fail(&problem);
    return leaks.has_found ? CMD_FOUND : CMD_DONE;
}

/* Asks until the look is over. */
static bool look_wait(pid_t pid, const char *scan, struct str *out, struct error *error)
{
    char request[64];
    snprintf(request, sizeof request, "scanned %s", scan);
    for (;;) {
        str_clear(out);
        if (!control_ask(pid, request, out, error))
            return false;
        if (strcmp(str_text(out), "pending\n"))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

/* Has the recorder look at the process: the answer's first line is the trace, the second its time now, the others who points to the block that was asked for. */
static bool look_ask(pid_t pid, uint64_t why, struct str *out, struct error *error)
{
    char request[64], scan[16];
    snprintf(request, sizeof request, why ? "leaks %" PRIx64 : "leaks", why);
    if (!control_ask(pid, request, out, error))
        return false;
    if (sscanf(str_text(out), "scan %15[0-9]", scan) == 1 && !look_wait(pid, scan, out, error))
        return false;
    if (!strncmp(str_text(out), "error: ", 7))
        return error_set(error, ERROR_READ, "%.*s", (int)strcspn(str_text(out) + 7, "\n"), str_text(out) + 7);
    return true;
}

enum { MORE_NS = 1000000 }; /* times in a trace are rounded */

static int leaks_live(const struct leaks_options *options, pid_t pid)
{
    struct error error = {0};
    struct str out = {0};
    uint64_t why = 0;
    int exit_code = CMD_DONE;
    if ((options->why && !why_parse(options->why, &why, &error)) || !look_ask(pid, why, &out, &error)) {
        exit_code = cmd_fail(&error);
    } else {
        char *rest = out.at, *path = strsep(&rest, "\n");
        const char *time_ns = rest ? strsep(&rest, "\n") : "";
        struct str lines = {0};
        str_add(&lines, rest && *rest ? rest : "nothing points to it, or no block that lives is there\n");
        exit_code = why ? cmd_print(&lines) : leaks_file(options, path, strtoull(time_ns, NULL, 10) + MORE_NS);
        str_done(&lines);
    }
    str_done(&out);
    return exit_code;
}

/* The number of a process, unless a file is called so; 0: it is none. */
static pid_t process_named(const char *word)
{
    char *end;
    long pid = strtol(word, &end, 10);
    return *end || pid <= 0 || pid >= 1 << 30 || !access(word, F_OK) ? 0 : (pid_t)pid;
}

int cmd_leaks(int argc, char **argv)
{
    struct leaks_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_leaks_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    pid_t pid = process_named(words.at[0]);
    exit_code = pid ? leaks_live(&options, pid) : leaks_file(&options, words.at[0], 0);
    opt_words_done(&words);
    return exit_code;
}
