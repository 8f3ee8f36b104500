/* page: in tables, out the page that a reading command prints. */
#include "page.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <heaptracer/analysis.h>

#include "host/base/memory.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/base/vec.h"
#include "host/view/columns.h"
#include "host/view/paint.h"
#include "host/view/view_csv.h"
#include "host/view/view_text.h"

/* The folder of that ending beside a trace; NULL: there is none. */
static char *folder_beside(const char *trace_path, const char *ending)
{
    struct str path = {0};
    struct stat stat_of;
    str_add_format(&path, "%s%s", trace_path ? trace_path : "", ending);
    char *found = trace_path && !stat(str_text(&path), &stat_of) && S_ISDIR(stat_of.st_mode) ? memory_copy_text(str_text(&path)) : NULL;
    str_done(&path);
    return found;
}

/* 'heaptracer bundle' makes one folder, 'heaptracer fetch' the other. */
struct symbols *page_symbols(const struct page_options *options, const char *trace_path)
{
    char *bundle = options->bundle ? NULL : folder_beside(trace_path, ".bundle"), *modules = folder_beside(trace_path, ".modules");
    VEC(const char *) folders = {0};
    for (size_t i = 0; i < options->debug_paths.count; i++)
        vec_push(&folders, options->debug_paths.at[i]);
    vec_push(&folders, modules);
    vec_push(&folders, NULL);
    struct symbols_config config = {folders.at, options->sysroot, options->bundle ? options->bundle : bundle, options->debuginfod};
    struct symbols *symbols = symbols_new(&config);
    vec_done(&folders);
    memory_free(bundle);
    memory_free(modules);
    return symbols;
}

static bool is_text(const struct page *page)
{
    return !page->options->json && !page->options->csv;
}

bool page_open(struct page *page, const struct page_options *options, const char *trace_path, struct error *error)
{
    struct terminal_config config = {.path = options->output, .colour = options->colour, .width = options->width};
    *page = (struct page){.options = options};
    if (options->json && options->csv)
        return error_set(error, ERROR_USAGE, "--json and --csv: choose one");
    if (!terminal_open(&page->terminal, &config, error))
        return false;
    page->symbols = page_symbols(options, trace_path);
    page->view = (struct view){.symbols = page->symbols,
                               .width = page->terminal.width,
                               .has_colour = page->terminal.has_colour,
                               .has_unicode = page->terminal.has_unicode,
                               .is_exact = options->exact,
                               .shows_all_frames = options->all_frames,
                               .stacks = options->stacks ? VIEW_STACKS_FULL : VIEW_STACKS_SHORT};
    return true;
}

void page_see(void *page, const struct event *event)
{
    symbols_see(((struct page *)page)->symbols, event);
}

static void header_put(struct page *page, const char *trace_path, const struct trace_header *header)
{
    struct str line = {0};
    char text[NUMBER_ROOM], date[64] = "";
    time_t start = (time_t)(header->start_unix_ns / 1000000000);
    struct tm parts;
    utf8_add_clean(&line, trace_path);
    paint_put(&page->view, page->terminal.out, PAINT_TITLE, str_text(&line));
    str_clear(&line);
    str_add(&line, "  ");
    utf8_add_clean(&line, header->command ? header->command : "");
    paint_put(&page->view, page->terminal.out, PAINT_PLAIN, str_text(&line));
    str_clear(&line);
    if (header->start_unix_ns && localtime_r(&start, &parts))
        strftime(date, sizeof date, "recorded %F %T", &parts);
    putc('\n', page->terminal.out);
    str_add_format(&line, "%s by ", *date ? date : "recorded");
    str_add_format(&line, "%s on %s, %s", header->recorder ? header->recorder : "?", header->machine ? header->machine : "?", header->system ? header->system : "?");
    str_add_format(&line, header->sample_bytes ? "; a sample about every %s" : "; every event", number_bytes(text, header->sample_bytes));
    paint_paragraph(&page->view, page->terminal.out, PAINT_DIM, str_text(&line), "  ");
    str_done(&line);
}

void page_start(struct page *page, const char *trace_path, const struct trace_header *header)
{
    if (is_text(page) && !page->options->no_pager)
        terminal_start_pager(&page->terminal);
    if (page->options->json)
        page->json = view_json_new(page->terminal.out, &page->view, trace_path, header);
    else if (is_text(page) && header)
        header_put(page, trace_path, header);
}

static void text_put(struct page *page, const struct table *table, size_t suits)
{
    bool has_form = table->shape == TABLE_TREE || table->shape == TABLE_SERIES; /* their views know best how many rows make a page */
    page->view.row_limit = page->options->limit ? page->options->limit : has_form ? 0 : suits ? suits : PAGE_ROWS;
    putc('\n', page->terminal.out);
    view_text(page->terminal.out, &page->view, table);
}

static void form_put(struct page *page, const struct table *table, size_t suits)
{
    if (page->options->json)
        view_json_table(page->json, table);
    else if (page->options->csv)
        view_csv(page->terminal.out, &page->view, table);
    else
        text_put(page, table, suits);
}

bool page_table(struct page *page, struct table *table, size_t suits, struct error *error)
{
    struct columns columns;
    if (page->options->csv && page->table_count++)
        return error_set(error, ERROR_USAGE, "--csv writes one table: choose it with --table NAME");
    if (!is_text(page) && table->shape == TABLE_ROWS)
        table_limit(table, page->options->limit);
    if (!page->options->columns) {
        form_put(page, table, suits);
        return true;
    }
    if (opt_has_word(page->options->columns, ',', "source", strlen("source")))
        analysis_add_source(table);
    bool is_good = columns_take(&columns, table, page->options->columns, error);
    if (is_good)
        form_put(page, &columns.table, suits);
    columns_done(&columns);
    return is_good;
}

void page_line(struct page *page, const char *format, ...)
{
    if (!is_text(page))
        return;
    struct str text = {0};
    va_list values;
    va_start(values, format);
    str_add_values(&text, format, values);
    va_end(values);
    paint_paragraph(&page->view, page->terminal.out, PAINT_DIM, str_text(&text), "");
    str_done(&text);
}

static void notes_put(struct page *page)
{
    const char *const *notes;
    size_t count = symbols_notes(page->symbols, &notes);
    for (size_t i = 0; i < count; i++)
        page_line(page, "note: %s", notes[i]);
}

bool page_close(struct page *page, const char *problem, struct error *error)
{
    bool is_good = true;
    if (page->json)
        view_json_end(page->json, problem);
    else if (page->symbols)
        notes_put(page);
    if (page->terminal.out)
        is_good = terminal_close(&page->terminal, error);
    if (page->symbols)
        symbols_free(page->symbols);
    *page = (struct page){0};
    return is_good;
}
