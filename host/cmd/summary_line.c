/* summary_line: symbols are asked for the one stack that is shown. */
#include "summary_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/source/shm.h"
#include "host/symbol/symbol.h"
#include "host/view/cell.h"

enum { STACK_COLUMNS = 100 };

/* Time that one event takes in the watched program: measured on typical machines, not on this one, so what follows from it is called an estimate, and is
 * told only where the program had time of its own. */
static const double EVENT_NS = 40;
enum { COST_LEAST_CPU_NS = 20000000 };

/* What we took by what the program would have taken alone; negative: it cannot be told. */
static double cost_ratio(const struct cost_definition *cost)
{
    double inside = EVENT_NS * (double)cost->events, target = (double)cost->target_cpu_ns;
    if (cost->target_cpu_ns < COST_LEAST_CPU_NS || inside > target * 3 / 4)
        return -1;
    return (inside + (double)cost->recorder_cpu_ns) / (target - inside);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void add_totals(struct str *out, const struct trace_totals *totals, const struct cost_definition *cost)
{
    char text[NUMBER_ROOM];
    str_add_format(out, "%s event%s", totals->events < 1000000 ? number_count(text, totals->events) : number_real(text, (double)totals->events),
                   plural(totals->events));
    str_add_format(out, ", %s process%s", number_count(text, totals->processes), totals->processes == 1 ? "" : "es");
    str_add_format(out, ", %s", number_duration(text, totals->duration_ns));
    str_add_format(out, ", peak %s", number_bytes(text, totals->peak_bytes));
    str_add_format(out, ", %s block%s", number_count(text, totals->leaked_count), plural(totals->leaked_count));
    str_add_format(out, " (%s) never freed", number_bytes(text, totals->leaked_bytes));
    if (cost_ratio(cost) >= 0)
        str_add_format(out, ", our cost about %s, estimated", number_ratio(text, cost_ratio(cost)));
    if (cost->lost_events)
        str_add_format(out, ", %s events lost", number_count(text, cost->lost_events));
}

static void see(void *context, const struct event *event)
{
    symbols_see(context, event);
}

void summary_stack(struct str *out, const struct shm *shm, uint32_t stack)
{
    struct view view = {.symbols = symbols_new(NULL), .has_unicode = true};
    char *line = NULL;
    size_t count;
    FILE *page = open_memstream(&line, &count);
    shm_tell_stack(shm, stack, see, view.symbols);
    if (page) {
        cell_put_stack(page, &view, stack, STACK_COLUMNS);
        fclose(page);
        str_add(out, line);
        free(line);
    }
    symbols_free(view.symbols);
}

/* The site that held most at the peak; NULL: there is none. */
static const struct trace_site_total *site_most(const struct trace_totals *totals)
{
    const struct trace_site_total *most = NULL;
    for (uint32_t i = 0; i < totals->site_count; i++)
        if (totals->site[i].peak.bytes && (!most || totals->site[i].peak.bytes > most->peak.bytes))
            most = totals->site + i;
    return most;
}

void summary_line(const char *path, const struct trace_totals *totals, const struct cost_definition *cost, const struct shm *shm)
{
    struct str out = {0};
    char text[NUMBER_ROOM];
    const struct trace_site_total *top = site_most(totals);
    str_add(&out, "heaptracer: ");
    utf8_add_clean(&out, path);
    str_add(&out, "  ");
    add_totals(&out, totals, cost);
    str_add(&out, "\n  ");
    if (top && top->stack) {
        str_add_format(&out, "top: %s  ", number_bytes(text, top->peak.bytes));
        summary_stack(&out, shm, top->stack);
        str_add(&out, "        ");
    }
    str_add(&out, "next: heaptracer analyze ");
    utf8_add_clean(&out, path);
    str_add(&out, "\n");
    fputs(str_text(&out), stderr);
    str_done(&out);
}
