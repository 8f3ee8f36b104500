/* heap_picture: lines begin with the address of their first byte. */
#include "heap_picture.h"

#include <inttypes.h>

#include "host/base/number.h"
#include "host/base/str.h"
#include "host/view/heap_signs.h"

enum { ADDRESS_COLUMNS = 17 };

static const char *sign(double fill)
{
    return heap_sign_text(heap_sign_step(fill), screen_has_unicode());
}

static void legend_show(struct window window, const struct heap_signs *signs)
{
    char part[NUMBER_ROOM], all[NUMBER_ROOM];
    struct str text = {0};
    str_add_format(&text, "%s in all; each sign is %s:  %s full  %s  %s  %s a little  %s free", number_bytes(all, (uint64_t)signs->bytes),
                   number_bytes(part, (uint64_t)signs->each_bytes), sign(1), sign(0.7), sign(0.4), sign(0.1), sign(0));
    screen_put(window.row, window.column, window.columns, TUI_DIM, str_text(&text));
    str_done(&text);
}

bool heap_picture_show(const struct table *table, struct window window)
{
    size_t across = window.columns > ADDRESS_COLUMNS + 2 ? window.columns - ADDRESS_COLUMNS - 1 : 0, lines = window.rows > 1 ? window.rows - 1 : 0;
    struct heap_signs signs;
    if (!heap_signs_fit(table) || table_find_column(table, "fill") < 0 || !across || !lines)
        return false;
    heap_signs_take(&signs, table, 0, table->row_count, across * lines);
    legend_show(window, &signs);
    for (size_t from = 0, line = 1; from < signs.count; from += across, line++) {
        struct str text = {0};
        str_add_format(&text, "%#*" PRIx64 " ", ADDRESS_COLUMNS - 1, signs.at[from].start);
        screen_put(window.row + line, window.column, ADDRESS_COLUMNS, TUI_DIM, str_text(&text));
        str_clear(&text);
        for (size_t i = from; i < from + across && i < signs.count; i++)
            str_add(&text, sign(signs.at[i].fill));
        screen_put(window.row + line, window.column + ADDRESS_COLUMNS, across, TUI_GAUGE, str_text(&text));
        str_done(&text);
    }
    heap_signs_done(&signs);
    return true;
}
