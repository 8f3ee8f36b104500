/* analyze: in a trace, out the tables that were asked for. */
#include "cmd.h"

#include <stdlib.h>
#include <string.h>

#include "advising.h"
#include "choice.h"
#include "host/base/vec.h"
#include "host/pipeline.h"
#include "host/view/columns.h"
#include "host/view/gate.h"
#include "leak_rows.h"
#include "pass.h"
#include "quick.h"
#include "reading.h"

struct analyze_options {
    struct page_options page;
    const char *tables, *sort;
    struct opt_list fail_on;
    struct allocator_wish advising;
    uint64_t from_ns, to_ns, process, thread;
    bool quick, read_all, list;
};

static const struct opt analyze_table[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to answer", NULL, NULL, NULL},
    {OPT_TEXT, 't', "table", offsetof(struct analyze_options, tables), "NAME,...",
     "these tables, or all; 'advice' by itself: changes that were tried", "a page of the most important ones", choice_tables, NULL},
    {OPT_FLAG, 'l', "list", offsetof(struct analyze_options, list), NULL,
     "list the tables that there are; with --table its columns and formulas", NULL, NULL, NULL},
    {OPT_TEXT, 0, "sort", offsetof(struct analyze_options, sort), "COL", "sort by that column, largest first; '+COL' smallest first", NULL, NULL, NULL},
    READING_RANGE_OPTIONS(struct analyze_options),
    {OPT_FLAG, 'q', "quick", offsetof(struct analyze_options, quick), NULL,
     "only what the recorder's totals tell, whatever was asked for: at once, however long the trace is", NULL, NULL, NULL},
    {OPT_FLAG, 0, "read-all", offsetof(struct analyze_options, read_all), NULL, "read every event, also where the totals would do", NULL, NULL, NULL},
    {OPT_WORDS, 0, "fail-on", offsetof(struct analyze_options, fail_on), "CONDITION",
     "end with 1 if a row fulfils TABLE.COLUMN>VALUE, or on 'leak', 'possible' (in the table reach) or 'error' (in faults); several are parted by commas", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What the program runs on", NULL, NULL, NULL},
    ADVISING_OPTIONS(struct analyze_options, advising),
    PAGE_OPTIONS(struct analyze_options, page),
    PAGE_STACK_OPTIONS(struct analyze_options, page),
    {0},
};

static const struct opt_example analyze_examples[] = {
    {"heaptracer analyze app.htrc", "where the memory went, on one screen"},
    {"heaptracer analyze app.htrc --table leaks --stacks", "every leak with its whole stack"},
    {"heaptracer analyze app.htrc --table all --json -o app.json", "everything, for programs"},
    {"heaptracer analyze app.htrc --from 10s --to 12s -t hotspots", "what was allocated in these two seconds"},
    {"heaptracer analyze app.htrc --fail-on 'leaks.bytes>1M'", "a gate for a build: ends with 1"},
    {0},
};

const struct opt_command cmd_analyze_table = {
    .name = "heaptracer analyze",
    .usage = "[options] FILE",
    .about = "Say where the memory of a recorded run went",
    .manual = "Reads the trace FILE ('-' is standard input) once and answers the tables that were asked for. A table has rows, or is a series over "
              "time, or a tree; "
              "'heaptracer analyze --list' names them all, and with --table each column with its formula.\n\n"
              "Stacks stand on one line, innermost frame first. Hidden are frames that say nothing: of the recorder itself, wrappers of allocation at "
              "the inner end (operator new, "
              "std::allocator, xmalloc and the like) and what runs before main at the outer end; --all-frames shows them.\n\n"
              "Sizes are powers of 1024 bytes. Times are counted from the start of the recording.\n\n"
              "A trace that was cut or damaged is read as far as possible: the tables tell about what was read, a sentence on standard error says "
              "what is wrong, and the exit code is 3.",
    .options = analyze_table,
    .examples = analyze_examples,
    .see_also = "heaptracer run, heaptracer info, heaptracer dump",
    .most_words = 1,
};

struct analyze {
    const struct analyze_options *options;
    const char *path;
    const char *const *names; /* NULL: all */
    size_t shown_count;       /* the first so many tables are printed, the others are for --fail-on */
    bool is_first_page;       /* nobody chose tables */
    bool has_told;            /* the trace is of a firmware that told of itself */
    bool has_found;
    struct page page;
};

/* Columns of the first page, so that all fits on one screen. */
static const struct {
    const char *table, *columns;
} first_page[] = {
    {"summary", "events,duration_ns,processes,threads,allocations,allocated_bytes,peak_bytes,peak_time_ns,leaked_bytes,leaked_count"},
    {"leaks", "bytes,count,stack"},
    {"peak", "bytes,share,count,stack"},
    {"hotspots", "allocated_bytes,share,allocations,stack"},
    {"temporary", "count,share,bytes,stack"},
    /* of firmware, else empty and not shown */
    {"faults", "fault,time_ns,task,block,block_bytes,first_bad,guess,found_by,stack,found_stack"},
    {"tasks", "name,stack_bytes,most_used_bytes,left_bytes,used_share,level,allocated_bytes,live_bytes"},
    {"regions", "name,kind,size_bytes,used_bytes,used_share,free_bytes,largest_free_bytes,fragmentation,least_free_bytes,refused"},
};
enum { FIRST_PAGE_TABLES = sizeof first_page / sizeof *first_page, FIRST_PAGE_USUAL = 5, FIRST_PAGE_ROWS = 5 };

static bool names_choose(struct analyze *analyze, struct opt_words *words, struct error *error)
{
    const struct analyze_options *options = analyze->options;
    struct str shown = {0};
    analyze->is_first_page = !options->tables;
    for (size_t i = 0; analyze->is_first_page && i < FIRST_PAGE_TABLES; i++)
        str_add_format(&shown, "%s%s", i ? "," : "", first_page[i].table);
    str_add(&shown, options->tables ? options->tables : "");
    bool is_good = choice_take(str_text(&shown), &options->fail_on, words, &analyze->names, &analyze->shown_count, error);
    str_done(&shown);
    return is_good;
}

static bool tables_choose(struct analyze *analyze, struct opt_words *words, struct error *error)
{
    if (!analyze->options->tables || strcmp(analyze->options->tables, "all"))
        return names_choose(analyze, words, error);
    for (const struct analysis *const *at = analysis_list(); *at; at++)
        analyze->shown_count++;
    return true;
}

/* Columns that a table may have; it has a source where the trace knows some, and for those who ask. */
static bool column_check(const struct table *like, const char *name, size_t count, struct error *error)
{
    bool is_source = count == strlen("source") && !memcmp(name, "source", count) && table_find_column(like, "stack") >= 0;
    return is_source || columns_find(like, name, count, error) >= 0;
}

/* Wishes that cannot be are said before the work, not after it. Tables that only --fail-on looks at are not shown. */
static bool wishes_check(const struct analyze *analyze, const struct analysis *analysis, bool is_shown, struct error *error)
{
    const struct analyze_options *options = analyze->options;
    struct table like = {.name = analysis->name, .columns = analysis->columns, .column_count = analysis->column_count};
    const char *rest = is_shown ? options->page.columns : NULL, *name = is_shown && options->sort ? options->sort + (*options->sort == '+') : NULL, *word;
    size_t count;
    bool has_found;
    if (name && columns_find(&like, name, strlen(name), error) < 0)
        return false;
    while (opt_next_word(&rest, ',', &word, &count))
        if (!column_check(&like, word, count, error))
            return false;
    return gate_look_all(&analyze->options->fail_on, &like, &has_found, error);
}

static bool wishes_check_all(const struct analyze *analyze, struct error *error)
{
    if (analyze->options->quick)
        return true;
    if (analyze->options->page.csv && analyze->shown_count != 1)
        return error_set(error, ERROR_USAGE, "--csv writes one table: choose it with --table NAME");
    for (size_t i = 0; analyze->names && analyze->names[i]; i++)
        if (!wishes_check(analyze, analysis_find(analyze->names[i]), i < analyze->shown_count, error))
            return false;
    for (const struct analysis *const *at = analysis_list(); !analyze->names && *at; at++)
        if (!wishes_check(analyze, *at, true, error))
            return false;
    return true;
}

static bool table_sort_by(struct table *table, const char *name, struct error *error)
{
    bool is_ascending = *name == '+';
    int column = columns_find(table, name + is_ascending, strlen(name + is_ascending), error);
    if (column >= 0)
        table_sort(table, (size_t)column, !is_ascending, 0);
    return column >= 0;
}

static bool row_is_empty(const struct table *table, size_t row)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].kind != COLUMN_STACK && table_real(&table->columns[i], table_at(table, row)[i]) != 0)
            return false;
    return true;
}

