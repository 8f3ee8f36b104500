/* monitor_line: in what a heap is and did in an interval, out one line of text, JSON or CSV; the names are those of the tables. */
#include "monitor_line.h"

#include <inttypes.h>

#include "cell.h"
#include "host/base/csv.h"
#include "host/base/json.h"
#include "host/base/number.h"
#include "host/base/str.h"
#include "host/base/utf8.h"

static const struct column stack_column = {"stack", "", "", "", COLUMN_STACK};

static const char *words_of(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    return place >= 0 ? table_at(table, row)[place].text : "";
}

static union cell cell_of(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    return place >= 0 ? table_at(table, row)[place] : (union cell){0};
}

void monitor_line_head(FILE *out, enum monitor_form form)
{
    if (form == MONITOR_HUMAN)
        fprintf(out, "%12s %11s %11s %10s %10s %13s  %s\n", "Time", "Live", "Blocks", "Allocs/s", "Frees/s", "Growth/s", "Grows most");
    if (form == MONITOR_CSV)
        fputs("time_ns,events,live_bytes,live_count,peak_bytes,leaked_bytes,leaked_count,allocations,allocated_bytes,frees,allocation_rate,allocated_rate,free_rate,"
              "growth_bytes,growing_bytes,growing,faults,alerts,ended\r\n", out);
}

/* Blocks left by a process that ended are never freed, too. */
static struct tally leaked(const struct model_totals *totals)
{
    return (struct tally){totals->account.live.bytes + totals->left.bytes, totals->account.live.count + totals->left.count};
}

static void grower_text(struct str *out, const struct monitor_line *line)
{
    struct view plain = *line->view;
    plain.has_colour = false;
    if (line->beat->stack)
        cell_text(out, &plain, &stack_column, (union cell){.u = line->beat->stack});
}

static void regions_human(struct str *out, const struct table *regions)
{
    char share[NUMBER_ROOM], largest[NUMBER_ROOM];
    for (size_t i = 0; i < regions->row_count; i++)
        str_add_format(out, "%s%s %s, largest free %s", out->count ? "; " : "", words_of(regions, i, "name"), number_ratio(share, cell_of(regions, i, "used_share").f),
                       number_bytes(largest, cell_of(regions, i, "largest_free_bytes").u));
}

/* What came since the last line: all alerts are no more than a line can hold, so the newest stands for them. */
static void news_human(struct str *out, const struct monitor_line *line)
{
    size_t faults = line->faults->row_count, alerts = line->alerts->row_count;
    if (faults > line->old_faults)
        str_add_format(out, "%s%zu fault%s: %s", out->count ? "; " : "", faults - line->old_faults, faults - line->old_faults > 1 ? "s" : "",
                       words_of(line->faults, faults - 1, "fault"));
    if (alerts > line->old_alerts)
        str_add_format(out, "%s%s: %s is %" PRIu64, out->count ? "; " : "", words_of(line->alerts, alerts - 1, "level"), words_of(line->alerts, alerts - 1, "rule"),
                       cell_of(line->alerts, alerts - 1, "value").u);
}

static void last_human(FILE *out, const struct monitor_line *line)
{
    const struct model_totals *totals = model_get_totals(line->model);
    char events[NUMBER_ROOM], time[NUMBER_ROOM], peak[NUMBER_ROOM], count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    struct str news = {0}, clean = {0};
    news_human(&news, line);
    utf8_add_clean(&clean, str_text(&news));
    fprintf(out, "ended after %s: %s events, peak %s, %s blocks (%s) never freed%s%s\n", number_duration(time, line->beat->time_ns - totals->begin_ns),
            number_count(events, totals->events), number_bytes(peak, totals->account.peak.bytes), number_count(count, tally_count(leaked(totals))),
            number_bytes(bytes, leaked(totals).bytes), clean.count ? "; " : "", str_text(&clean));
    str_done(&news);
    str_done(&clean);
}

static void line_human(FILE *out, const struct monitor_line *line)
{
    const struct pulse_beat *beat = line->beat;
    const struct account *account = &model_get_totals(line->model)->account;
    char time[NUMBER_ROOM], live[NUMBER_ROOM], blocks[NUMBER_ROOM], allocs[NUMBER_ROOM], frees[NUMBER_ROOM], growth[NUMBER_ROOM], grown[NUMBER_ROOM];
    struct str grower = {0}, rest = {0}, clean = {0};
    grower_text(&grower, line);
    if (beat->stack)
        str_add_format(&rest, "+%s %s", number_bytes(grown, beat->stack_bytes), str_text(&grower));
    regions_human(&rest, line->regions);
    news_human(&rest, line);
    if (line->behind_ns)
        str_add_format(&rest, "%s%s behind", rest.count ? "; " : "", number_duration(grown, line->behind_ns));
    utf8_add_clean(&clean, str_text(&rest));
    fprintf(out, "%12s %11s %11s %10s %10s %13s%s%s\n", number_time(time, beat->time_ns), number_bytes(live, account->live.bytes),
            number_count(blocks, tally_count(account->live)), number_real(allocs, pulse_rate(beat, (double)beat->allocations)),
            number_real(frees, pulse_rate(beat, (double)beat->frees)),
            number_signed_bytes(growth, (int64_t)pulse_rate(beat, (double)beat->growth_bytes)), clean.count ? "  " : "", str_text(&clean));
    str_done(&grower);
    str_done(&rest);
    str_done(&clean);
}

