/* check: in a trace and what is allowed, out whether it is kept, for people and for build servers. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "budget.h"
#include "finding_files.h"
#include "host/view/columns.h"
#include "host/view/view_markdown.h"
#include "replaying.h"

struct check_options {
    struct page_options page;
    struct finding_files_options files;
    const char *most[FIGURES];
    struct opt_list budgets, baselines;
    const char *growth, *save, *markdown;
    struct allocator_wish replay;
};

static const struct opt check_table[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What is allowed", NULL, NULL, NULL},
#define FIGURE(name, kind, title, table, column, how, who, who_column, grows, about) \
    {OPT_TEXT, 0, "max-" #name, offsetof(struct check_options, most[FIGURE_##name]), #kind, about, NULL, NULL, NULL},
#include "figure.def"
#undef FIGURE
    {OPT_LIST, 0, "budget", offsetof(struct check_options, budgets), "CONDITION",
     "what must hold of every row of a table: TABLE.COLUMN<=VALUE or TABLE[ROW].COLUMN<=VALUE; may be given again", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "Compared with what was", NULL, NULL, NULL},
    {OPT_LIST, 0, "baseline", offsetof(struct check_options, baselines), "FILE",
     "an earlier trace, or what --save-baseline wrote (*.toml); given again, the highest of all counts", NULL, NULL, NULL},
    {OPT_TEXT, 0, "max-growth", offsetof(struct check_options, growth), "SHARE", "how much more peak, leaks and allocations may be than in the baseline", "5%", NULL, NULL},
    {OPT_TEXT, 0, "save-baseline", offsetof(struct check_options, save), "FILE", "write the figures of this run there (*.toml), to be kept beside the sources; replaces FILE", NULL,
     NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "On another allocator", NULL, NULL, NULL},
    ALLOCATOR_WISH_OPTIONS(struct check_options, replay, "replay the run on this model of an allocator: peak, arena, fragmentation and refusals are then the replay's",
                           NULL, "what the trace knows, else the smallest that holds all"),
    FINDING_FILES_OPTIONS(struct check_options, files),
    {OPT_TEXT, 0, "markdown", offsetof(struct check_options, markdown), "FILE", "append a summary in Markdown, like $GITHUB_STEP_SUMMARY", NULL, NULL, NULL},
    PAGE_OPTIONS(struct check_options, page),
    PAGE_STACK_OPTIONS(struct check_options, page),
    {0},
};

static const struct opt_example check_examples[] = {
    {"heaptracer check app.htrc --max-peak 64K --max-leaks 0", "fails (ends with 1) if the run needed more, or leaked"},
    {"heaptracer check fw.htrc --max-fragmentation 30% --max-stack 80%", "of a firmware: its worst region, its fullest task"},
    {"heaptracer check app.htrc --budget 'regions[internal].least_free_bytes>=8K'", "a cell of any table: 'heaptracer analyze --list' names them"},
    {"heaptracer check app.htrc --allocator tlsf-esp --arena 180K --max-refused 0", "replayed on another allocator: would it still fit?"},
    {"heaptracer check main.htrc --save-baseline heap.toml", "keep the figures of a good run with the sources"},
    {"heaptracer check app.htrc --baseline heap.toml --junit heap.xml", "fails if it got worse, and says where"},
    {0},
};

const struct opt_command cmd_check_table = {
    .name = "heaptracer check",
    .usage = "[options] FILE",
    .about = "Fail a build whose recorded run needs more memory than is allowed",
    .manual = "Reads the trace FILE and compares its figures with what is allowed: figures that have an option of their own (--max-peak and the like), any cell of any "
              "table (--budget), and growth over a baseline. Each budget is kept, broken, or cannot be judged because the recording does not tell the figure; all but "
              "the first end with 1. Of a broken one the call stacks behind it are named.\n\n"
              "A baseline is a trace of an earlier run, or a small file of text made from one by --save-baseline, which can be committed. It has the figures and the first 50 "
              "call stacks of each, by the names of their functions, so that it outlives changes of lines and addresses.\n\n"
              "With --allocator the recorded requests are replayed on that allocator, in the arena of --arena. Peak (with headers and padding), smallest arena, fragmentation "
              "and refused requests are the replay's; its tables replay, replay_first and replay_refusals can be budgets, too. Baselines are then of such a replay.\n\n"
              "Budgets can stand in .heaptracer.toml, in the section [check]: max_peak = \"64K\", budget = [\"tasks.used_share<=80%\"].\n\n"
              "Exit codes: 0 all are kept, 1 one is not, 2 wrong usage, 3 the trace cannot be read to its end: a run that was cut proves nothing.",
    .options = check_table,
    .examples = check_examples,
    .see_also = "heaptracer run, heaptracer diff, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

struct check {
    const struct check_options *options;
    const char *path;
    struct page page;
    struct budgets budgets;
    struct reading_config config; /* of the reading, as long as that */
    struct reading reading;
    struct figures figures;
    struct replaying replaying;
    struct finding_files files;
    FILE *markdown;
};