/* Rows that have nothing of what the table is about say nothing on a short page. */
static void empty_rows_drop(struct table *table)
{
    while (table->row_count && row_is_empty(table, table->row_count - 1))
        table->row_count--;
}

/* Rows of each table, so that all tables fit on the screen if it is not too low. */
static size_t first_page_rows(const struct terminal *terminal)
{
    enum { LEAST = 3, MOST = 10, OTHER_LINES = 33 };
    size_t rows = terminal->height > OTHER_LINES ? (terminal->height - OTHER_LINES) / (FIRST_PAGE_USUAL - 1) : 0;
    if (!terminal->height)
        return FIRST_PAGE_ROWS;
    return rows < LEAST ? LEAST : rows > MOST ? MOST : rows;
}

static size_t first_page_place(const char *table)
{
    size_t i = 0;
    while (i < FIRST_PAGE_TABLES && strcmp(first_page[i].table, table))
        i++;
    return i;
}

static bool first_page_put(struct analyze *analyze, struct table *table, struct error *error)
{
    static char nothing[] = "";
    struct columns columns = {0};
    struct str names = {0};
    size_t i = first_page_place(table->name);
    if (i < FIRST_PAGE_TABLES)
        str_add_format(&names, "%s%s", first_page[i].columns, table_find_column(table, "source") >= 0 ? ",source" : "");
    bool is_good = i < FIRST_PAGE_TABLES && columns_take(&columns, table, str_text(&names), error);
    if (is_good)
        empty_rows_drop(&columns.table);
    if (i)
        columns.table.note = nothing; /* what a reader must know stands below the summary */
    is_good = is_good && page_table(&analyze->page, &columns.table, first_page_rows(&analyze->page.terminal), error);
    columns_done(&columns);
    str_done(&names);
    return is_good;
}

