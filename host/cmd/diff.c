/* diff: in traces of a program before and after a change, out tables of what differs. */
#include "cmd.h"

#include <string.h>

#include "choice.h"
#include "host/base/vec.h"
#include "host/compare/compare.h"
#include "host/pipeline.h"
#include "host/view/cell.h"
#include "host/view/columns.h"
#include "host/view/gate.h"
#include "page.h"
#include "pass.h"

struct diff_options {
    struct page_options page;
    const char *tables;
    struct opt_list again, fail_on;
};

static const struct opt diff_table[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to compare", NULL, NULL, NULL},
    {OPT_TEXT, 't', "table", offsetof(struct diff_options, tables), "NAME,...", "these tables, or all", "a page of the most important ones", choice_tables, NULL},
    {OPT_LIST, 0, "again", offsetof(struct diff_options, again), "FILE",
     "a further run of BEFORE: what such runs differ by is noise; may be given again", NULL, NULL, NULL},
    {OPT_WORDS, 0, "fail-on", offsetof(struct diff_options, fail_on), "CONDITION",
     "end with 1 if a row fulfils TABLE.COLUMN>VALUE; several are parted by commas", NULL, NULL, NULL},
    PAGE_OPTIONS(struct diff_options, page),
    PAGE_STACK_OPTIONS(struct diff_options, page),
    {0},
};

static const struct opt_example diff_examples[] = {
    {"heaptracer diff before.htrc after.htrc", "what the change did, on one screen"},
    {"heaptracer diff before.htrc after.htrc --table leaks --stacks", "sites that leak more, less, newly or no longer"},
    {"heaptracer diff a1.htrc b.htrc --again a2.htrc --again a3.htrc", "three runs before: what they differ by is called noise"},
    {"heaptracer diff main.htrc branch.htrc --fail-on 'peak.bytes_change>64K'", "a gate for a build: ends with 1"},
    {0},
};

const struct opt_command cmd_diff_table = {
    .name = "heaptracer diff",
    .usage = "[options] BEFORE AFTER",
    .about = "Say what differs between two recorded runs",
    .manual = "Answers the tables of both traces and puts rows together that mean the same: the same stack, thread name, heap, size class. Stacks are the "
              "same when their functions are; lines and addresses count only in files whose build-id did not change, since they move with every "
              "build. A series is compared at equal shares of the run.\n\n"
              "Each amount X of a table becomes three columns: X_change, X_before and X_after, and each row has a verdict: new, gone, grew, shrank. "
              "Rows in which nothing changed are left out and counted.\n\n"
              "Two runs of one program seldom are equal. With --again further runs of BEFORE, X_before is their median, and a row whose first amount "
              "lies within what they had is called noise; in sampled traces, when the 95 % intervals touch.",
    .options = diff_table,
    .examples = diff_examples,
    .see_also = "heaptracer analyze, heaptracer run",
    .least_words = 2,
    .most_words = 2,
};

/* Columns of the first page; of the summary the amounts, each a row. */
static const struct {
    const char *table, *columns;
} first_page[] = {
    {"summary", "allocations,allocated_bytes,peak_bytes,leaked_bytes,leaked_count,duration_ns"},
    {"leaks", "verdict,bytes_change,bytes_before,bytes_after,count_change,stack"},
    {"peak", "verdict,bytes_change,bytes_before,bytes_after,count_change,stack"},
    {"hotspots", "verdict,allocated_bytes_change,allocated_bytes_before,allocated_bytes_after,allocations_change,stack"},
};
enum { FIRST_PAGE_TABLES = sizeof first_page / sizeof *first_page, FIRST_PAGE_ROWS = 8 };

/* One trace with its answers. */
struct diff_side {
    const char *path;
    struct trace_reader *reader;
    struct pipeline *pipeline;
    VEC(struct table) tables;
    struct error problem; /* it could not be read to its end */
};

struct diff {
    const struct diff_options *options;
    const char *const *names; /* NULL: all */
    size_t shown_count;       /* tables behind these are only for --fail-on */
    VEC(struct diff_side) sides; /* the last is AFTER */
    struct page page;
    struct same *same;
    bool has_found, is_sampled;
};

