/* health_text: in a health judgement, out a page for people. */
#include "health_text.h"

#include <string.h>

#include "advice_text.h"
#include "cell.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "paint.h"

enum { BAR_COLUMNS = 20, TITLE_COLUMNS = 28 };
static const char *const severity_words[] = {[HEALTH_OK] = "ok", [HEALTH_WARN] = "warning", [HEALTH_CRITICAL] = "critical"};
static const enum paint_role severity_roles[] = {[HEALTH_OK] = PAINT_FUNCTION, [HEALTH_WARN] = PAINT_NOTE, [HEALTH_CRITICAL] = PAINT_HOT};

static void value_text(struct str *out, double value, const char *unit)
{
    char text[NUMBER_ROOM];
    uint64_t whole = value > 0 ? (uint64_t)(value + 0.5) : 0;
    str_clear(out);
    if (!strcmp(unit, "B"))
        str_add(out, number_bytes(text, whole));
    else if (!strcmp(unit, "ns"))
        str_add(out, number_duration(text, whole));
    else if (!strcmp(unit, "ratio"))
        str_add(out, number_ratio(text, value));
    else if (!strcmp(unit, "count"))
        str_add(out, number_count(text, whole));
    else
        str_add_format(out, "%s%s", number_real(text, value), unit);
}

static void head_put(FILE *out, const struct view *view, const char *title)
{
    putc('\n', out);
    paint_put(view, out, PAINT_TITLE, title);
    putc('\n', out);
}

static void score_put(FILE *out, const struct view *view, const struct health *health)
{
    char text[64];
    int filled = (health->score * BAR_COLUMNS + 50) / 100;
    fputs("  Health  ", out);
    if (health->score == HEALTH_NO_SCORE) {
        fputs("no score", out);
    } else {
        paint_repeat(out, view->has_unicode ? "█" : "#", (size_t)filled);
        paint_repeat(out, view->has_unicode ? "░" : ".", (size_t)(BAR_COLUMNS - filled));
        snprintf(text, sizeof text, "  %d of 100", health->score);
        fputs(text, out);
    }
    fputs("  ", out);
    paint_put(view, out, severity_roles[health->verdict], severity_words[health->verdict]);
    putc('\n', out);
}

static void summary_put(FILE *out, const struct report *report)
{
    head_put(out, report->view, "EXECUTIVE SUMMARY");
    score_put(out, report->view, report->health);
    for (size_t i = 0; i < report->health->summary.count; i++)
        paint_paragraph(report->view, out, PAINT_PLAIN, report->health->summary.at[i], "  ");
    if (report->problem)
        paint_paragraph(report->view, out, PAINT_NOTE, report->problem, "  ");
}

static void site_put(FILE *out, const struct view *view, uint32_t stack, const char *indent)
{
    fputs(indent, out);
    cell_put_stack(out, view, stack, view->width - strlen(indent));
    putc('\n', out);
}

static void findings_put(FILE *out, const struct report *report)
{
    head_put(out, report->view, "KEY FINDINGS");
    for (size_t i = 0; i < report->health->findings.count; i++) {
        const struct health_finding *finding = report->health->findings.at + i;
        fprintf(out, " %2zu. ", i + 1);
        paint_put(report->view, out, severity_roles[finding->severity], severity_words[finding->severity]);
        fputs("  ", out);
        paint_put(report->view, out, PAINT_TITLE, finding->title);
        putc('\n', out);
        if (finding->has_stack)
            site_put(out, report->view, finding->stack, "     at ");
        paint_paragraph(report->view, out, PAINT_DIM, finding->evidence, "     ");
    }
    if (!report->health->findings.count)
        fputs("  none\n", out);
}

static void recommendations_put(FILE *out, const struct report *report)
{
    size_t number = 0;
    head_put(out, report->view, "RECOMMENDATIONS");
    for (size_t i = 0; i < report->health->findings.count; i++) {
        const struct health_finding *finding = report->health->findings.at + i;
        if (!finding->recommendation)
            continue;
        fprintf(out, " %2zu. (finding %zu)\n", ++number, i + 1);
        paint_paragraph(report->view, out, PAINT_PLAIN, finding->recommendation, "     ");
    }
    if (!number)
        fputs("  none\n", out);
}

static void advice_put(FILE *out, const struct report *report)
{
    const struct table *advice = report->advice;
    struct str line = {0};
    if (!advice)
        return;
    head_put(out, report->view, "ADVICE THAT WAS REPLAYED");
    for (size_t row = 0; row < advice->row_count && row < ADVICE_ROWS_MOST; row++) {
        fprintf(out, " %2zu. ", row + 1);
        paint_put(report->view, out, PAINT_TITLE, advice_cell(advice, row, "advice"));
        putc('\n', out);
        if (advice_stack(advice, row))
            site_put(out, report->view, advice_stack(advice, row), "     at ");
        advice_sentence(&line, advice, row);
        paint_paragraph(report->view, out, PAINT_PLAIN, str_text(&line), "     ");
    }
    paint_paragraph(report->view, out, PAINT_DIM, advice->note, "  ");
    str_done(&line);
}

