/* dashboard: the boards of a run: state and maps. Every figure is one of the tables'. */
#include "dashboard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "cell.h"
#include "host/analysis/answer.h"
#include "host/base/number.h"
#include "host/base/path.h"
#include "host/base/str.h"
#include "host/base/utf8.h"

enum { BOARD_MOST = 100, SITES_MOST = 8, ROWS_MOST = 8, REGIONS_MOST = 8, MAP_LINES = 3, PIECES_MOST = 3 };

struct dashboard {
    struct board board;
    const struct report *report;
    const struct table *regions, *map;
};

static const struct table *table_find(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->table_count; i++)
        if (!strcmp(report->tables[i].name, name))
            return report->tables + i;
    return NULL;
}

static union cell cell_of(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    return place >= 0 ? table_at(table, row)[place] : (union cell){0};
}

static const char *words_of(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    return place >= 0 && table->columns[place].kind == COLUMN_TEXT ? table_at(table, row)[place].text : "";
}

static void bytes_put(const struct dashboard *dashboard, bool is_last, const char *title, uint64_t bytes, uint64_t whole)
{
    char count[NUMBER_ROOM], share[NUMBER_ROOM] = "";
    if (whole)
        number_ratio(share, (double)bytes / (double)whole);
    board_branch(&dashboard->board, is_last, PAINT_PLAIN, "%-15s %14s bytes%s%s%s", title, number_count(count, bytes), whole ? " (" : "", share,
                 whole ? ")" : "");
}

static void region_put(const struct dashboard *dashboard, size_t row)
{
    const struct table *regions = dashboard->regions;
    const char *name = words_of(regions, row, "name"), *kind = words_of(regions, row, "kind");
    uint64_t size = cell_of(regions, row, "size_bytes").u, used = cell_of(regions, row, "used_bytes").u, free = cell_of(regions, row, "free_bytes").u;
    double pieces = cell_of(regions, row, "fragmentation").f;
    char bar[BOARD_BAR_ROOM], share[NUMBER_ROOM];
    bool knows_pieces = cell_of(regions, row, "largest_free_bytes").u != 0;
    board_line(&dashboard->board, PAINT_TITLE, "%s Status%s%s%s:", *name ? name : "Heap", *kind ? " (" : "", kind, *kind ? ")" : "");
    bytes_put(dashboard, false, "Total Size:", size, 0);
    if (size || free)
        bytes_put(dashboard, false, "Free:", free, size);
    bytes_put(dashboard, !knows_pieces, "Allocated:", used, size);
    if (!knows_pieces)
        return;
    bytes_put(dashboard, false, "Largest Free:", cell_of(regions, row, "largest_free_bytes").u, 0);
    bytes_put(dashboard, false, "Least Free:", cell_of(regions, row, "least_free_bytes").u, size);
    board_branch(&dashboard->board, true, pieces >= 0.4 ? PAINT_HOT : PAINT_PLAIN, "%-15s %14s %s", "Fragmentation:", number_ratio(share, pieces),
                 board_bar(&dashboard->board, bar, pieces));
}

/* Of a program whose malloc is no region. */
static void heap_put(const struct dashboard *dashboard)
{
    const struct model_totals *totals = model_get_totals(dashboard->report->model);
    char count[NUMBER_ROOM];
    board_line(&dashboard->board, PAINT_TITLE, "Heap Status:");
    bytes_put(dashboard, false, "Allocated:", totals->account.live.bytes + totals->left.bytes, totals->account.peak.bytes);
    bytes_put(dashboard, false, "Peak:", totals->account.peak.bytes, 0);
    board_branch(&dashboard->board, true, PAINT_PLAIN, "%-15s %14s",
                 "Blocks:", number_count(count, tally_count(totals->account.live) + tally_count(totals->left)));
}