/* Only some columns of some tables, to fit on a screen. */
static bool page_is_short(const struct analyze *analyze)
{
    const struct page_options *page = &analyze->options->page;
    return analyze->is_first_page && !page->json && !page->csv && !page->columns;
}

/* What most programs have nothing of is shown to who asked for it by name; the first page has it of firmware only. */
static bool is_left_out(const struct analyze *analyze, const struct table *table)
{
    const struct page_options *page = &analyze->options->page;
    bool is_text = !page->json && !page->csv, is_nothing = !table->row_count;
    if (!analysis_find(table->name)->is_rare)
        return false;
    return analyze->is_first_page ? is_nothing || !analyze->has_told : is_nothing && !analyze->names && is_text;
}

static bool table_put(struct analyze *analyze, struct table *table, struct error *error)
{
    const struct analyze_options *options = analyze->options;
    if (is_left_out(analyze, table))
        return true;
    analyze->page.view.sort = options->sort;
    if (options->sort && !table_sort_by(table, options->sort, error))
        return false;
    return page_is_short(analyze) ? first_page_put(analyze, table, error) : page_table(&analyze->page, table, 0, error);
}

static void more_put(struct analyze *analyze)
{
    page_line(&analyze->page, "more: heaptracer analyze %s --table all; --list names the tables; --stacks shows whole stacks", analyze->path);
}

static bool answers_put(struct analyze *analyze, struct pipeline *pipeline, struct error *error)
{
    bool is_good = true;
    for (size_t i = 0; is_good && pipeline_analysis(pipeline, i); i++) {
        struct table table;
        pipeline_answer(pipeline, i, &table);
        leak_rows_name(&table, analyze->page.symbols);
        is_good = gate_look_all(&analyze->options->fail_on, &table, &analyze->has_found, error) && (i >= analyze->shown_count || table_put(analyze, &table, error));
        table_done(&table);
    }
    if (is_good && analyze->is_first_page)
        more_put(analyze);
    return is_good;
}

