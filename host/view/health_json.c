/* health_json: in a health judgement, out its JSON. */
#include "health_json.h"

static const char *const severity_names[] = {[HEALTH_OK] = "ok", [HEALTH_WARN] = "warn", [HEALTH_CRITICAL] = "critical"};

static void finding_put(struct json *json, const struct health_finding *finding, struct report_stacks *stacks)
{
    json_object(json, NULL);
    json_text(json, "id", finding->id);
    json_text(json, "severity", severity_names[finding->severity]);
    json_text(json, "title", finding->title);
    json_text(json, "evidence", finding->evidence);
    json_real(json, "value", finding->value);
    json_text(json, "unit", finding->unit);
    if (finding->has_stack)
        json_unsigned(json, "stack", report_stacks_place(stacks, finding->stack));
    json_text(json, "table", finding->table);
    if (finding->recommendation)
        json_text(json, "recommendation", finding->recommendation);
    json_end(json);
}

static void metric_put(struct json *json, const struct health_metric *metric)
{
    json_object(json, NULL);
    json_text(json, "name", metric->name);
    json_text(json, "title", metric->title);
    json_real(json, "value", metric->value);
    json_text(json, "unit", metric->unit);
    json_text(json, "about", metric->about);
    json_end(json);
}

static void advice_cell_put(struct json *json, const struct column *column, union cell cell, struct report_stacks *stacks)
{
    if (column->kind == COLUMN_TEXT)
        json_text(json, column->name, cell.text ? cell.text : "");
    else if (column->kind == COLUMN_STACK)
        json_unsigned(json, column->name, report_stacks_place(stacks, (uint32_t)cell.u));
    else if (column->kind == COLUMN_REAL || column->kind == COLUMN_RATIO)
        json_real(json, column->name, cell.f);
    else
        json_signed(json, column->name, cell.i);
}

static void advice_put(struct json *json, const struct table *advice, struct report_stacks *stacks)
{
    json_array(json, "advice");
    for (size_t row = 0; row < advice->row_count; row++) {
        json_object(json, NULL);
        for (size_t i = 0; i < advice->column_count; i++)
            advice_cell_put(json, advice->columns + i, table_at(advice, row)[i], stacks);
        json_end(json);
    }
    json_end(json);
    json_text(json, "advice_note", advice->note);
}

void health_json_members(struct json *json, const struct report *report, struct report_stacks *stacks)
{
    const struct health *health = report->health;
    if (health->score == HEALTH_NO_SCORE)
        json_null(json, "score");
    else
        json_unsigned(json, "score", (uint64_t)health->score);
    json_text(json, "verdict", severity_names[health->verdict]);
    json_array(json, "summary");
    for (size_t i = 0; i < health->summary.count; i++)
        json_text(json, NULL, health->summary.at[i]);
    json_end(json);
    json_array(json, "findings");
    for (size_t i = 0; i < health->findings.count; i++)
        finding_put(json, health->findings.at + i, stacks);
    json_end(json);
    json_array(json, "metrics");
    for (size_t i = 0; i < health->metrics.count; i++)
        metric_put(json, health->metrics.at + i);
    json_end(json);
    if (report->advice)
        advice_put(json, report->advice, stacks);
}

void health_json(FILE *out, const struct report *report)
{
    struct view_json *page = view_json_open(out, report->view, "heaptracer.health/1", report->path, report->header);
    struct report_stacks stacks;
    report_stacks_start(&stacks, page, report->view->symbols);
    health_json_members(view_json_stream(page), report, &stacks);
    report_stacks_put(&stacks, view_json_stream(page));
    view_json_close(page, report->problem);
    report_stacks_done(&stacks);
}