static const char *const verdict_words[] = {[BUDGET_KEPT] = "ok", [BUDGET_BROKEN] = "FAIL", [BUDGET_UNKNOWN] = "unknown"};

static const char *value_text(struct check *check, struct table *table, const struct budget *budget, double value)
{
    struct str text = {0};
    budget_text(&text, budget, &check->page.view, value);
    const char *kept = table_text(table, "%s", str_text(&text));
    str_done(&text);
    return kept;
}

static void budgets_table(struct check *check, struct table *table)
{
    static const struct column columns[] = {
        {"verdict", "Verdict", "", "ok, FAIL, or unknown: the recording does not tell the figure", COLUMN_TEXT},
        {"budget", "Budget", "", "what it is for", COLUMN_TEXT},
        {"is", "Is", "", "the figure, for people", COLUMN_TEXT},
        {"allowed", "Allowed", "", "its limit, for people", COLUMN_TEXT},
        {"why", "Note", "", "why it is not known", COLUMN_TEXT},
        {"name", "Name", "", "a name for programs", COLUMN_TEXT},
        {"value", "Value", "", "the figure as a number: bytes, count, ns or share", COLUMN_REAL},
        {"limit", "Limit", "", "its limit, in the same unit", COLUMN_REAL},
    };
    table_init(table, "budgets", "Budgets", "What is allowed, and how it is.", TABLE_ROWS, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < check->budgets.list.count; i++) {
        const struct budget *budget = check->budgets.list.at + i;
        bool is_known = budget->verdict != BUDGET_UNKNOWN;
        union cell *row = table_row(table);
        row[0].text = verdict_words[budget->verdict];
        row[1].text = table_text(table, "%s", budget->title);
        row[2].text = is_known ? value_text(check, table, budget, budget->value) : "";
        row[3].text = is_known ? value_text(check, table, budget, budget->limit) : "";
        row[4].text = budget->why ? budget->why : "";
        row[5].text = table_text(table, "%s", budget->name);
        row[6].f = is_known ? budget->value : 0;
        row[7].f = is_known ? budget->limit : 0;
    }
    if (check->options->replay.allocator)
        replaying_note(&check->replaying, table);
}

static void culprits_table(struct check *check, struct table *table)
{
    static const struct column columns[] = {
        {"budget", "Budget", "", "which is not kept", COLUMN_TEXT},
        {"is", "Has", "", "what the call stack has of it, for people", COLUMN_TEXT},
        {"was", "Had", "", "what it had in the baseline", COLUMN_TEXT},
        {"value", "Value", "", "what it has, as a number", COLUMN_REAL},
        {"before", "Before", "", "what it had, as a number", COLUMN_REAL},
        {"stack", "Stack", "", "the call stack that allocated", COLUMN_STACK},
    };
    table_init(table, "culprits", "Behind what is not kept", "The call stacks that have the most of each broken budget, or grew most over the baseline.", TABLE_ROWS, columns,
               sizeof columns / sizeof *columns);
    for (size_t i = 0; i < check->budgets.culprits.count; i++) {
        const struct culprit *culprit = check->budgets.culprits.at + i;
        union cell *row = table_row(table);
        row[0].text = table_text(table, "%s", culprit->budget->title);
        row[1].text = value_text(check, table, culprit->budget, culprit->amount);
        row[2].text = culprit->budget->is_growth ? value_text(check, table, culprit->budget, culprit->before) : "";
        row[3].f = culprit->amount;
        row[4].f = culprit->before;
        row[5].u = culprit->stack;
    }
}

