/* tui: keys to state, and state to the screen: tabs above, figures below them, one table or page, and a line of keys. */
#include "tui.h"

#include <inttypes.h>
#include <string.h>

#include "delta.h"
#include "grid.h"
#include "heap_picture.h"
#include "host/analysis/pulse.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/view/view_text.h"
#include "sheet.h"
#include "tabs.h"

enum { TUI_ROWS_LEAST = 15, TUI_COLUMNS_LEAST = 60, TUI_HEAD_ROWS = 2, TUI_FOOT_ROWS = 1 };
static const uint64_t SHOW_NS = 100000000, READING_NS = 500000000, PULSE_NS = 1000000000;

/* What one tab shows. */
struct pane {
    struct grid grid;
    struct sheet sheet;
    struct table table, marked, delta;
    size_t number; /* of its table; the first that is not empty until the user chooses */
    bool has_table, has_marked, has_delta, is_chosen, is_page;
};

struct tui {
    struct tui_source source;
    struct pane panes[TABS];
    size_t tab;
    struct view view;
    struct sheet popup;
    bool has_popup, is_paused, is_filtering, shows_delta, has_mark, is_stale, is_left;
    uint64_t mark_ns, marks;
    uint64_t shown_ns, cost_ns; /* clock of the last show; what it took */
    enum tui_state state;       /* that was shown */
    struct pulse pulse;
    struct pulse_beat beat;
    uint64_t beat_ns; /* clock */
};

struct tui *tui_open(enum theme theme, const struct tui_source *source, struct error *error)
{
    if (!screen_open(theme, error))
        return NULL;
    struct tui *tui = memory_new(1, sizeof *tui);
    tui->source = *source;
    tui->view = (struct view){.has_colour = true, .has_unicode = screen_has_unicode()};
    tui->is_stale = true;
    return tui;
}

static struct window body(void)
{
    size_t taken = TUI_HEAD_ROWS + TUI_FOOT_ROWS;
    return (struct window){TUI_HEAD_ROWS, 0, screen_rows() > taken ? screen_rows() - taken : 0, screen_columns()};
}

static void pane_forget(struct pane *pane)
{
    if (pane->has_table)
        table_done(&pane->table);
    if (pane->has_delta)
        table_done(&pane->delta);
    pane->has_table = pane->has_delta = false;
}

/* The table that the user chose, else the first that has something to say. */
static void pane_ask(struct tui *tui, struct pane *pane, const struct tab *tab)
{
    size_t first = pane->is_chosen ? pane->number : 0;
    for (size_t i = first; tab->tables[i]; i++) {
        pane_forget(pane);
        tui->source.answer(tui->source.context, tab->tables[i], &pane->table);
        pane->has_table = true;
        pane->number = i;
        if (pane->is_chosen || pane->table.row_count)
            return;
    }
}

/* What the grid shows: the table, or what changed of it. */
static const struct table *pane_table(const struct pane *pane)
{
    return pane->has_delta ? &pane->delta : &pane->table;
}

static bool pane_is_grid(const struct pane *pane)
{
    return pane->has_table && !pane->is_page && pane_table(pane)->row_count;
}

static void errors_page(FILE *out, const struct view *view, const struct model_totals *totals)
{
    const struct {
        const char *what;
        uint64_t count;
    } rows[] = {{"allocations that were refused", totals->refused},
                {"frees of addresses where no block was known", totals->unknown_frees},
                {"events that were lost", totals->lost_events},
                {"gaps in the trace", totals->gaps}};
    char count[NUMBER_ROOM];
    fputs("  No faults. What 'run --guard' or a firmware's own checks find stands here as it is found.\n\n", out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        paint_cell(view, out, rows[i].count ? PAINT_HOT : PAINT_PLAIN, number_count(count, rows[i].count), 12, true);
        fprintf(out, "  %s\n", rows[i].what);
    }
}