static bool tables_choose(struct diff *diff, struct opt_words *words, struct error *error)
{
    const struct diff_options *options = diff->options;
    struct str shown = {0};
    if (options->tables && !strcmp(options->tables, "all"))
        return true;
    for (size_t i = 0; !options->tables && i < FIRST_PAGE_TABLES; i++)
        str_add_format(&shown, "%s%s", i ? "," : "", first_page[i].table);
    str_add(&shown, options->tables ? options->tables : "");
    bool is_good = choice_take(str_text(&shown), &options->fail_on, words, &diff->names, &diff->shown_count, error);
    str_done(&shown);
    return is_good;
}

static bool wishes_check(const struct diff *diff, struct error *error)
{
    if (diff->options->page.csv && diff->shown_count != 1)
        return error_set(error, ERROR_USAGE, "--csv writes one table: choose it with --table NAME");
    return true;
}

static void define_see(void *context, const struct event *event)
{
    same_see(context, event);
}

static bool side_read(struct diff *diff, struct diff_side *side, struct error *error)
{
    struct pipeline_options chosen = {.tables = diff->names, .define = define_see, .context = diff->same};
    side->reader = trace_open(side->path, error);
    side->pipeline = side->reader ? pipeline_new(&chosen, trace_get_header(side->reader), error) : NULL;
    if (!side->pipeline)
        return false;
    diff->is_sampled |= trace_get_header(side->reader)->sample_bytes != 0;
    same_begin(diff->same, (unsigned)(side - diff->sides.at));
    pass_run(side->pipeline, side->reader, side->path, 0, &side->problem);
    for (size_t i = 0; pipeline_analysis(side->pipeline, i); i++) {
        vec_extend(&side->tables, i + 1);
        pipeline_answer(side->pipeline, i, &side->tables.at[i]);
    }
    return true;
}

static void side_done(struct diff_side *side)
{
    for (size_t i = 0; i < side->tables.count; i++)
        table_done(&side->tables.at[i]);
    vec_done(&side->tables);
    if (side->pipeline)
        pipeline_free(side->pipeline);
    if (side->reader)
        trace_close(side->reader);
}

static bool is_first_page(const struct diff *diff)
{
    return !diff->options->tables && !diff->options->page.json && !diff->options->page.columns;
}

