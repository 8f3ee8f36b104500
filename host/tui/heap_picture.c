/* heap_picture: the ranges one after another, the gaps between them left out; lines begin with the address of their first byte. */
#include "heap_picture.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/memory.h"
#include "host/base/number.h"
#include "host/base/str.h"

enum { ADDRESS_COLUMNS = 17 };

struct places {
    int start, end, fill, state;
};

static double range_fill(const struct table *table, const struct places *places, size_t row)
{
    if (places->state >= 0)
        return strcmp(table_at(table, row)[places->state].text, "free") ? 1 : 0;
    return table_at(table, row)[places->fill].f;
}

/* `first`: the address at which each sign begins. */
static void signs_fill(const struct table *table, const struct places *places, double each, double *fill, uint64_t *first, size_t count)
{
    double at = 0;
    for (size_t row = 0; row < table->row_count; row++) {
        const union cell *cells = table_at(table, row);
        double bytes = (double)(cells[places->end].u - cells[places->start].u), share = range_fill(table, places, row);
        size_t from = (size_t)(at / each), to = (size_t)((at + bytes) / each);
        for (size_t i = from; i <= to && i < count; i++) {
            double low = at > (double)i * each ? at : (double)i * each, high = at + bytes < (double)(i + 1) * each ? at + bytes : (double)(i + 1) * each;
            fill[i] += high > low ? share * (high - low) / each : 0;
            if (!first[i])
                first[i] = cells[places->start].u + (uint64_t)(low > at ? low - at : 0);
        }
        at += bytes;
    }
}

static const char *sign(double fill)
{
    static const char *const unicode[] = {"·", "░", "▒", "▓", "█"}, *const ascii[] = {".", ":", "+", "*", "#"};
    unsigned step = fill <= 0.001 ? 0 : fill < 0.25 ? 1 : fill < 0.6 ? 2 : fill < 0.95 ? 3 : 4;
    return screen_has_unicode() ? unicode[step] : ascii[step];
}

static void legend_show(struct window window, double each, double bytes)
{
    char part[NUMBER_ROOM], all[NUMBER_ROOM];
    struct str text = {0};
    str_add_format(&text, "%s in all; each sign is %s:  %s full  %s  %s  %s a little  %s free", number_bytes(all, (uint64_t)bytes), number_bytes(part, (uint64_t)each),
                   sign(1), sign(0.7), sign(0.4), sign(0.1), sign(0));
    screen_put(window.row, window.column, window.columns, TUI_DIM, str_text(&text));
    str_done(&text);
}

bool heap_picture_show(const struct table *table, struct window window)
{
    struct places places = {table_find_column(table, "start"), table_find_column(table, "end"), table_find_column(table, "fill"), table_find_column(table, "state")};
    size_t across = window.columns > ADDRESS_COLUMNS + 2 ? window.columns - ADDRESS_COLUMNS - 1 : 0, lines = window.rows > 1 ? window.rows - 1 : 0, count = across * lines;
    double bytes = 0;
    if (places.start < 0 || places.end < 0 || places.fill < 0 || !count)
        return false;
    for (size_t row = 0; row < table->row_count; row++)
        bytes += (double)(table_at(table, row)[places.end].u - table_at(table, row)[places.start].u);
    double *fill = memory_new(count, sizeof *fill), each = bytes / (double)count < 16 ? 16 : bytes / (double)count;
    uint64_t *first = memory_new(count, sizeof *first);
    signs_fill(table, &places, each, fill, first, count);
    legend_show(window, each, bytes);
    for (size_t line = 0; line < lines && first[line * across]; line++) {
        struct str text = {0};
        str_add_format(&text, "%#*" PRIx64 " ", ADDRESS_COLUMNS - 1, first[line * across]);
        screen_put(window.row + 1 + line, window.column, ADDRESS_COLUMNS, TUI_DIM, str_text(&text));
        str_clear(&text);
        for (size_t i = line * across; i < (line + 1) * across && first[i]; i++)
            str_add(&text, sign(fill[i]));
        screen_put(window.row + 1 + line, window.column + ADDRESS_COLUMNS, across, TUI_GAUGE, str_text(&text));
        str_done(&text);
    }
    memory_free(fill);
    memory_free(first);
    return true;
}
