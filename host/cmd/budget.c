/* budget: in what is allowed and the tables of a trace, out whether each allowance is kept. */
#include "budget.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "choice.h"
#include "host/base/map.h"
#include "host/base/number.h"
#include "host/view/cell.h"
#include "host/view/frames.h"
#include "replaying.h"

enum { CULPRITS_MOST = 3, ROWS_MOST = 1000 };

static const char *text_make(struct budgets *budgets, const char *before, const char *text, const char *behind)
{
    struct str joined = {0};
    str_add_format(&joined, "%s%s%s", before, text, behind);
    const char *copy = arena_copy_text(&budgets->arena, str_text(&joined), joined.count);
    str_done(&joined);
    return copy;
}

static struct budget *budget_add(struct budgets *budgets, const char *name, const char *title)
{
    vec_push(&budgets->list, ((struct budget){.name = name, .title = title, .figure = -1}));
    struct budget *budget = &budgets->list.at[budgets->list.count - 1];
    budget->rule = (struct finding_rule){text_make(budgets, "budget/", name, ""), "Budget", text_make(budgets, "The budget for ", title, " is kept"),
                                         "A figure of the recorded run is beyond what was allowed on the command line of 'heaptracer check' or in its configuration.",
                                         FINDING_ERROR};
    return budget;
}

static bool most_add(struct budgets *budgets, enum figure figure, const char *most, struct error *error)
{
    const char *name = figure_rules[figure].name;
    struct str condition = {0};
    struct budget *budget = budget_add(budgets, name, figure_rule(figure, budgets->is_replayed)->title);
    budget->figure = (int)figure;
    str_add_format(&condition, "figures.%s>%s", name, most);
    if (figure == FIGURE_arena && !budgets->is_replayed)
        return error_set(error, ERROR_USAGE, "--max-arena is about a replay: say on which allocator, with --allocator NAME");
    bool is_good = gate_parse(&budget->gate, text_make(budgets, "--max-", name, ""), arena_copy_text(&budgets->arena, str_text(&condition), condition.count), error);
    str_done(&condition);
    return is_good;
}

/* What must hold becomes what breaks it. */
static bool sign_turn(struct gate *gate, const char *text, struct error *error)
{
    static const struct {
        const char *holds, *breaks;
    } signs[] = {{"<=", ">"}, {"<", ">="}, {">=", "<"}, {">", "<="}};
    for (size_t i = 0; *gate->column && i < sizeof signs / sizeof *signs; i++)
        if (!strcmp(gate->sign, signs[i].holds)) {
            strcpy(gate->sign, signs[i].breaks);
            return true;
        }
    return error_set(error, ERROR_USAGE,
                     "--budget: '%s' says nothing that can hold: write TABLE.COLUMN<=VALUE, with one of <= < >= >, like regions[internal].used_share<=80%%", text);
}

static bool table_check(const struct budgets *budgets, const char *name, struct error *error)
{
    if (!replaying_has_table(name))
        return !strcmp(name, "figures") || choice_check("table", choice_tables, name, error);
    return budgets->is_replayed || error_set(error, ERROR_USAGE, "--budget: the table '%s' is of a replay: say on which allocator, with --allocator NAME", name);
}

static bool condition_add(struct budgets *budgets, const char *text, struct error *error)
{
    struct budget *budget = budget_add(budgets, text, text);
    return gate_parse(&budget->gate, "--budget", text, error) && sign_turn(&budget->gate, text, error) && table_check(budgets, budget->gate.table, error);
}

static void growths_add(struct budgets *budgets)
{
    for (enum figure figure = 0; figure < FIGURES; figure++) {
        const struct figure_rule *rule = figure_rules + figure;
        if (!rule->grows || (figure == FIGURE_arena && !budgets->is_replayed))
            continue;
        const char *title = figure_rule(figure, budgets->is_replayed)->title;
        struct budget *budget = budget_add(budgets, text_make(budgets, rule->name, "-growth", ""), text_make(budgets, "growth of ", title, ""));
        budget->figure = (int)figure;
        budget->is_growth = true;
    }
}