static bool is_plain(const struct check *check)
{
    const struct page_options *page = &check->options->page;
    return !page->json && !page->csv && !page->columns;
}

static bool table_show(struct check *check, struct table *table, const char *names, struct error *error)
{
    struct columns columns = {0};
    bool is_good = columns_take(&columns, table, names, error) && (!is_plain(check) || page_table(&check->page, &columns.table, table->row_count, error));
    if (is_good && check->markdown && table->row_count) {
        fprintf(check->markdown, "\n");
        view_markdown(check->markdown, &check->page.view, &columns.table);
    }
    columns_done(&columns);
    return is_good && (is_plain(check) || page_table(&check->page, table, 0, error));
}

static void summary_text(const struct check *check, struct str *out)
{
    size_t all = check->budgets.list.count, broken = budgets_count(&check->budgets, BUDGET_BROKEN), unknown = budgets_count(&check->budgets, BUDGET_UNKNOWN);
    if (!broken && !unknown)
        str_add_format(out, all == 1 ? "the budget is kept" : "all %zu budgets are kept", all);
    if (broken)
        str_add_format(out, "%zu of %zu budget%s %s broken", broken, all, all == 1 ? "" : "s", broken == 1 ? "is" : "are");
    if (unknown)
        str_add_format(out, "%s%zu of %zu cannot be judged", broken ? ", " : "", unknown, all);
}

static bool answers_put(struct check *check, struct error *error)
{
    struct table budgets, culprits;
    struct str summary = {0};
    bool has_had = check->budgets.baselines.count, is_good = true;
    if (!check->budgets.list.count)
        return true;
    summary_text(check, &summary);
    page_start(&check->page, check->path, check->reading.header);
    budgets_table(check, &budgets);
    culprits_table(check, &culprits);
    if (check->markdown)
        fprintf(check->markdown, "### heaptracer: %s\n", str_text(&summary));
    is_good = table_show(check, &budgets, budgets_count(&check->budgets, BUDGET_UNKNOWN) ? "verdict,budget,is,allowed,why" : "verdict,budget,is,allowed", error);
    if (is_good && (culprits.row_count || !is_plain(check)) && !check->options->page.csv)
        is_good = table_show(check, &culprits, has_had ? "budget,is,was,stack" : "budget,is,stack", error);
    page_line(&check->page, "%s", str_text(&summary));
    table_done(&budgets);
    table_done(&culprits);
    str_done(&summary);
    return is_good;
}

static bool baseline_save(struct check *check, struct error *error)
{
    struct baseline baseline = {0};
    struct output output;
    size_t count = strlen(check->options->save), ending = strlen(".toml");
    if (count <= ending || strcmp(check->options->save + count - ending, ".toml"))
        return error_set(error, ERROR_USAGE, "--save-baseline: call it something.toml, so that --baseline knows it from a trace");
    if (!output_open(&output, check->options->save, check->path, true, error))
        return false;
    baseline_take(&baseline, &check->figures, check->options->replay.allocator ? &check->options->replay : NULL, check->page.symbols);
    baseline_put(output.out, &baseline, check->reading.header);
    baseline_done(&baseline);
    return output_close(&output, true, error);
}

static bool findings_put(struct check *check, struct error *error)
{
    struct findings findings = {0};
    findings_begin(&findings, check->reading.header, check->files.root);
    findings.duration_ns = model_time(pipeline_model(check->reading.pipeline));
    budgets_find(&check->budgets, &findings, &check->page.view);
    bool is_good = finding_files_close(&check->files, &findings, error);
    findings_done(&findings);
    return is_good;
}