/* True if it wrote a page, which is shown instead of the table. */
static bool page_write(struct tui *tui, const struct tui_run *run, FILE *out, size_t number, const struct pane *pane)
{
    const struct tab *tab = tabs + number;
    bool is_empty = !pane->has_table || !pane->table.row_count;
    if (!tab->tables[0])
        tabs_overview(out, run, &tui->source, &tui->view);
    else if (is_empty && !strcmp(tab->title, "Errors"))
        errors_page(out, &tui->view, model_get_totals(run->model));
    else if (is_empty && !strcmp(tab->title, "Alerts"))
        tabs_health(out, run, &tui->source, &tui->view);
    else if (!pane->has_delta && pane->table.row_count && (pane->table.shape == TABLE_SERIES || pane->table.shape == TABLE_TREE))
        view_text(out, &tui->view, &pane->table);
    else
        return false;
    return true;
}

static void pane_take(struct tui *tui, const struct tui_run *run, size_t number)
{
    struct pane *pane = tui->panes + number;
    if (tabs[number].tables[0])
        pane_ask(tui, pane, tabs + number);
    if (pane->has_table && pane->has_delta)
        table_done(&pane->delta);
    pane->has_delta = pane->has_table && pane->has_marked && tui->shows_delta && !strcmp(pane->marked.name, pane->table.name);
    if (pane->has_delta)
        delta_make(&pane->delta, &pane->table, &pane->marked);
    FILE *out = sheet_begin(&pane->sheet);
    pane->is_page = page_write(tui, run, out, number, pane);
    sheet_end(&pane->sheet);
    if (pane_is_grid(pane))
        grid_take(&pane->grid, &tui->view, pane_table(pane));
}

static void pane_show(struct tui *tui, struct pane *pane, const struct tab *tab)
{
    struct window window = body(), map = window;
    if (pane->is_page) {
        sheet_show(&pane->sheet, window);
        return;
    }
    if (!pane_is_grid(pane)) {
        screen_put(window.row + 1, 2, window.columns, TUI_PLAIN, pane->has_delta ? "Nothing changed since the mark." : tab->none);
        return;
    }
    map.rows = window.rows / 2;
    if (!pane->has_delta && map.rows > 3 && heap_picture_show(pane_table(pane), map)) {
        window.row += map.rows;
        window.rows -= map.rows;
    }
    grid_show(&pane->grid, &tui->view, pane_table(pane), window);
}

/* Where the grid of the tab stands, for the mouse. */
static struct window pane_window(const struct pane *pane)
{
    struct window window = body();
    bool has_map = !pane->has_delta && table_find_column(&pane->table, "start") >= 0 && table_find_column(&pane->table, "fill") >= 0 && window.rows / 2 > 3;
    if (has_map) {
        size_t rows = window.rows / 2;
        window.row += rows;
        window.rows -= rows;
    }
    return window;
}

static size_t tab_width(size_t number)
{
    bool is_wide = screen_columns() >= 90;
    return strlen(tabs[number].title) + (is_wide ? 4 : 3);
}

static void tabs_show(const struct tui *tui)
{
    size_t column = 0;
    screen_put(0, 0, screen_columns(), TUI_BAR, "");
    for (size_t i = 0; i < TABS; i++) {
        struct str text = {0};
        str_add_format(&text, screen_columns() >= 90 ? " %zu %s " : "%zu %s ", i + 1, tabs[i].title);
        screen_put(0, column, tab_width(i), i == tui->tab ? TUI_TAB : TUI_BAR, str_text(&text));
        column += tab_width(i);
        str_done(&text);
    }
}

static const char *state_word(const struct tui *tui, const struct tui_run *run)
{
    static const char *const words[] = {[TUI_WAITING] = "waiting", [TUI_READING] = "reading", [TUI_LIVE] = "live", [TUI_GONE] = "gone", [TUI_OVER] = "ended"};
    return tui->is_paused ? "paused" : words[run->state];
}