static void metrics_put(FILE *out, const struct report *report)
{
    struct str value = {0};
    head_put(out, report->view, "METRICS");
    for (size_t i = 0; i < report->health->metrics.count; i++) {
        const struct health_metric *metric = report->health->metrics.at + i;
        value_text(&value, metric->value, metric->unit);
        fprintf(out, "  %-*s %14s  ", TITLE_COLUMNS, metric->title, str_text(&value));
        paint_put(report->view, out, PAINT_DIM, metric->about);
        putc('\n', out);
    }
    str_done(&value);
}

static void title_put(FILE *out, const struct report *report)
{
    struct str line = {0};
    paint_put(report->view, out, PAINT_TITLE, "MEMORY HEALTH REPORT");
    fputs("  ", out);
    utf8_add_clean(&line, report->path);
    str_add(&line, "  ");
    utf8_add_clean(&line, report->header->command ? report->header->command : "");
    paint_put(report->view, out, PAINT_PLAIN, str_text(&line));
    putc('\n', out);
    str_done(&line);
}

void health_text_put(FILE *out, const struct report *report)
{
    title_put(out, report);
    summary_put(out, report);
    findings_put(out, report);
    recommendations_put(out, report);
    advice_put(out, report);
    metrics_put(out, report);
}

/* Signs that mean something in Markdown or HTML are escaped: no name of a trace can become markup. */
static void markdown_put(FILE *out, const char *text)
{
    struct str clean = {0};
    utf8_add_clean(&clean, text);
    for (const char *at = str_text(&clean); *at; at++) {
        if (strchr("\\`*_{}[]<>#|~&!", *at))
            putc('\\', out);
        putc(*at, out);
    }
    str_done(&clean);
}

static void markdown_site_put(FILE *out, const struct report *report, uint32_t stack)
{
    static const struct column column = {"stack", "Site", "", "", COLUMN_STACK};
    struct str text = {0};
    struct view plain = *report->view;
    plain.has_colour = false;
    cell_text(&text, &plain, &column, (union cell){.u = stack});
    fputs(" at ", out);
    markdown_put(out, str_text(&text));
    str_done(&text);
}

static void markdown_findings_put(FILE *out, const struct report *report)
{
    fputs("\n## Key findings\n\n", out);
    for (size_t i = 0; i < report->health->findings.count; i++) {
        const struct health_finding *finding = report->health->findings.at + i;
        fprintf(out, "%zu. **%s: %s**", i + 1, severity_words[finding->severity], finding->title);
        if (finding->has_stack)
            markdown_site_put(out, report, finding->stack);
        fputs("  \n   ", out);
        markdown_put(out, finding->evidence);
        putc('\n', out);
    }
}

static void markdown_recommendations_put(FILE *out, const struct report *report)
{
    fputs("\n## Recommendations\n\n", out);
    for (size_t i = 0; i < report->health->findings.count; i++) {
        if (!report->health->findings.at[i].recommendation)
            continue;
        fprintf(out, "- (finding %zu) ", i + 1);
        markdown_put(out, report->health->findings.at[i].recommendation);
        putc('\n', out);
    }
}

static void markdown_advice_put(FILE *out, const struct report *report)
{
    const struct table *advice = report->advice;
    struct str line = {0};
    if (!advice)
        return;
    fputs("\n## Advice that was replayed\n\n", out);
    for (size_t row = 0; row < advice->row_count && row < ADVICE_ROWS_MOST; row++) {
        fprintf(out, "%zu. **%s**", row + 1, advice_cell(advice, row, "advice"));
        if (advice_stack(advice, row))
            markdown_site_put(out, report, advice_stack(advice, row));
        advice_sentence(&line, advice, row);
        fputs("  \n   ", out);
        markdown_put(out, str_text(&line));
        putc('\n', out);
    }
    putc('\n', out);
    markdown_put(out, advice->note);
    putc('\n', out);
    str_done(&line);
}

static void markdown_metrics_put(FILE *out, const struct report *report)
{
    struct str value = {0};
    fputs("\n## Metrics\n\n| metric | value | what it is |\n|---|---:|---|\n", out);
    for (size_t i = 0; i < report->health->metrics.count; i++) {
        const struct health_metric *metric = report->health->metrics.at + i;
        value_text(&value, metric->value, metric->unit);
        fprintf(out, "| %s | ", metric->title);
        markdown_put(out, str_text(&value));
        fputs(" | ", out);
        markdown_put(out, metric->about);
        fputs(" |\n", out);
    }
    str_done(&value);
}

void health_markdown_put(FILE *out, const struct report *report)
{
    const struct health *health = report->health;
    fputs("# Memory health report\n\n", out);
    markdown_put(out, report->path);
    fputs(": ", out);
    markdown_put(out, report->header->command ? report->header->command : "");
    fputs("\n\n## Executive summary\n\n", out);
    if (health->score == HEALTH_NO_SCORE)
        fprintf(out, "**No score, %s**\n\n", severity_words[health->verdict]);
    else
        fprintf(out, "**Health %d of 100, %s**\n\n", health->score, severity_words[health->verdict]);
    for (size_t i = 0; i < health->summary.count; i++) {
        fputs("- ", out);
        markdown_put(out, health->summary.at[i]);
        putc('\n', out);
    }
    markdown_findings_put(out, report);
    markdown_recommendations_put(out, report);
    markdown_advice_put(out, report);
    markdown_metrics_put(out, report);
}