static bool growth_take(struct budgets *budgets, const struct budgets_wish *wish, const struct page_options *names, struct error *error)
{
    if (!number_parse_share("--max-growth", wish->growth, &budgets->growth, error))
        return false;
    if (budgets->growth < 0)
        return error_set(error, ERROR_USAGE, "--max-growth: a share below 0 is never kept");
    for (size_t i = 0; i < wish->baselines->count; i++) {
        vec_push(&budgets->baselines, (struct baseline){0});
        if (!baseline_read(&budgets->baselines.at[i], wish->baselines->at[i], names, wish->replay, error))
            return false;
    }
    if (wish->baselines->count)
        growths_add(budgets);
    return true;
}

/* Only what some budget looks at is answered. */
static void budget_want(struct budgets *budgets, const struct budget *budget)
{
    bool is_figure = !strcmp(budget->gate.table, "figures");
    for (enum figure figure = 0; figure < FIGURES; figure++)
        if (budget->figure == (int)figure || (is_figure && !strcmp(budget->gate.column, figure_rules[figure].name)))
            figure_want(&budgets->tables, figure, budgets->is_replayed);
    if (*budget->gate.table && !is_figure && !replaying_has_table(budget->gate.table))
        table_want(&budgets->tables, text_make(budgets, budget->gate.table, "", ""));
}

static void tables_want(struct budgets *budgets, bool all_figures)
{
    for (enum figure figure = 0; all_figures && figure < FIGURES; figure++)
        figure_want(&budgets->tables, figure, budgets->is_replayed);
    for (size_t i = 0; i < budgets->list.count; i++)
        budget_want(budgets, budgets->list.at + i);
    vec_push(&budgets->tables.names, NULL);
}

/* A column or value that does not fit is said before the work, not after it. */
static bool gate_check(const struct gate *gate, struct error *error)
{
    const struct analysis *analysis = analysis_find(gate->table);
    struct table like = {.name = gate->table, .columns = analysis ? analysis->columns : figure_columns, .column_count = analysis ? analysis->column_count : FIGURES};
    struct gate_extreme found;
    if (replaying_has_table(gate->table))
        replaying_table_like(gate->table, &like);
    bool is_good = gate_extreme(gate, &like, NULL, &found, error);
    if (replaying_has_table(gate->table))
        table_done(&like);
    return is_good;
}

bool budgets_open(struct budgets *budgets, const struct budgets_wish *wish, const struct page_options *names, struct error *error)
{
    bool is_good = true;
    budgets->is_replayed = wish->replay != NULL;
    for (enum figure figure = 0; is_good && figure < FIGURES; figure++)
        is_good = !wish->most[figure] || most_add(budgets, figure, wish->most[figure], error);
    for (size_t i = 0; is_good && i < wish->conditions->count; i++)
        is_good = condition_add(budgets, wish->conditions->at[i], error);
    for (size_t i = 0; is_good && i < budgets->list.count; i++)
        is_good = gate_check(&budgets->list.at[i].gate, error);
    is_good = is_good && growth_take(budgets, wish, names, error);
    tables_want(budgets, wish->all_figures);
    return is_good;
}

static void budget_unknown(struct budget *budget, const char *why)
{
    budget->verdict = BUDGET_UNKNOWN;
    budget->why = why;
}

static bool gate_judge(struct budget *budget, const struct figures *figures, const struct table *table, struct error *error)
{
    struct gate_extreme found;
    if (!gate_extreme(&budget->gate, table, NULL, &found, error))
        return false;
    budget->table = table;
    budget->column = table->columns[found.column];
    budget->value = found.value;
    budget->limit = found.threshold;
    budget->row = found.row;
    budget->verdict = found.is_beyond ? BUDGET_BROKEN : BUDGET_KEPT;
    if (!found.has_row)
        budget_unknown(budget, *budget->gate.row ? "the table has no such row" : "the table is empty");
    if (budget->figure >= 0 && !figures->is_known[budget->figure])
        budget_unknown(budget, "the recording does not tell it");
    return true;
}