/* Figures first: they matter most when the line is short. */
static void figures_show(const struct tui *tui, const struct tui_run *run)
{
    char time[NUMBER_ROOM], live[NUMBER_ROOM], blocks[NUMBER_ROOM], growth[NUMBER_ROOM], allocs[NUMBER_ROOM], frees[NUMBER_ROOM];
    const struct model_totals *totals = model_get_totals(run->model);
    const struct pulse_beat *beat = &tui->beat;
    struct str line = {0};
    bool is_over = run->state == TUI_OVER;
    uint64_t held = totals->account.live.bytes + (is_over ? totals->left.bytes : 0), count = tally_count(totals->account.live) + (is_over ? tally_count(totals->left) : 0);
    str_add_format(&line, " %-7s %9s  %s in %s blocks", state_word(tui, run), number_time(time, run->time_ns), number_bytes(live, held), number_count(blocks, count));
    if (run->state == TUI_LIVE)
        str_add_format(&line, "  %s/s  %s allocs/s  %s frees/s", number_signed_bytes(growth, (int64_t)pulse_rate(beat, (double)beat->growth_bytes)),
                       number_real(allocs, pulse_rate(beat, (double)beat->allocations)), number_real(frees, pulse_rate(beat, (double)beat->frees)));
    else
        str_add_format(&line, "  peak %s", number_bytes(growth, totals->account.peak.bytes));
    if (run->behind_ns)
        str_add_format(&line, "  %s behind", number_duration(growth, run->behind_ns));
    if (totals->faults)
        str_add_format(&line, "  %" PRIu64 " fault%s", totals->faults, totals->faults > 1 ? "s" : "");
    if (totals->alerts)
        str_add_format(&line, "  %" PRIu64 " alert%s", totals->alerts, totals->alerts > 1 ? "s" : "");
    str_add(&line, "  ");
    utf8_add_clean(&line, run->header->command);
    enum tui_role role = tui->is_paused ? TUI_FOLLOWED : totals->faults ? TUI_HOT : TUI_TITLE;
    screen_put(1, 0, screen_columns(), role, str_text(&line));
    str_done(&line);
}

/* The last line: what is typed, or what the tab is and which keys it knows. */
static void foot_show(const struct tui *tui)
{
    const struct pane *pane = tui->panes + tui->tab;
    const struct grid *grid = &pane->grid;
    struct str line = {0};
    char mark[NUMBER_ROOM];
    if (tui->is_filtering) {
        str_add_format(&line, " show rows with: %s_", str_text(&grid->filter));
    } else if (tui->has_popup) {
        str_add(&line, " Esc closes  up down PgUp PgDn scroll");
    } else {
        if (pane->has_table)
            str_add_format(&line, " %s", pane->table.title);
        if (pane_is_grid(pane))
            str_add_format(&line, " %zu/%zu", grid->rows.count ? grid->cursor + 1 : 0, grid->rows.count);
        if (pane->has_delta)
            str_add_format(&line, "  change since %s", number_time(mark, tui->mark_ns));
        if (grid->filter.count)
            str_add_format(&line, "  with '%s'", str_text(&grid->filter));
        if (grid->follows)
            str_add(&line, "  followed");
        str_add(&line, pane_is_grid(pane) ? "  ? help  q quit  Enter stack  s sort  / filter  t table  m mark  d delta" : "  ? help  q quit  t table  m mark  Space pause");
    }
    screen_put(screen_rows() - 1, 0, screen_columns(), TUI_BAR, str_text(&line));
    str_done(&line);
}

static void small_show(void)
{
    screen_put(0, 0, screen_columns(), TUI_PLAIN, "too small: 60x15 is the least");
}

static void all_show(struct tui *tui, const struct tui_run *run)
{
    screen_clear();
    if (screen_rows() < TUI_ROWS_LEAST || screen_columns() < TUI_COLUMNS_LEAST) {
        small_show();
    } else if (run->state == TUI_WAITING) {
        screen_put(1, 2, screen_columns() - 2, TUI_PLAIN, "Nothing was recorded yet; q leaves.");
    } else {
        tabs_show(tui);
        figures_show(tui, run);
        if (tui->has_popup)
            sheet_show(&tui->popup, body());
        else
            pane_show(tui, tui->panes + tui->tab, tabs + tui->tab);
        foot_show(tui);
    }
    screen_show();
}

