/* board: frame, lines and bars. */
#include "board.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/str.h"
#include "host/base/utf8.h"

enum { BAR_PARTS = 10 };

static void edge_put(const struct board *board, const char *left, const char *middle, const char *right)
{
    bool has_unicode = board->view->has_unicode;
    fputs(has_unicode ? left : "+", board->out);
    paint_repeat(board->out, has_unicode ? middle : "=", board->width + 2);
    fputs(has_unicode ? right : "+", board->out);
    putc('\n', board->out);
}

static void line_put(const struct board *board, enum paint_role role, const char *text)
{
    const char *side = board->view->has_unicode ? "║" : "|";
    struct str clean = {0};
    utf8_add_clean(&clean, text);
    fprintf(board->out, "%s ", side);
    paint_cell(board->view, board->out, role, str_text(&clean), board->width, false);
    fprintf(board->out, " %s\n", side);
    str_done(&clean);
}

void board_top(const struct board *board, const char *title)
{
    struct str centred = {0};
    size_t columns = utf8_columns(title);
    edge_put(board, "╔", "═", "╗");
    for (size_t i = 0; columns < board->width && i < (board->width - columns) / 2; i++)
        str_add(&centred, " ");
    str_add(&centred, title);
    line_put(board, PAINT_TITLE, str_text(&centred));
    edge_put(board, "╠", "═", "╣");
    str_done(&centred);
}

void board_rule(const struct board *board)
{
    edge_put(board, "╠", "═", "╣");
}

void board_bottom(const struct board *board)
{
    edge_put(board, "╚", "═", "╝");
}

static char *text_make(const char *format, va_list values)
{
    char *text = NULL;
    return vasprintf(&text, format, values) < 0 ? NULL : text;
}

void board_line(const struct board *board, enum paint_role role, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = text_make(format, values);
    va_end(values);
    line_put(board, role, text ? text : "");
    free(text);
}

void board_branch(const struct board *board, bool is_last, enum paint_role role, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = text_make(format, values);
    va_end(values);
    const char *corner = board->view->has_unicode ? (is_last ? "└─" : "├─") : (is_last ? "`-" : "|-");
    board_line(board, role, "%s %s", corner, text ? text : "");
    free(text);
}

const char *board_bar(const struct board *board, char *room, double share)
{
    bool has_unicode = board->view->has_unicode;
    int filled = share > 0 ? (int)(share * BAR_PARTS + 0.5) : 0;
    strcpy(room, "[");
    for (int i = 0; i < BAR_PARTS; i++)
        strcat(room, i < filled ? (has_unicode ? "█" : "#") : has_unicode ? "░" : ".");
    return strcat(room, "]");
}

const char *board_shade(const struct board *board, double fill)
{
    static const char *const unicode[] = {"░", "▒", "▓", "█"}, *const ascii[] = {".", ":", "+", "#"};
    unsigned step = fill <= 0 ? 0 : fill < 0.5 ? 1 : fill < 0.95 ? 2 : 3;
    return board->view->has_unicode ? unicode[step] : ascii[step];
}
