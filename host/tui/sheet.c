/* sheet: in a page as it is printed, out a part of it in a window of the screen. */
#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/str.h"
#include "host/base/utf8.h"

FILE *sheet_begin(struct sheet *sheet)
{
    free(sheet->text);
    sheet->text = NULL;
    sheet->out = open_memstream(&sheet->text, &sheet->bytes);
    if (!sheet->out)
        abort(); /* no memory */
    return sheet->out;
}

void sheet_end(struct sheet *sheet)
{
    fclose(sheet->out);
    sheet->out = NULL;
    sheet->lines = 0;
    for (const char *at = sheet->text; *at; at++)
        sheet->lines += *at == '\n' || !at[1];
}

/* Pieces of one role, one after another. */
static void line_show(const char *line, size_t bytes, struct window window, size_t row)
{
    struct str piece = {0};
    enum paint_role role = PAINT_PLAIN, next = PAINT_PLAIN;
    const char *end = line + bytes;
    size_t column = 0;
    for (const char *at = line; column < window.columns && at < end;) {
        const char *behind = paint_read(at, &next);
        if (!behind) {
            const char *code = memchr(at + 1, '\033', (size_t)(end - at - 1));
            str_clear(&piece);
            str_add_bytes(&piece, at, (size_t)((code ? code : end) - at));
            size_t wanted = utf8_columns(str_text(&piece)), room = window.columns - column;
            screen_put(window.row + row, window.column + column, wanted < room ? wanted : room, (enum tui_role)role, str_text(&piece));
            column += wanted;
            behind = code ? code : end;
        } else {
            role = next;
        }
        at = behind;
    }
    str_done(&piece);
}

void sheet_show(struct sheet *sheet, struct window window)
{
    size_t most = sheet->lines > window.rows ? sheet->lines - window.rows : 0, number = 0;
    sheet->top = sheet->top < most ? sheet->top : most;
    for (const char *at = sheet->text; at && *at; number++) {
        size_t bytes = strcspn(at, "\n");
        if (number >= sheet->top && number - sheet->top < window.rows)
            line_show(at, bytes, window, number - sheet->top);
        at += bytes + (at[bytes] == '\n');
    }
}

bool sheet_key(struct sheet *sheet, const struct screen_event *event, size_t rows)
{
    size_t top = sheet->top, page = rows > 1 ? rows - 1 : 1;
    switch (event->key) {
    case SCREEN_UP:
    case SCREEN_WHEEL_UP:
        sheet->top = top ? top - 1 : 0;
        return true;
    case SCREEN_DOWN:
    case SCREEN_WHEEL_DOWN:
        sheet->top++;
        return true;
    case SCREEN_PAGE_UP:
        sheet->top = top > page ? top - page : 0;
        return true;
    case SCREEN_PAGE_DOWN:
        sheet->top += page;
        return true;
    case SCREEN_HOME:
        sheet->top = 0;
        return true;
    case SCREEN_END:
        sheet->top = sheet->lines;
        return true;
    default:
        return false;
    }
}

void sheet_done(struct sheet *sheet)
{
    free(sheet->text);
    *sheet = (struct sheet){0};
}