/* Asking costs; so it is done seldom enough to be a small part of our time. */
static bool is_due(const struct tui *tui, const struct tui_run *run, uint64_t now)
{
    uint64_t least = run->state == TUI_READING ? READING_NS : SHOW_NS;
    uint64_t rest = (uint64_t)((double)tui->cost_ns * run->rest_times), wait = rest > least ? rest : least;
    return !tui->is_paused && (run->state == TUI_LIVE || run->state == TUI_READING || run->state != tui->state) && now - tui->shown_ns >= wait;
}

static void pulse_beat(struct tui *tui, const struct tui_run *run, uint64_t now)
{
    if (run->state == TUI_WAITING || now - tui->beat_ns < PULSE_NS)
        return;
    tui->beat_ns = now;
    pulse_take(&tui->pulse, run->model, run->time_ns, &tui->beat);
}

static void refresh_all(struct tui *tui, const struct tui_run *run, uint64_t now)
{
    uint64_t began = now_of(CLOCK_THREAD_CPUTIME_ID);
    if (run->state != TUI_WAITING) {
        tui->view.symbols = run->symbols;
        tui->view.width = screen_columns();
        pane_take(tui, run, tui->tab);
    }
    pulse_beat(tui, run, now);
    all_show(tui, run);
    tui->is_stale = false;
    tui->cost_ns = now_of(CLOCK_THREAD_CPUTIME_ID) - began;
    tui->shown_ns = now_ns();
    tui->state = run->state;
}

static void mark_set(struct tui *tui, const struct tui_run *run)
{
    struct str label = {0};
    for (size_t i = 0; i < TABS; i++) {
        struct pane *pane = tui->panes + i;
        if (!tabs[i].tables[0])
            continue;
        pane_ask(tui, pane, tabs + i);
        if (pane->has_marked)
            table_done(&pane->marked);
        pane->has_marked = pane->table.shape == TABLE_ROWS;
        if (pane->has_marked)
            delta_keep(&pane->marked, &pane->table);
    }
    tui->has_mark = true;
    tui->mark_ns = run->time_ns;
    str_add_format(&label, "looked at %" PRIu64, ++tui->marks);
    if (run->state == TUI_LIVE)
        tui->source.mark(tui->source.context, str_text(&label));
    str_done(&label);
}

static void popup_open(struct tui *tui, bool is_help)
{
    struct pane *pane = tui->panes + tui->tab;
    size_t row;
    if (!is_help && (!pane_is_grid(pane) || !grid_chosen(&pane->grid, &row)))
        return;
    FILE *out = sheet_begin(&tui->popup);
    if (is_help)
        tabs_help(out, &tui->view);
    else
        tabs_row(out, &tui->view, pane_table(pane), row);
    sheet_end(&tui->popup);
    tui->popup.top = 0;
    tui->has_popup = true;
}

static void filter_key(struct tui *tui, const struct screen_event *event)
{
    struct str *filter = &tui->panes[tui->tab].grid.filter;
    if (event->key == SCREEN_ENTER || event->key == SCREEN_ESCAPE)
        tui->is_filtering = false;
    if (event->key == SCREEN_ESCAPE)
        str_clear(filter);
    if (event->key == SCREEN_ERASE && filter->count)
        filter->at[--filter->count] = 0;
    if (event->key >= ' ' && event->key < 127 && filter->count < 60)
        str_add_bytes(filter, (const char[]){(char)event->key}, 1);
    tui->is_stale = true;
}

static void popup_key(struct tui *tui, const struct screen_event *event)
{
    if (event->key == SCREEN_ESCAPE || event->key == SCREEN_ENTER || event->key == 'q' || event->key == '?')
        tui->has_popup = false;
    else
        sheet_key(&tui->popup, event, body().rows);
}

static void tab_open(struct tui *tui, size_t number)
{
    tui->tab = number % TABS;
    tui->is_stale = true;
}

static void tab_click(struct tui *tui, size_t column)
{
    size_t at = 0;
    for (size_t i = 0; i < TABS; at += tab_width(i++))
        if (column >= at && column < at + tab_width(i))
            tab_open(tui, i);
}