static void regions_json(struct json *json, const struct table *regions)
{
    static const char *const amounts[] = {"size_bytes", "used_bytes", "free_bytes", "largest_free_bytes", "least_free_bytes"};
    json_array(json, "regions");
    for (size_t i = 0; i < regions->row_count; i++) {
        json_object(json, NULL);
        json_text(json, "name", words_of(regions, i, "name"));
        json_text(json, "kind", words_of(regions, i, "kind"));
        for (size_t j = 0; j < sizeof amounts / sizeof *amounts; j++)
            json_unsigned(json, amounts[j], cell_of(regions, i, amounts[j]).u);
        json_real(json, "fragmentation", cell_of(regions, i, "fragmentation").f);
        json_end(json);
    }
    json_end(json);
}

static void grower_json(struct json *json, const struct monitor_line *line)
{
    struct str grower = {0};
    grower_text(&grower, line);
    if (line->beat->stack) {
        json_object(json, "growing");
        json_text(json, "site", str_text(&grower));
        json_unsigned(json, "bytes", line->beat->stack_bytes);
        json_end(json);
    } else {
        json_null(json, "growing");
    }
    str_done(&grower);
}

static void line_json(FILE *out, const struct monitor_line *line)
{
    const struct model_totals *totals = model_get_totals(line->model);
    const struct pulse_beat *beat = line->beat;
    struct json json = {.out = out};
    json_object(&json, NULL);
    json_unsigned(&json, "time_ns", beat->time_ns);
    json_unsigned(&json, "events", totals->events);
    json_unsigned(&json, "live_bytes", totals->account.live.bytes);
    json_unsigned(&json, "live_count", tally_count(totals->account.live));
    json_unsigned(&json, "peak_bytes", totals->account.peak.bytes);
    json_unsigned(&json, "leaked_bytes", leaked(totals).bytes);
    json_unsigned(&json, "leaked_count", tally_count(leaked(totals)));
    json_unsigned(&json, "allocations", tally_count(totals->account.allocated));
    json_unsigned(&json, "allocated_bytes", totals->account.allocated.bytes);
    json_unsigned(&json, "frees", tally_count(totals->account.freed));
    json_real(&json, "allocation_rate", pulse_rate(beat, (double)beat->allocations));
    json_real(&json, "allocated_rate", pulse_rate(beat, (double)beat->bytes));
    json_real(&json, "free_rate", pulse_rate(beat, (double)beat->frees));
    json_signed(&json, "growth_bytes", beat->growth_bytes);
    grower_json(&json, line);
    json_unsigned(&json, "faults", totals->faults);
    json_unsigned(&json, "alerts", totals->alerts);
    if (line->regions->row_count)
        regions_json(&json, line->regions);
    json_unsigned(&json, "behind_ns", line->behind_ns);
    json_bool(&json, "ended", line->is_last);
    json_end(&json);
}

static void line_csv(FILE *out, const struct monitor_line *line)
{
    const struct model_totals *totals = model_get_totals(line->model);
    const struct pulse_beat *beat = line->beat;
    const uint64_t counts[] = {beat->time_ns,
                               totals->events,
                               totals->account.live.bytes,
                               tally_count(totals->account.live),
                               totals->account.peak.bytes,
                               leaked(totals).bytes,
                               tally_count(leaked(totals)),
                               tally_count(totals->account.allocated),
                               totals->account.allocated.bytes,
                               tally_count(totals->account.freed)};
    struct str grower = {0};
    grower_text(&grower, line);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        fprintf(out, "%" PRIu64 ",", counts[i]);
    fprintf(out, "%.9g,%.9g,%.9g,%" PRId64 ",%" PRIu64 ",", pulse_rate(beat, (double)beat->allocations), pulse_rate(beat, (double)beat->bytes),
            pulse_rate(beat, (double)beat->frees), beat->growth_bytes, beat->stack_bytes);
    csv_put(out, str_text(&grower));
    fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%d\r\n", totals->faults, totals->alerts, line->is_last);
    str_done(&grower);
}

void monitor_line_put(FILE *out, enum monitor_form form, const struct monitor_line *line)
{
    if (form == MONITOR_JSON)
        line_json(out, line);
    else if (form == MONITOR_CSV)
        line_csv(out, line);
    else if (line->is_last)
        last_human(out, line);
    else
        line_human(out, line);
}