/* Runs differ by themselves: the highest of the baselines counts. */
static void growth_judge(struct budgets *budgets, struct budget *budget, const struct figures *figures)
{
    enum figure figure = (enum figure)budget->figure;
    double before = 0;
    bool is_known = false;
    for (size_t i = 0; i < budgets->baselines.count; i++) {
        const struct baseline *baseline = budgets->baselines.at + i;
        if (baseline->is_known[figure] && baseline->values[figure] >= before)
            before = baseline->values[figure];
        is_known |= baseline->is_known[figure];
    }
    budget->table = &figures->table;
    budget->column = figures->table.columns[figure];
    budget->value = figures_value(figures, figure);
    budget->limit = before * (1 + budgets->growth);
    budget->verdict = budget->value > budget->limit ? BUDGET_BROKEN : BUDGET_KEPT;
    if (!is_known || !figures->is_known[figure])
        budget_unknown(budget, is_known ? "the recording does not tell it" : "the baseline does not tell it");
}

static int culprit_compare(const void *a, const void *b)
{
    const struct culprit *left = a, *right = b;
    double l = left->amount - left->before, r = right->amount - right->before;
    return (l < r) - (l > r);
}

static double before_find(const struct budgets *budgets, const struct budget *budget, const char *stack)
{
    double before = 0;
    for (size_t i = 0; budget->is_growth && i < budgets->baselines.count; i++) {
        double one = baseline_before(budgets->baselines.at + i, (enum figure)budget->figure, stack);
        before = one > before ? one : before;
    }
    return before;
}

/* In a baseline, stacks of the same functions are one: so they are here, then. */
static void culprit_put(struct budgets *budgets, struct map *seen, struct culprit one, const char *stack)
{
    bool is_new;
    uint64_t *place = map_put(seen, budgets->baselines.count ? XXH3_64bits(stack, strlen(stack)) : one.stack, &is_new);
    if (!is_new) {
        budgets->culprits.at[*place].amount += one.amount;
        return;
    }
    *place = budgets->culprits.count;
    vec_push(&budgets->culprits, one);
}

static void culprits_find(struct budgets *budgets, const struct budget *budget, const struct figures *figures, struct symbols *symbols)
{
    const struct table *who = figures->who[budget->figure];
    size_t first = budgets->culprits.count;
    struct frames frames = {0};
    struct str text = {0};
    struct map seen = {0};
    for (size_t row = 0; who && row < who->row_count && row < ROWS_MOST; row++) {
        uint32_t stack = (uint32_t)table_at(who, row)[figures->who_stack[budget->figure]].u;
        double amount = (double)table_at(who, row)[figures->who_amount[budget->figure]].u;
        if (budgets->baselines.count)
            baseline_stack(&text, &frames, symbols, stack);
        culprit_put(budgets, &seen, (struct culprit){budget, stack, amount, before_find(budgets, budget, str_text(&text))}, str_text(&text));
    }
    if (budgets->culprits.count > first)
        qsort(budgets->culprits.at + first, budgets->culprits.count - first, sizeof *budgets->culprits.at, culprit_compare);
    if (budgets->culprits.count > first + CULPRITS_MOST)
        budgets->culprits.count = first + CULPRITS_MOST;
    while (budgets->culprits.count > first && budgets->culprits.at[budgets->culprits.count - 1].amount <= budgets->culprits.at[budgets->culprits.count - 1].before)
        budgets->culprits.count--;
    map_done(&seen);
    frames_done(&frames);
    str_done(&text);
}

/* A row of a table with stacks names its own. */
static void row_blame(struct budgets *budgets, const struct budget *budget)
{
    int stack = table_find_column(budget->table, "stack");
    if (stack >= 0)
        vec_push(&budgets->culprits, ((struct culprit){budget, (uint32_t)table_at(budget->table, budget->row)[stack].u, budget->value, 0}));
}

