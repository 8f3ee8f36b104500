/* view_text: in any table, out its title, what it is, its body by shape, and its note. */
#include "view_text.h"

#include "paint.h"

void view_text(FILE *out, const struct view *view, const struct table *table)
{
    paint_put(view, out, PAINT_TITLE, table->title);
    putc('\n', out);
    if (view->shows_about && table->about)
        paint_paragraph(view, out, PAINT_DIM, table->about, "  ");
    if (!table->row_count)
        fputs("  nothing\n", out);
    else if (table->shape == TABLE_TREE)
        view_tree(out, view, table);
    else if (table->shape == TABLE_SERIES)
        view_series(out, view, table);
    else
        view_rows(out, view, table);
    if (table->note && *table->note)
        paint_paragraph(view, out, PAINT_NOTE, table->note, "  ");
}