static void table_next(struct tui *tui)
{
    struct pane *pane = tui->panes + tui->tab;
    const struct tab *tab = tabs + tui->tab;
    if (!tab->tables[0])
        return;
    pane->number = tab->tables[pane->number + 1] ? pane->number + 1 : 0;
    pane->is_chosen = true;
    pane->grid.sort = NULL;
    pane->grid.cursor = pane->grid.top = pane->grid.shift = 0;
    tui->is_stale = true;
}

/* Keys of the whole; false: it is none. */
static bool common_key(struct tui *tui, const struct tui_run *run, const struct screen_event *event)
{
    bool is_known = run->state != TUI_WAITING;
    int key = event->key;
    if (key == 'q' || key == SCREEN_GONE)
        tui->is_left = true;
    else if (key >= '1' && key < '1' + TABS)
        tab_open(tui, (size_t)(key - '1'));
    else if (key == SCREEN_TAB_NEXT || key == SCREEN_TAB_BEFORE)
        tab_open(tui, tui->tab + (key == SCREEN_TAB_NEXT ? 1 : TABS - 1));
    else if (key == SCREEN_CLICK && event->row == 0)
        tab_click(tui, event->column);
    else if (key == ' ')
        tui->is_paused = !tui->is_paused;
    else if (key == 't')
        table_next(tui);
    else if (key == 'm' && is_known)
        mark_set(tui, run);
    else if (key == 'd' && tui->has_mark)
        tui->shows_delta = !tui->shows_delta;
    else if (key == '?' || key == SCREEN_ENTER)
        popup_open(tui, key == '?');
    else if (key == SCREEN_RESIZED)
        tui->is_stale = true;
    else
        return false;
    tui->is_stale |= key == 'm' || key == 'd' || (key == ' ' && !tui->is_paused);
    return true;
}

static void pane_key(struct tui *tui, const struct screen_event *event)
{
    struct pane *pane = tui->panes + tui->tab;
    if (!pane_is_grid(pane) && !pane->grid.filter.count) {
        sheet_key(&pane->sheet, event, body().rows);
        return;
    }
    if (event->key == '/') {
        tui->is_filtering = true;
    } else if (event->key == SCREEN_ESCAPE) {
        str_clear(&pane->grid.filter);
        tui->is_stale = true;
    } else if (pane->has_table && grid_press(&pane->grid, pane_table(pane), event, pane_window(pane))) {
        grid_take(&pane->grid, &tui->view, pane_table(pane));
    }
}

static void key_take(struct tui *tui, const struct tui_run *run, const struct screen_event *event)
{
    if (tui->is_filtering)
        filter_key(tui, event);
    else if (tui->has_popup && event->key != SCREEN_GONE && event->key != SCREEN_RESIZED)
        popup_key(tui, event);
    else if (!common_key(tui, run, event))
        pane_key(tui, event);
}

bool tui_turn(struct tui *tui, const struct tui_run *run, int milliseconds)
{
    struct screen_event event = screen_key(milliseconds);
    bool has_keys = event.key != SCREEN_NOTHING;
    for (; event.key != SCREEN_NOTHING && !tui->is_left; event = screen_key(0))
        key_take(tui, run, &event);
    uint64_t now = now_ns();
    if (tui->is_stale || is_due(tui, run, now))
        refresh_all(tui, run, now);
    else if (has_keys)
        all_show(tui, run);
    return !tui->is_left;
}

void tui_refresh(struct tui *tui)
{
    tui->is_stale = true;
}

void tui_close(struct tui *tui)
{
    if (!tui)
        return;
    screen_close();
    for (size_t i = 0; i < TABS; i++) {
        struct pane *pane = tui->panes + i;
        pane_forget(pane);
        if (pane->has_marked)
            table_done(&pane->marked);
        grid_done(&pane->grid);
        sheet_done(&pane->sheet);
    }
    sheet_done(&tui->popup);
    pulse_done(&tui->pulse);
    memory_free(tui);
}