/* `problem` is what the trace could not give; `error` what we could not do. */
static bool trace_analyze(struct analyze *analyze, struct trace_reader *reader, struct error *problem, struct error *error)
{
    const struct analyze_options *options = analyze->options;
    struct pipeline_options chosen = {.tables = analyze->names,
                                      .from_ns = options->from_ns,
                                      .to_ns = options->to_ns,
                                      .process = (uint32_t)options->process,
                                      .thread = (uint32_t)options->thread,
                                      .define = page_see,
                                      .context = &analyze->page};
    struct pipeline *pipeline = pipeline_new(&chosen, trace_get_header(reader), error);
    if (!pipeline)
        return false;
    pass_run(pipeline, reader, analyze->path, options->to_ns, problem);
    page_start(&analyze->page, analyze->path, trace_get_header(reader));
    analyze->has_told = model_get_totals(pipeline_model(pipeline))->told != 0;
    bool is_good = answers_put(analyze, pipeline, error);
    pipeline_free(pipeline);
    return is_good;
}

/* Do the recorder's totals answer all that is asked, and the same? */
static bool totals_are_enough(const struct analyze *analyze, struct trace_reader *reader, const struct trace_totals *totals)
{
    const struct analyze_options *options = analyze->options;
    const struct page_options *page = &options->page;
    bool is_whole = !options->from_ns && !options->to_ns && !options->process && !options->thread, is_text = !page->json && !page->csv;
    bool is_enough = is_whole && !options->read_all && !options->sort && !options->fail_on.count && !trace_get_header(reader)->sample_bytes && analyze->names;
    for (size_t i = 0; is_enough && analyze->names[i]; i++) {
        bool is_short = page_is_short(analyze);
        if (analyze->is_first_page && analysis_find(analyze->names[i])->is_rare && !totals->told)
            continue;
        size_t rows = !is_text ? 0 : page->limit ? page->limit : PAGE_ROWS;
        is_enough = quick_knows(totals, analyze->names[i], is_short ? first_page[first_page_place(analyze->names[i])].columns : page->columns, rows);
    }
    return is_enough;
}

static void definitions_read(struct page *page, struct pipeline *pipeline, struct trace_reader *reader)
{
    struct error error = {0};
    struct event event;
    if (!trace_seek_definitions(reader, &error))
        return;
    while (trace_next(reader, &event, &error)) {
        page_see(page, &event);
        if (event.kind == EVENT_SOURCE)
            pipeline_put(pipeline, &event);
    }
}

/* With --quick only the columns that are known are shown. */
static bool totals_table_put(struct analyze *analyze, const struct trace_totals *totals, struct table *table, struct error *error)
{
    struct columns columns = {0};
    struct str names = {0};
    if (is_left_out(analyze, table))
        return true;
    quick_cut(totals, table);
    if (!analyze->options->quick)
        return table_put(analyze, table, error);
    bool is_known = quick_columns(totals, table->name, &names);
    if (table_find_column(table, "source") >= 0)
        str_add(&names, ",source");
    bool is_good = is_known && columns_take(&columns, table, str_text(&names), error) &&
                   gate_look_all(&analyze->options->fail_on, &columns.table, &analyze->has_found, error) && table_put(analyze, &columns.table, error);
    columns_done(&columns);
    str_done(&names);
    return is_good;
}

static bool totals_put(struct analyze *analyze, const struct trace_totals *totals, struct trace_reader *reader, struct error *error)
{
    bool is_good = true;
    struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.tables = analyze->names}, trace_get_header(reader), error);
    if (!pipeline)
        return false;
    pipeline_load(pipeline, totals);
    analyze->has_told = totals->told != 0;
    definitions_read(&analyze->page, pipeline, reader);
    page_start(&analyze->page, analyze->path, trace_get_header(reader));
    for (size_t i = 0; is_good && pipeline_analysis(pipeline, i); i++) {
        struct table table;
        pipeline_answer(pipeline, i, &table);
        is_good = totals_table_put(analyze, totals, &table, error);
        table_done(&table);
    }
    if (is_good && analyze->is_first_page)
        more_put(analyze);
    pipeline_free(pipeline);
    return is_good;
}

