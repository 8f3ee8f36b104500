/* paint: in text and its role, out text on a stream in the colour of that role. */
#include "paint.h"

#include <string.h>

#include "host/base/str.h"
#include "host/base/utf8.h"

static const char *const paint_codes[] = {
    [PAINT_PLAIN] = "", [PAINT_TITLE] = "\033[1m", [PAINT_DIM] = "\033[2m", [PAINT_FUNCTION] = "\033[36m",
    [PAINT_HOT] = "\033[1;31m", [PAINT_BAR] = "\033[32m", [PAINT_NOTE] = "\033[33m",
};

static bool paint_start(const struct view *view, FILE *out, enum paint_role role)
{
    bool is_painted = view->has_colour && role != PAINT_PLAIN;
    if (is_painted)
        fputs(paint_codes[role], out);
    return is_painted;
}

static void paint_end(FILE *out, bool is_painted)
{
    if (is_painted)
        fputs("\033[0m", out);
}

const char *paint_read(const char *text, enum paint_role *role)
{
    static const char end[] = "\033[0m";
    if (!strncmp(text, end, strlen(end))) {
        *role = PAINT_PLAIN;
        return text + strlen(end);
    }
    for (size_t i = PAINT_PLAIN + 1; i < sizeof paint_codes / sizeof *paint_codes; i++)
        if (!strncmp(text, paint_codes[i], strlen(paint_codes[i]))) {
            *role = (enum paint_role)i;
            return text + strlen(paint_codes[i]);
        }
    return NULL;
}

size_t paint_put(const struct view *view, FILE *out, enum paint_role role, const char *text)
{
    bool is_painted = paint_start(view, out, role);
    fputs(text, out);
    paint_end(out, is_painted);
    return utf8_columns(text);
}

/* What does not fit goes: of a path its beginning, of other texts their end. */
static void cut_put(const struct view *view, FILE *out, const char *text, size_t columns)
{
    size_t used = utf8_columns(text), mark = utf8_columns(paint_ellipsis(view)), room = columns > mark ? columns - mark : 0;
    const char *ellipsis = columns >= mark ? paint_ellipsis(view) : "";
    if (*text == '/' && !strchr(text, ' '))
        fprintf(out, "%s%s", ellipsis, text + utf8_fit(text, used - room));
    else
        fprintf(out, "%.*s%s", (int)utf8_fit(text, room), text, ellipsis);
}

void paint_cell(const struct view *view, FILE *out, enum paint_role role, const char *text, size_t columns, bool is_right)
{
    size_t used = utf8_columns(text);
    if (is_right && used < columns)
        fprintf(out, "%*s", (int)(columns - used), "");
    bool is_painted = paint_start(view, out, role);
    if (used <= columns)
        fputs(text, out);
    else
        cut_put(view, out, text, columns);
    paint_end(out, is_painted);
    if (!is_right && used < columns)
        fprintf(out, "%*s", (int)(columns - used), "");
}

void paint_repeat(FILE *out, const char *text, size_t count)
{
    while (count--)
        fputs(text, out);
}

const char *paint_ellipsis(const struct view *view)
{
    return view->has_unicode ? "…" : "...";
}

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

void paint_paragraph(const struct view *view, FILE *out, enum paint_role role, const char *text, const char *indent)
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