/* The rows of the regions that are shown, where they are more than pools. */
static size_t regions_choose(const struct dashboard *dashboard, size_t *rows)
{
    size_t count = 0;
    for (size_t i = 0; dashboard->regions && i < dashboard->regions->row_count && count < REGIONS_MOST; i++)
        if (strcmp(words_of(dashboard->regions, i, "kind"), "pool"))
            rows[count++] = i;
    return count;
}

static void regions_put(const struct dashboard *dashboard)
{
    size_t rows[REGIONS_MOST], count = regions_choose(dashboard, rows);
    bool has_malloc = !count || !model_get_totals(dashboard->report->model)->told;
    if (has_malloc)
        heap_put(dashboard);
    for (size_t i = 0; i < count; i++) {
        if (i || has_malloc)
            board_line(&dashboard->board, PAINT_PLAIN, "%s", "");
        region_put(dashboard, rows[i]);
    }
}

struct holder {
    uint32_t site;
    uint64_t bytes;
};

static int holder_order(const void *left, const void *right)
{
    const struct holder *a = left, *b = right;
    return a->bytes != b->bytes ? (a->bytes < b->bytes ? 1 : -1) : (a->site > b->site) - (a->site < b->site);
}

/* "leds [main.cpp:45]", or the frame's own words. */
static void holder_name(struct str *out, const struct dashboard *dashboard, const struct site *site)
{
    static const struct column column = {"stack", "", "", "", COLUMN_STACK};
    size_t count;
    const struct source *source = model_sources(dashboard->report->model, &count) + site->source;
    struct view plain = *dashboard->report->view;
    plain.has_colour = false;
    str_clear(out);
    if (site->source && site->source < count)
        str_add_format(out, "%s [%s:%u]", *source->variable ? source->variable : source->function, source->file, source->line);
    else
        cell_text(out, &plain, &column, (union cell){.u = site->stack});
}

static void holders_put(const struct dashboard *dashboard)
{
    size_t count, held = 0;
    const struct site *sites = model_sites(dashboard->report->model, &count);
    struct holder *holders = memory_new(count + 1, sizeof *holders);
    struct str name = {0};
    for (size_t i = 0; i < count; i++)
        if (sites[i].account.live.bytes + sites[i].left.bytes)
            holders[held++] = (struct holder){(uint32_t)i, sites[i].account.live.bytes + sites[i].left.bytes};
    qsort(holders, held, sizeof *holders, holder_order);
    board_line(&dashboard->board, PAINT_TITLE, held ? "Top Allocations (live at the end):" : "Top Allocations: none is live at the end");
    for (size_t i = 0; i < held && i < SITES_MOST; i++) {
        char bytes[NUMBER_ROOM];
        holder_name(&name, dashboard, sites + holders[i].site);
        board_line(&dashboard->board, PAINT_PLAIN, "%2zu. %14s bytes  %s", i + 1, number_count(bytes, holders[i].bytes), str_text(&name));
    }
    str_done(&name);
    memory_free(holders);
}

static enum paint_role level_role(const char *level)
{
    return !strcmp(level, "critical") ? PAINT_HOT : !strcmp(level, "warn") ? PAINT_NOTE : PAINT_PLAIN;
}

static void tasks_put(const struct dashboard *dashboard)
{
    const struct table *tasks = table_find(dashboard->report, "tasks");
    if (!tasks || !tasks->row_count)
        return;
    board_rule(&dashboard->board);
    board_line(&dashboard->board, PAINT_TITLE, "Task Stacks:");
    size_t count = 0; /* of those whose stacks are watched: they come first */
    while (count < tasks->row_count && count < ROWS_MOST && *words_of(tasks, count, "level"))
        count++;
    for (size_t i = 0; i < count; i++) {
        char bar[BOARD_BAR_ROOM], size[NUMBER_ROOM], left[NUMBER_ROOM];
        const char *level = words_of(tasks, i, "level");
        board_branch(&dashboard->board, i + 1 == count, level_role(level), "%-14.14s %s %10s left of %10s  %s", words_of(tasks, i, "name"),
                     board_bar(&dashboard->board, bar, cell_of(tasks, i, "used_share").f), number_bytes(left, cell_of(tasks, i, "left_bytes").u),
                     number_bytes(size, cell_of(tasks, i, "stack_bytes").u), level);
    }
}