static bool wishes_check(const struct check_options *options, struct error *error)
{
    bool has_any = options->budgets.count || options->baselines.count || options->save;
    for (enum figure figure = 0; figure < FIGURES; figure++)
        has_any |= options->most[figure] != NULL;
    if (!has_any)
        return error_set(error, ERROR_USAGE, "nothing is allowed yet: say for instance --max-peak 64K --max-leaks 0, or --baseline FILE");
    if (options->replay.arenas.count && !options->replay.allocator)
        return error_set(error, ERROR_USAGE, "--arena is about a replay: say on which allocator, with --allocator NAME");
    return true;
}

static bool markdown_open(struct check *check, struct error *error)
{
    const char *path = check->options->markdown;
    check->markdown = path ? fopen(path, "ae") : NULL;
    return !path || check->markdown || error_set_errno(error, ERROR_WRITE, "--markdown: %s cannot be written", path);
}

static bool markdown_close(struct check *check, struct error *error)
{
    bool is_bad = check->markdown && (ferror(check->markdown) | fclose(check->markdown));
    check->markdown = NULL;
    return !is_bad || error_set_errno(error, ERROR_WRITE, "--markdown: %s cannot be written", check->options->markdown);
}

static bool tables_make(struct check *check, struct error *error)
{
    const struct allocator_wish *replay = &check->options->replay;
    bool needs_fit = check->options->save || budgets_need_fit(&check->budgets);
    if (replay->allocator && !replaying_begin(&check->replaying, replay, check->reading.header, needs_fit, error))
        return false;
    return reading_run(&check->reading, error) && (!replay->allocator || replaying_add(&check->replaying, &check->reading, error));
}

static bool check_make(struct check *check, struct error *error)
{
    const struct allocator_wish *replay = check->options->replay.allocator ? &check->options->replay : NULL;
    check->config = (struct reading_config){.page = &check->options->page, .tables = check->budgets.tables.names.at, .symbols = check->page.symbols,
                                            .event = replay ? replaying_see : NULL, .context = &check->replaying};
    bool is_good = reading_open(&check->reading, &check->config, check->path, error) && tables_make(check, error);
    if (is_good) {
        figures_take(&check->figures, &check->reading);
        is_good = budgets_judge(&check->budgets, &check->figures, &check->reading, error) && answers_put(check, error) && findings_put(check, error) &&
                  (!check->options->save || check->reading.problem.kind || baseline_save(check, error));
        figures_done(&check->figures);
    }
    return is_good;
}

static int check_end(struct check *check, struct error *error)
{
    const struct error *problem = &check->reading.problem;
    bool is_kept = check->budgets.list.count == budgets_count(&check->budgets, BUDGET_KEPT);
    finding_files_close(&check->files, NULL, error);
    markdown_close(check, error);
    page_close(&check->page, problem->kind ? problem->text : NULL, error);
    reading_close(&check->reading);
    replaying_done(&check->replaying);
    budgets_done(&check->budgets);
    if (error->kind)
        return cmd_fail(error);
    return problem->kind ? cmd_fail(problem) : is_kept ? CMD_DONE : CMD_FOUND;
}

int cmd_check(int argc, char **argv)
{
    struct check_options options = {.growth = "5%"};
    struct check check = {.options = &options};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_check_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    struct budgets_wish wish = {options.most, &options.budgets, &options.baselines, options.growth, options.save != NULL,
                                options.replay.allocator ? &options.replay : NULL};
    check.path = words.at[0];
    if (!wishes_check(&options, &error)) {
        exit_code = cmd_fail(&error);
    } else {
        bool is_good = page_open(&check.page, &options.page, check.path, &error) && budgets_open(&check.budgets, &wish, &options.page, &error) &&
                       finding_files_open(&check.files, &options.files, check.path, &error) && markdown_open(&check, &error);
        if (is_good)
            check_make(&check, &error);
        exit_code = check_end(&check, &error);
    }
    opt_words_done(&words);
    return exit_code;
}