/* --quick shows what the totals know, and says so where that is nothing. */
static bool quick_check(const struct analyze *analyze, const struct trace_totals *totals, struct error *error)
{
    struct str columns = {0};
    bool is_good = true;
    if (!totals->complete || !totals->has_sites)
        return error_set(error, ERROR_READ, "'%s' has no totals at its end (it was cut, or is a pipe): use analyze without --quick", analyze->path);
    if (!analyze->names)
        return error_set(error, ERROR_USAGE, "the recorder's totals do not tell all tables: use analyze without --quick");
    for (size_t i = 0; is_good && analyze->names[i]; i++)
        if (!(analyze->is_first_page && analysis_find(analyze->names[i])->is_rare) && !quick_columns(totals, analyze->names[i], &columns))
            is_good = error_set(error, ERROR_USAGE, "the recorder's totals say nothing of the table '%s': use analyze without --quick", analyze->names[i]);
    str_done(&columns);
    return is_good;
}

static bool answer(struct analyze *analyze, struct trace_reader *reader, struct error *problem, struct error *error)
{
    struct trace_totals totals;
    trace_get_totals(reader, &totals);
    if (analyze->options->quick)
        return quick_check(analyze, &totals, error) && totals_put(analyze, &totals, reader, error);
    return totals_are_enough(analyze, reader, &totals) ? totals_put(analyze, &totals, reader, error) : trace_analyze(analyze, reader, problem, error);
}

static int analyze_end(struct analyze *analyze, const struct error *problem, struct error *error)
{
    page_close(&analyze->page, problem->kind ? problem->text : NULL, error);
    if (error->kind)
        return cmd_fail(error);
    if (problem->kind)
        return cmd_fail(problem);
    return analyze->has_found ? CMD_FOUND : CMD_DONE;
}

static int analyze_file(const struct analyze_options *options, struct opt_words *words)
{
    struct error error = {0}, problem = {0};
    struct analyze analyze = {.options = options, .path = words->at[0]};
    struct trace_reader *reader = NULL;
    if (tables_choose(&analyze, words, &error) && wishes_check_all(&analyze, &error))
        reader = trace_open(analyze.path, &error);
    if (!reader)
        return cmd_fail(&error);
    if (page_open(&analyze.page, &options->page, analyze.path, &error))
        answer(&analyze, reader, &problem, &error);
    int exit_code = analyze_end(&analyze, &problem, &error);
    trace_close(reader);
    return exit_code;
}

enum { LIST_WIDTH = 100, LIST_INDENT = 24 };

static void list_add(struct str *out, const char *name, const char *about)
{
    size_t start = out->count;
    str_add_format(out, "  %-*s ", LIST_INDENT - 3, name);
    str_add_wrapped(out, about, out->count - start, LIST_INDENT, LIST_WIDTH);
}

/* What --list prints: the tables, or the columns of those that --table names. */
static void list_put(const char *const *names, struct str *out)
{
    for (const struct analysis *const *at = analysis_list(); !*names && *at; at++)
        list_add(out, (*at)->name, (*at)->about);
    for (; *names; names++) {
        const struct analysis *analysis = analysis_find(*names);
        str_add_format(out, "%s: ", analysis->name);
        str_add_wrapped(out, analysis->about, strlen(analysis->name) + 2, 2, LIST_WIDTH);
        for (size_t i = 0; i < analysis->column_count; i++)
            list_add(out, analysis->columns[i].name, analysis->columns[i].about);
    }
}

static int list_print(const struct analyze_options *options, struct opt_words *words)
{
    struct error error = {0};
    struct str text = {0};
    const char *const *names;
    bool has_names = options->tables && strcmp(options->tables, "all");
    if (!choice_split(has_names ? options->tables : "", words, &names, &error))
        return cmd_fail(&error);
    list_put(names, &text);
    return cmd_print(&text);
}

int cmd_analyze(int argc, char **argv)
{
    struct analyze_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_analyze_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    if (options.list) {
        exit_code = list_print(&options, &words);
    } else if (!words.count) {
        struct error error = {0};
        error_set(&error, ERROR_USAGE, "which trace? usage: %s %s", cmd_analyze_table.name, cmd_analyze_table.usage);
        exit_code = cmd_fail(&error);
    } else if (options.tables && !strcmp(options.tables, "advice")) { /* not of one pass: each change is replayed */
        exit_code = advising_run(words.at[0], &options.advising, &options.page, &options.fail_on);
    } else {
        exit_code = analyze_file(&options, &words);
    }
    opt_words_done(&words);
    return exit_code;
}