static void pools_put(const struct dashboard *dashboard)
{
    const struct table *pools = table_find(dashboard->report, "pools");
    if (!pools || !pools->row_count)
        return;
    board_rule(&dashboard->board);
    board_line(&dashboard->board, PAINT_TITLE, "Pools:");
    for (size_t i = 0; i < pools->row_count && i < ROWS_MOST; i++) {
        char bar[BOARD_BAR_ROOM], size[NUMBER_ROOM];
        uint64_t refused = cell_of(pools, i, "refused").u, blocks = cell_of(pools, i, "blocks").u, used = cell_of(pools, i, "used").u;
        board_branch(&dashboard->board, i + 1 == pools->row_count || i + 1 == ROWS_MOST, refused ? PAINT_NOTE : PAINT_PLAIN,
                     "%-14.14s %s %" PRIu64 " of %" PRIu64 " blocks of %s, at most %" PRIu64 "; %" PRIu64 " refused", words_of(pools, i, "name"),
                     board_bar(&dashboard->board, bar, ratio((double)used, (double)blocks)), used, blocks,
                     number_bytes(size, cell_of(pools, i, "block_bytes").u), cell_of(pools, i, "peak").u, refused);
    }
}

/* Where the block was made, else where the fault was found. */
static void fault_place(struct str *out, const struct dashboard *dashboard, const struct table *faults, size_t row)
{
    static const struct column column = {"stack", "", "", "", COLUMN_STACK};
    struct view plain = *dashboard->report->view;
    uint64_t stack = cell_of(faults, row, "stack").u;
    plain.has_colour = false;
    stack = stack ? stack : cell_of(faults, row, "found_stack").u;
    str_clear(out);
    if (*words_of(faults, row, "source"))
        str_add(out, words_of(faults, row, "source"));
    else if (stack)
        cell_text(out, &plain, &column, (union cell){.u = stack});
}

static void faults_put(const struct dashboard *dashboard)
{
    const struct table *faults = table_find(dashboard->report, "faults");
    if (!faults || !faults->row_count)
        return;
    board_rule(&dashboard->board);
    struct str place = {0};
    board_line(&dashboard->board, PAINT_TITLE, "Faults: %zu", faults->row_count);
    for (size_t i = 0; i < faults->row_count && i < ROWS_MOST; i++) {
        char time[NUMBER_ROOM];
        const char *guess = words_of(faults, i, "guess"), *task = words_of(faults, i, "task");
        fault_place(&place, dashboard, faults, i);
        board_branch(&dashboard->board, i + 1 == faults->row_count || i + 1 == ROWS_MOST, PAINT_HOT, "%10s  %-15s %s%s%s%s%s%s",
                     number_time(time, cell_of(faults, i, "time_ns").u), words_of(faults, i, "fault"), *task ? "in " : "", task, *guess ? ", " : "", guess,
                     place.count ? "  " : "", str_text(&place));
    }
    str_done(&place);
}

static void alerts_put(const struct dashboard *dashboard)
{
    const struct table *alerts = table_find(dashboard->report, "alerts");
    if (!alerts || !alerts->row_count)
        return;
    board_rule(&dashboard->board);
    board_line(&dashboard->board, PAINT_TITLE, "Alerts: %zu", alerts->row_count);
    for (size_t i = alerts->row_count > ROWS_MOST ? alerts->row_count - ROWS_MOST : 0; i < alerts->row_count; i++) {
        char time[NUMBER_ROOM];
        const char *level = words_of(alerts, i, "level");
        board_branch(&dashboard->board, i + 1 == alerts->row_count, level_role(level), "%10s  %-8s %s: %" PRIu64 "  %s",
                     number_time(time, cell_of(alerts, i, "time_ns").u), level, words_of(alerts, i, "rule"), cell_of(alerts, i, "value").u,
                     words_of(alerts, i, "text"));
    }
}

