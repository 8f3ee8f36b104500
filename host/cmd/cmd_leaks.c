/* cmd_leaks: in a trace whose processes were looked at, or a program that is being recorded, out which blocks are lost, by whom they were made and who keeps others. */
#include "cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "finding_files.h"
#include "host/base/number.h"
#include "host/launch/control.h"
#include "host/pipeline.h"
#include "host/view/columns.h"
#include "host/view/gate.h"
#include "leak_rows.h"
#include "page.h"
#include "pass.h"

struct leaks_options {
    struct page_options page;
    struct leak_options leaks;
    struct finding_files_options files;
    const char *why;
    struct opt_list fail_on;
    bool all;
};

static const struct opt leaks_table[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to show", NULL, NULL, NULL},
    {OPT_FLAG, 'a', "all", offsetof(struct leaks_options, all), NULL, "also what is probably no leak: blocks that the program can still find", NULL, NULL, NULL},
    {OPT_TEXT, 0, "since", offsetof(struct leaks_options, leaks.since), "MARK", "only stacks that made such blocks since the mark (heaptracer ctl PID mark MARK)", NULL, NULL,
     NULL},
    {OPT_TEXT, 0, "between", offsetof(struct leaks_options, leaks.between), "A,B", "only stacks that made such blocks between the marks A and B", NULL, NULL, NULL},
    {OPT_TEXT, 0, "iteration", offsetof(struct leaks_options, leaks.iteration), "MARK#N",
     "only stacks that made such blocks between the Nth mark MARK and the next one of that name", NULL, NULL, NULL},
    {OPT_TEXT, 0, "why", offsetof(struct leaks_options, why), "ADDRESS", "who points to the block at that address", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What is known already", NULL, NULL, NULL},
    LEAK_KNOWN_OPTIONS(struct leaks_options, leaks),
    {OPT_WORDS, 0, "fail-on", offsetof(struct leaks_options, fail_on), "CONDITION",
     "end with 1 on a leak ('leak': confidence above 80 %; 'possible': above 50 %), or if a row fulfils reach.COLUMN>VALUE; several are parted by commas", NULL, NULL, NULL},
    FINDING_FILES_OPTIONS(struct leaks_options, files),
    PAGE_OPTIONS(struct leaks_options, page),
    PAGE_STACK_OPTIONS(struct leaks_options, page),
    {0},
};

static const struct opt_example leaks_examples[] = {
    {"heaptracer run --leaks -o app.htrc -- ./app", "look at ./app and its children when they end"},
    {"heaptracer leaks app.htrc", "what they lost"},
    {"heaptracer leaks 4711 --since loaded", "what process 4711, which runs, has lost since that mark"},
    {"heaptracer leaks app.htrc --fail-on leak --suppressions known.supp", "a gate for a build: ends with 1"},
    {"heaptracer leaks app.htrc --sarif leaks.sarif --junit leaks.xml", "for code scanning, and as tests of a build server"},
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

struct leaks_view {
    const struct leaks_options *options;
    const char *path;
    struct page page;
    struct pipeline *pipeline;
    struct leak_rows rows;
    struct finding_files files;
    struct findings findings;
    bool has_found, has_answer;
    uint64_t to_ns; /* of a recording that goes on: what comes later is not read; 0: it is over */
};

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
    static const char few[] = "rule,sites,blocks,bytes";
    const struct page_options *page = &leaks->options->page;
    struct table table;
    struct columns columns = {0};
    if (!leaks->rows.suppress.rules.count || page->csv)
        return true;
    leak_rows_suppressions(&leaks->rows, &table);
    bool is_good = page->json ? page_table(&leaks->page, &table, 0, error) : columns_take(&columns, &table, few, error) && page_table(&leaks->page, &columns.table, 0, error);
    columns_done(&columns);
    table_done(&table);
    return is_good;
}

static bool gates_look(struct leaks_view *leaks, const struct table *table, struct error *error)
{
    const struct opt_list *wanted = &leaks->options->fail_on;
    for (size_t i = 0; i < wanted->count; i++) {
        struct gate gate;
        if (!gate_parse(&gate, "--fail-on", wanted->at[i], error))
            return false;
        if (strcmp(gate.table, table->name))
            return error_set(error, ERROR_USAGE, "--fail-on %s: here it is about the table reach; 'heaptracer analyze' has the others", wanted->at[i]);
        if (!gate_look(&gate, table, &leaks->has_found, error))
            return false;
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

static void ends_put(struct leaks_view *leaks)
{
    struct str kinds = {0};
    leak_rows_put_kinds(&leaks->rows, &kinds);
    if (kinds.count)
        page_line(&leaks->page, "%s", str_text(&kinds));
    str_done(&kinds);
    char count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    if (leaks->rows.hidden_count)
        page_line(&leaks->page, "not shown: %s block%s (%s) that are probably no leak; --all shows them", number_count(count, leaks->rows.hidden_count),
                  leaks->rows.hidden_count == 1 ? "" : "s", number_bytes(bytes, leaks->rows.hidden_bytes));
}

static bool answers_put(struct leaks_view *leaks, struct error *error)
{
    struct table table;
    size_t scans;
    model_scans(pipeline_model(leaks->pipeline), &scans);
    if (!scans)
        return error_set(error, ERROR_USAGE, "no process was looked at in '%s': record with 'heaptracer run --leaks'; what was never freed is in 'heaptracer analyze -t "
                         "leaks'", leaks->path);
    pipeline_answer(leaks->pipeline, 0, &table);
    bool is_good = leak_rows_choose(&leaks->rows, &table, leaks->page.symbols, &leaks->findings, error);
    if (is_good)
        scans_put(leaks);
    is_good = is_good && gates_look(leaks, &table, error) && rows_put(leaks, &table, error);
    if (is_good)
        ends_put(leaks);
    is_good = is_good && suppressions_put(leaks, error);
    leaks->has_answer = is_good;
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
    phase_see(&((struct leaks_view *)context)->rows.phase, changes);
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
    leak_rows_begin(&leaks->rows, pipeline_model(leaks->pipeline));
    findings_begin(&leaks->findings, trace_get_header(reader), leaks->files.root);
    pass_run(leaks->pipeline, reader, leaks->path, leaks->to_ns, problem);
    leaks->findings.duration_ns = model_time(pipeline_model(leaks->pipeline));
    page_start(&leaks->page, leaks->path, trace_get_header(reader));
    return address ? why_put(leaks, address, error) : answers_put(leaks, error);
}

static int leaks_file(const struct leaks_options *options, const char *path, uint64_t to_ns)
{
    struct error error = {0}, problem = {0};
    struct leaks_view leaks = {.options = options, .path = path, .to_ns = to_ns};
    bool is_good = leak_rows_open(&leaks.rows, &options->leaks, &error) && finding_files_open(&leaks.files, &options->files, path, &error);
    struct trace_reader *reader = is_good ? trace_open(path, &error) : NULL;
    leaks.rows.shows_all = options->all;
    if (reader) {
        if (page_open(&leaks.page, &options->page, path, &error))
            leaks_read(&leaks, reader, &problem, &error);
        page_close(&leaks.page, problem.kind ? problem.text : NULL, &error);
        trace_close(reader);
    }
    finding_files_close(&leaks.files, leaks.has_answer ? &leaks.findings : NULL, &error);
    findings_done(&leaks.findings);
    if (leaks.pipeline)
        pipeline_free(leaks.pipeline);
    leak_rows_done(&leaks.rows);
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