bool budgets_judge(struct budgets *budgets, const struct figures *figures, const struct reading *reading, struct error *error)
{
    for (size_t i = 0; i < budgets->list.count; i++) {
        struct budget *budget = budgets->list.at + i;
        bool is_figure = budget->figure >= 0 || !strcmp(budget->gate.table, "figures");
        if (budget->is_growth)
            growth_judge(budgets, budget, figures);
        else if (!gate_judge(budget, figures, is_figure ? &figures->table : reading_table(reading, budget->gate.table), error))
            return false;
        if (budget->verdict != BUDGET_BROKEN)
            continue;
        if (budget->figure >= 0)
            culprits_find(budgets, budget, figures, reading->symbols);
        else
            row_blame(budgets, budget);
    }
    return true;
}

bool budgets_need_fit(const struct budgets *budgets)
{
    for (size_t i = 0; i < budgets->list.count; i++) {
        const struct budget *budget = budgets->list.at + i;
        bool is_cell = !strcmp(budget->gate.table, "replay") && !strncmp(budget->gate.column, "smallest", strlen("smallest"));
        if (budget->figure == FIGURE_arena || is_cell || !strcmp(budget->gate.column, figure_rules[FIGURE_arena].name))
            return true;
    }
    return false;
}

size_t budgets_count(const struct budgets *budgets, enum budget_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < budgets->list.count; i++)
        count += budgets->list.at[i].verdict == verdict;
    return count;
}

void budget_text(struct str *out, const struct budget *budget, const struct view *view, double value)
{
    union cell cell = {.u = 0};
    if (budget->column.kind == COLUMN_RATIO || budget->column.kind == COLUMN_REAL)
        cell.f = value;
    else if (budget->column.kind == COLUMN_SIGNED_BYTES || budget->column.kind == COLUMN_SIGNED_COUNT)
        cell.i = (int64_t)value;
    else
        cell.u = (uint64_t)value;
    cell_text(out, view, &budget->column, cell);
}

void budget_sentence(struct str *out, const struct budget *budget, const struct view *view)
{
    struct str value = {0}, limit = {0};
    if (budget->verdict == BUDGET_UNKNOWN) {
        str_add_format(out, "%s cannot be judged: %s", budget->title, budget->why);
        return;
    }
    budget_text(&value, budget, view, budget->value);
    budget_text(&limit, budget, view, budget->limit);
    if (budget->is_growth)
        str_add_format(out, "%s: %s, at most %s was allowed by the baseline", budget->title, str_text(&value), str_text(&limit));
    else if (budget->figure >= 0)
        str_add_format(out, "%s: %s, at most %s is allowed", budget->title, str_text(&value), str_text(&limit));
    else
        str_add_format(out, "%s: it is %s", budget->title, str_text(&value));
    str_done(&value);
    str_done(&limit);
}

static void budget_find(const struct budgets *budgets, const struct budget *budget, struct findings *findings, const struct view *view)
{
    struct str text = {0};
    budget_sentence(&text, budget, view);
    findings_add(findings, &budget->rule, "%s", str_text(&text));
    for (size_t i = 0; i < budgets->culprits.count; i++) {
        const struct culprit *culprit = budgets->culprits.at + i;
        if (culprit->budget != budget)
            continue;
        budget_text(&text, budget, view, culprit->amount);
        findings_stack(findings, arena_copy_text(&findings->arena, str_text(&text), text.count), view->symbols, culprit->stack);
    }
    if (budget->verdict == BUDGET_BROKEN) {
        findings_number(findings, "value", budget->value);
        findings_number(findings, "limit", budget->limit);
    }
    str_done(&text);
}

void budgets_find(const struct budgets *budgets, struct findings *findings, const struct view *view)
{
    for (size_t i = 0; i < budgets->list.count; i++) {
        const struct budget *budget = budgets->list.at + i;
        findings_look(findings, &budget->rule);
        if (budget->verdict != BUDGET_KEPT && findings_have_room(findings))
            budget_find(budgets, budget, findings, view);
    }
}

void budgets_done(struct budgets *budgets)
{
    for (size_t i = 0; i < budgets->baselines.count; i++)
        baseline_done(&budgets->baselines.at[i]);
    vec_done(&budgets->baselines);
    vec_done(&budgets->list);
    vec_done(&budgets->culprits);
    vec_done(&budgets->tables.names);
    arena_done(&budgets->arena);
}