/* Rows of the map that are of the region. */
struct stretch_range {
    size_t from, to;
};

static struct stretch_range stretches_find(const struct dashboard *dashboard, size_t region)
{
    const struct table *map = dashboard->map;
    struct stretch_range range = {0, 0};
    uint64_t heap = cell_of(dashboard->regions, region, "heap").u, process = cell_of(dashboard->regions, region, "process").u;
    for (size_t i = 0; map && i < map->row_count; i++) {
        bool is_own = cell_of(map, i, "heap").u == heap && cell_of(map, i, "process").u == process;
        range.from = is_own && range.to == range.from ? i : range.from;
        range.to = is_own ? i + 1 : range.to > range.from ? range.to : range.from;
    }
    return range;
}

/* How much of each of `count` equal parts of the region is used. */
static double *parts_fill(const struct dashboard *dashboard, struct stretch_range range, uint64_t base, uint64_t size, size_t count)
{
    double *parts = memory_new(count, sizeof *parts), part_bytes = (double)size / (double)count;
    for (size_t i = range.from; i < range.to; i++) {
        if (strcmp(words_of(dashboard->map, i, "state"), "used"))
            continue;
        double from = (double)(cell_of(dashboard->map, i, "start").u - base) / part_bytes,
               to = (double)(cell_of(dashboard->map, i, "end").u - base) / part_bytes;
        for (size_t part = (size_t)from; part < count && (double)part < to; part++) {
            double low = from > (double)part ? from : (double)part, high = to < (double)part + 1 ? to : (double)part + 1;
            parts[part] += high - low;
        }
    }
    return parts;
}

static void map_lines_put(const struct dashboard *dashboard, const double *parts, size_t width, uint64_t base, uint64_t size)
{
    struct str line = {0};
    for (size_t row = 0; row < MAP_LINES; row++) {
        str_clear(&line);
        str_add_format(&line, "0x%08" PRIx64 " ", base + size / MAP_LINES * row);
        for (size_t i = 0; i < width; i++)
            str_add(&line, board_shade(&dashboard->board, parts[row * width + i]));
        board_line(&dashboard->board, PAINT_PLAIN, "%s", str_text(&line));
    }
    str_done(&line);
}

/* The rows of the largest free stretches, largest first. */
static size_t pieces_find(const struct dashboard *dashboard, struct stretch_range range, size_t *rows)
{
    size_t count = 0;
    for (size_t i = range.from; i < range.to; i++) {
        if (strcmp(words_of(dashboard->map, i, "state"), "free"))
            continue;
        size_t at = count < PIECES_MOST ? count++ : PIECES_MOST;
        for (; at && cell_of(dashboard->map, rows[at - 1], "bytes").u < cell_of(dashboard->map, i, "bytes").u; at--)
            if (at < PIECES_MOST)
                rows[at] = rows[at - 1];
        if (at < PIECES_MOST)
            rows[at] = i;
    }
    return count;
}

static void pieces_put(const struct dashboard *dashboard, size_t region, struct stretch_range range)
{
    size_t rows[PIECES_MOST + 1], count = pieces_find(dashboard, range, rows);
    uint64_t pieces = cell_of(dashboard->regions, region, "free_pieces").u, free = 0, used = 0, asked = 0;
    char text[NUMBER_ROOM], share[NUMBER_ROOM];
    for (size_t i = range.from; i < range.to; i++) {
        bool is_used = !strcmp(words_of(dashboard->map, i, "state"), "used");
        *(is_used ? &used : &free) += cell_of(dashboard->map, i, "bytes").u;
        asked += cell_of(dashboard->map, i, "live_bytes").u;
    }
    board_branch(&dashboard->board, false, PAINT_PLAIN, "%-22s %s", "Free Pieces:", number_count(text, pieces));
    board_branch(&dashboard->board, false, PAINT_PLAIN, "%-22s %s bytes", "Average Piece:", number_count(text, pieces ? free / pieces : 0));
    board_branch(&dashboard->board, !count, PAINT_PLAIN, "%-22s %s bytes used but not asked for (%s)",
                 "Overhead:", number_count(text, used > asked ? used - asked : 0),
                 number_ratio(share, ratio(used > asked ? (double)(used - asked) : 0, (double)used)));
    for (size_t i = 0; i < count; i++)
        board_branch(&dashboard->board, i + 1 == count, PAINT_PLAIN, "%-22s %s bytes @ 0x%08" PRIx64,
                     i ? "" : "Largest Free:", number_count(text, cell_of(dashboard->map, rows[i], "bytes").u), cell_of(dashboard->map, rows[i], "start").u);
}

