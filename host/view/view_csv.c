/* view_csv: in a table, out its rows as CSV (RFC 4180). */
#include "view_csv.h"

#include <inttypes.h>

#include "frames.h"
#include "host/base/csv.h"
#include "host/base/str.h"
#include "host/base/utf8.h"

/* "function (file:line);function [module];…" with whole names: all frames that views show, innermost first. */
static void stack_put(struct str *text, const struct view *view, uint32_t stack, bool is_address)
{
    struct frames frames = {0};
    if (!view->symbols) {
        str_add_format(text, "%" PRIu32, stack);
        return;
    }
    if (is_address)
        frames_of_address(&frames, view->symbols, stack);
    else
        frames_of_stack(&frames, view->symbols, stack);
    for (size_t i = 0; i < frames.list.count; i++) {
        const struct frame *frame = &frames.list.at[i];
        if (!view->shows_all_frames && frame->role == FRAME_RECORDER)
            continue;
        str_add(text, text->count ? ";" : "");
        utf8_add_clean(text, frame->text.function);
        str_add(text, " ");
        frames_add_place(text, frame, true);
        if (text->at[text->count - 1] == ' ')
            text->at[--text->count] = 0;
    }
    frames_done(&frames);
}

static void cell_put(FILE *out, const struct view *view, const struct column *column, union cell cell)
{
    struct str text = {0};
    switch (column->kind) {
    case COLUMN_TEXT:
        csv_put(out, cell.text);
        break;
    case COLUMN_RATIO:
    case COLUMN_REAL:
        fprintf(out, "%.15g", cell.f);
        break;
    case COLUMN_SIGNED_BYTES:
    case COLUMN_SIGNED_COUNT:
        fprintf(out, "%" PRId64, cell.i);
        break;
    case COLUMN_ADDRESS:
        fprintf(out, "0x%" PRIx64, cell.u);
        break;
    case COLUMN_STACK:
    case COLUMN_FRAME:
        stack_put(&text, view, (uint32_t)cell.u, column->kind == COLUMN_FRAME);
        csv_put(out, str_text(&text));
        break;
    default:
        fprintf(out, "%" PRIu64, cell.u);
    }
    str_done(&text);
}

void view_csv(FILE *out, const struct view *view, const struct table *table)
{
    bool is_tree = table->shape == TABLE_TREE;
    fputs(is_tree ? "row,parent" : "", out);
    for (size_t i = 0; i < table->column_count; i++) {
        fputs(i || is_tree ? "," : "", out);
        csv_put(out, table->columns[i].name);
    }
    fputs("\r\n", out);
    for (size_t row = 0; row < table->row_count; row++) {
        if (is_tree)
            fprintf(out, "%zu,", row);
        if (is_tree && table->parents[row] != TABLE_NO_PARENT)
            fprintf(out, "%" PRIu32, table->parents[row]);
        for (size_t i = 0; i < table->column_count; i++) {
            fputs(i || is_tree ? "," : "", out);
            cell_put(out, view, &table->columns[i], table_at(table, row)[i]);
        }
        fputs("\r\n", out);
    }
}
