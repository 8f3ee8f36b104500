/* view_text: in any table, out its title, what it is, its body by shape, and its note. */
#include "view_text.h"

#include <string.h>

#include "host/base/str.h"
#include "host/base/utf8.h"
#include "paint.h"

/* Bytes of the next line: as many whole words as fit, or what fits of a long one. */
static size_t line_length(const char *text, size_t room)
{
    size_t count = utf8_fit(text, room), words = count;
    if (!text[count])
        return count;
    while (words && text[words] != ' ')
        words--;
    return words ? words : count ? count : 1;
}

static void paragraph_put(FILE *out, const struct view *view, enum paint_role role, const char *text, const char *indent)
{
    struct str clean = {0}, line = {0};
    utf8_add_clean(&clean, text);
    for (const char *at = str_text(&clean); *at; at += strspn(at, " ")) {
        size_t count = line_length(at, view->width - strlen(indent));
        str_clear(&line);
        str_add_bytes(&line, at, count);
        fputs(indent, out);
        paint_put(view, out, role, str_text(&line));
        putc('\n', out);
        at += count;
    }
    str_done(&clean);
    str_done(&line);
}

void view_text(FILE *out, const struct view *view, const struct table *table)
{
    paint_put(view, out, PAINT_TITLE, table->title);
    putc('\n', out);
    if (view->shows_about && table->about)
        paragraph_put(out, view, PAINT_DIM, table->about, "  ");
    if (!table->row_count)
        fputs("  nothing\n", out);
    else if (table->shape == TABLE_TREE)
        view_tree(out, view, table);
    else if (table->shape == TABLE_SERIES)
        view_series(out, view, table);
    else
        view_rows(out, view, table);
    if (table->note && *table->note)
        paragraph_put(out, view, PAINT_NOTE, table->note, "  ");
}