static void region_map_put(const struct dashboard *dashboard, size_t region)
{
    struct stretch_range range = stretches_find(dashboard, region);
    uint64_t base = cell_of(dashboard->regions, region, "base").u, size = cell_of(dashboard->regions, region, "size_bytes").u;
    if (range.from == range.to || !size)
        return;
    char text[NUMBER_ROOM];
    size_t digits = (size_t)snprintf(NULL, 0, "0x%08" PRIx64 " ", base + size), width = dashboard->board.width - digits;
    double *parts = parts_fill(dashboard, range, base, size, width * MAP_LINES);
    board_rule(&dashboard->board);
    board_line(&dashboard->board, PAINT_TITLE, "%s Map, lower to higher addresses; each sign is %s", words_of(dashboard->regions, region, "name"),
               number_bytes(text, size / (width * MAP_LINES)));
    map_lines_put(dashboard, parts, width, base, size);
    board_line(&dashboard->board, PAINT_DIM, "Legend: %s allocated  %s %s partly  %s free", board_shade(&dashboard->board, 1),
               board_shade(&dashboard->board, 0.7), board_shade(&dashboard->board, 0.3), board_shade(&dashboard->board, 0));
    pieces_put(dashboard, region, range);
    memory_free(parts);
}

static void health_put(const struct dashboard *dashboard)
{
    static const char *const words[] = {[HEALTH_OK] = "ok", [HEALTH_WARN] = "warn", [HEALTH_CRITICAL] = "critical"};
    const struct health *health = dashboard->report->health;
    char bar[BOARD_BAR_ROOM], time[NUMBER_ROOM];
    if (health->score == HEALTH_NO_SCORE)
        board_line(&dashboard->board, PAINT_NOTE, "Health: no score, %s", words[health->verdict]);
    else
        board_line(&dashboard->board, level_role(words[health->verdict]), "Health: %s %d of 100, %s; after %s",
                   board_bar(&dashboard->board, bar, health->score / 100.0), health->score, words[health->verdict],
                   number_duration(time, model_time(dashboard->report->model)));
    if (dashboard->report->problem)
        board_line(&dashboard->board, PAINT_NOTE, "%s", dashboard->report->problem);
    board_rule(&dashboard->board);
}

void dashboard_put(FILE *out, const struct report *report)
{
    size_t width = report->view->width < BOARD_MOST ? report->view->width : BOARD_MOST;
    struct dashboard dashboard = {{out, report->view, width > 44 ? width - 4 : 40}, report, table_find(report, "regions"), table_find(report, "region_map")};
    struct str title = {0};
    size_t rows[REGIONS_MOST], count = regions_choose(&dashboard, rows);
    str_add(&title, "HEAP TRACER DASHBOARD  ");
    utf8_add_clean(&title, report->header->command ? path_name(report->header->command) : "");
    board_top(&dashboard.board, str_text(&title));
    health_put(&dashboard);
    regions_put(&dashboard);
    board_rule(&dashboard.board);
    holders_put(&dashboard);
    tasks_put(&dashboard);
    pools_put(&dashboard);
    faults_put(&dashboard);
    alerts_put(&dashboard);
    for (size_t i = 0; i < count; i++)
        region_map_put(&dashboard, rows[i]);
    board_bottom(&dashboard.board);
    str_done(&title);
}