/* The amounts of the one row below each other, since people compare numbers that stand in a column. */
static bool summary_put(struct diff *diff, const struct table *table, const char *names, struct error *error)
{
    static const struct column columns[] = {
        {"amount", "", "", "", COLUMN_TEXT}, {"before", "Before", "", "", COLUMN_TEXT}, {"after", "After", "", "", COLUMN_TEXT}, {"change", "Change", "", "", COLUMN_TEXT}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct table upright;
    struct str text = {0};
    const char *word;
    size_t count;
    table_init(&upright, table->name, table->title, table->about, TABLE_ROWS, columns, COLUMNS);
    while (table->row_count && opt_next_word(&names, ',', &word, &count)) {
        str_clear(&text);
        str_add_format(&text, "%.*s_change", (int)count, word);
        int at = table_find_column(table, str_text(&text));
        union cell *row = table_row(&upright);
        row[0].text = table_text(&upright, "%.*s", (int)strcspn(table->columns[at].title, ","), table->columns[at].title);
        for (size_t i = 1; i < COLUMNS; i++) {
            size_t from = (size_t)at + i % (COLUMNS - 1);
            cell_text(&text, &diff->page.view, &table->columns[from], table_at(table, 0)[from]);
            bool needs_sign = i + 1 == COLUMNS && table->columns[from].kind == COLUMN_REAL && table_at(table, 0)[from].f > 0;
            row[i].text = table_text(&upright, "%s%s", needs_sign ? "+" : "", str_text(&text));
        }
    }
    bool is_good = page_table(&diff->page, &upright, 0, error);
    table_done(&upright);
    str_done(&text);
    return is_good;
}

static bool shown_put(struct diff *diff, struct table *table, size_t number, struct error *error)
{
    struct columns columns = {0};
    if (!is_first_page(diff))
        return page_table(&diff->page, table, 0, error);
    if (!number)
        return summary_put(diff, table, first_page[number].columns, error);
    bool is_good = columns_take(&columns, table, first_page[number].columns, error) && page_table(&diff->page, &columns.table, FIRST_PAGE_ROWS, error);
    columns_done(&columns);
    return is_good;
}

static bool table_put(struct diff *diff, size_t number, struct error *error)
{
    VEC(const struct table *) tables = {0};
    struct table comparison;
    for (size_t i = 0; i < diff->sides.count; i++)
        vec_push(&tables, &diff->sides.at[i].tables.at[number]);
    bool can_be = compare_tables(&comparison, tables.at, tables.count, diff->same), is_good = true;
    if (!can_be) {
        page_line(&diff->page, "%s is not compared: addresses of two runs have nothing in common", tables.at[0]->name);
    } else {
        is_good = gate_look_all(&diff->options->fail_on, &comparison, &diff->has_found, error) &&
                  ((diff->names && number >= diff->shown_count) || shown_put(diff, &comparison, number, error));
        table_done(&comparison);
    }
    vec_done(&tables);
    return is_good;
}

/* What the figures cannot tell must be said, or people take noise for news. */
static void noise_put(struct diff *diff)
{
    if (same_has_moved(diff->same))
        page_line(&diff->page, "some files differ in their build-id: in them stacks are the same when their functions are, whatever the lines");
    if (diff->sides.count == 2 && !diff->is_sampled)
        page_line(&diff->page, "one run of each: how much runs differ without any change is not known; --again FILE adds further runs of BEFORE");
}

static bool answers_put(struct diff *diff, struct error *error)
{
    const struct diff_side *after = &diff->sides.at[diff->sides.count - 1];
    bool is_good = true;
    page_start(&diff->page, after->path, trace_get_header(after->reader));
    for (size_t i = 0; i + 1 < diff->sides.count; i++)
        page_line(&diff->page, "  %s %s", i ? "and" : "compared with", diff->sides.at[i].path);
    for (size_t i = 0; is_good && i < after->tables.count; i++)
        is_good = table_put(diff, i, error);
    noise_put(diff);
    return is_good;
}

/* The first that could not be read to its end. */
static const struct error *problem_find(const struct diff *diff)
{
    for (size_t i = 0; i < diff->sides.count; i++)
        if (diff->sides.at[i].problem.kind)
            return &diff->sides.at[i].problem;
    return NULL;
}

static int diff_end(struct diff *diff, struct error *error)
{
    const struct error *problem = problem_find(diff);
    int exit_code = diff->has_found ? CMD_FOUND : CMD_DONE;
    page_close(&diff->page, problem ? problem->text : NULL, error);
    if (error->kind)
        exit_code = cmd_fail(error);
    else if (problem)
        exit_code = cmd_fail(problem);
    for (size_t i = 0; i < diff->sides.count; i++)
        side_done(&diff->sides.at[i]);
    vec_done(&diff->sides);
    return exit_code;
}

static int diff_files(const struct diff_options *options, struct opt_words *words)
{
    struct error error = {0};
    struct diff diff = {.options = options};
    vec_push(&diff.sides, ((struct diff_side){.path = words->at[0]}));
    for (size_t i = 0; i < options->again.count; i++)
        vec_push(&diff.sides, ((struct diff_side){.path = options->again.at[i]}));
    vec_push(&diff.sides, ((struct diff_side){.path = words->at[1]}));
    bool is_good = tables_choose(&diff, words, &error) && wishes_check(&diff, &error) && page_open(&diff.page, &options->page, words->at[1], &error);
    if (is_good)
        diff.same = same_new(diff.page.symbols);
    for (size_t i = 0; is_good && i < diff.sides.count; i++)
        is_good = side_read(&diff, &diff.sides.at[i], &error);
    is_good = is_good && answers_put(&diff, &error);
    int exit_code = diff_end(&diff, &error);
    if (diff.same)
        same_free(diff.same);
    return exit_code;
}

int cmd_diff(int argc, char **argv)
{
    struct diff_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_diff_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = diff_files(&options, &words);
    opt_words_done(&words);
    return exit_code;
}
