/* cell: in a cell and its column, out its text for people. */
#include "cell.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/number.h"
#include "host/base/utf8.h"
#include "paint.h"

bool cell_is_right(const struct column *column)
{
    return column->kind != COLUMN_TEXT && column->kind != COLUMN_STACK && column->kind != COLUMN_FRAME;
}

static bool frame_is_shown(const struct view *view, const struct frame *frame)
{
    return view->shows_all_frames || frame->role == FRAME_PROGRAM;
}

/* The next frame that is shown, from `i` on; the count when there is none. */
static size_t frame_next(const struct view *view, const struct frames *frames, size_t i)
{
    while (i < frames->list.count && !frame_is_shown(view, &frames->list.at[i]))
        i++;
    return i;
}

static void frame_text(struct str *out, const struct view *view, const struct frame *frame)
{
    size_t before;
    frames_add_name(out, frame->text.function, view->has_unicode);
    str_add(out, " ");
    before = out->count;
    frames_add_place(out, frame, false);
    if (out->count == before)
        out->at[--out->count] = 0;
}

static void no_stack_text(struct str *out, uint32_t stack)
{
    str_add_format(out, stack ? "stack %" PRIu32 : "(no stack)", stack);
}

static void stack_text(struct str *out, const struct view *view, uint32_t stack)
{
    struct frames frames = {0};
    frames_of_stack(&frames, view->symbols, stack);
    for (size_t i = 0; i < frames.list.count; i++)
        if (frame_is_shown(view, &frames.list.at[i])) {
            frame_text(out, view, &frames.list.at[i]);
            break;
        }
    frames_done(&frames);
}

/* "outer > inlined (csv.c:88)"; of many inlined ones the outermost and the innermost. */
static void address_text(struct str *out, const struct view *view, uint32_t stack)
{
    struct frames frames = {0};
    frames_of_address(&frames, view->symbols, stack);
    size_t first = frame_next(view, &frames, 0), last = frames.list.count - 1;
    if (first >= frames.list.count)
        first = 0;
    if (last > first) {
        frames_add_name(out, frames.list.at[last].text.function, view->has_unicode);
        str_add(out, " > ");
        if (last > first + 1)
            str_add_format(out, "%s > ", paint_ellipsis(view));
    }
    frame_text(out, view, &frames.list.at[first]);
    frames_done(&frames);
}

bool cell_is_shown(const struct view *view, uint32_t stack)
{
    struct frames frames = {0};
    bool is_shown = !view->symbols || !stack;
    if (!is_shown)
        frames_of_address(&frames, view->symbols, stack);
    for (size_t i = 0; i < frames.list.count; i++)
        is_shown |= frame_is_shown(view, &frames.list.at[i]);
    frames_done(&frames);
    return is_shown;
}

static void exact_text(struct str *out, const struct column *column, union cell cell)
{
    switch (column->kind) {
    case COLUMN_RATIO:
    case COLUMN_REAL:
        str_add_format(out, "%.9g", cell.f);
        break;
    case COLUMN_SIGNED_BYTES:
    case COLUMN_SIGNED_COUNT:
        str_add_format(out, "%" PRId64, cell.i);
        break;
    default:
        str_add_format(out, "%" PRIu64, cell.u);
    }
}

/* Bytes in a real number, like "B/s", have binary units as all bytes have. */
static void real_text(struct str *out, const struct column *column, double value)
{
    char text[NUMBER_ROOM];
    const char *unit = column->unit ? column->unit : "";
    if (*unit == 'B' && value >= 100 && value < 1e18)
        str_add_format(out, "%s%s", number_bytes(text, (uint64_t)(value + 0.5)), unit + 1);
    else
        str_add_format(out, "%s%s%s", number_real(text, value), *unit && !strcasestr(column->title, unit) ? " " : "", strcasestr(column->title, unit) ? "" : unit);
}

static const char *human_text(char *text, const struct column *column, union cell cell)
{
    switch (column->kind) {
    case COLUMN_BYTES:
        return number_bytes(text, cell.u);
    case COLUMN_SIGNED_BYTES:
        return number_signed_bytes(text, cell.i);
    case COLUMN_SIGNED_COUNT:
        return number_signed_count(text, cell.i);
    case COLUMN_TIME:
        return number_time(text, cell.u);
    case COLUMN_DURATION:
        return number_duration(text, cell.u);
    case COLUMN_RATIO:
        return number_ratio(text, cell.f);
    default:
        return number_count(text, cell.u);
    }
}

void cell_text(struct str *out, const struct view *view, const struct column *column, union cell cell)
{
    char text[NUMBER_ROOM];
    str_clear(out);
    if (column->kind == COLUMN_TEXT)
        utf8_add_clean(out, cell.text);
    else if ((column->kind == COLUMN_STACK || column->kind == COLUMN_FRAME) && (!cell.u || !view->symbols))
        no_stack_text(out, (uint32_t)cell.u);
    else if (column->kind == COLUMN_STACK)
        stack_text(out, view, (uint32_t)cell.u);
    else if (column->kind == COLUMN_FRAME)
        address_text(out, view, (uint32_t)cell.u);
    else if (column->kind == COLUMN_ADDRESS)
        str_add_format(out, "0x%" PRIx64, cell.u);
    else if (view->is_exact || (column->unit && !strcmp(column->unit, "id")))
        exact_text(out, column, cell);
    else if (column->kind == COLUMN_REAL)
        real_text(out, column, cell.f);
    else
        str_add(out, human_text(text, column, cell));
}

/* One frame of a line: false when it does not fit, so that only the mark of the cut follows. The module is named where it is another than `before`'s. */
static bool line_put_frame(FILE *out, const struct view *view, const struct frame *frame, const struct frame *before, size_t times, size_t *room, size_t spare)
{
    bool is_first = !before;
    struct str name = {0}, place = {0};
    const char *arrow = is_first ? "" : " <- ";
    frames_add_name(&name, frame->text.function, view->has_unicode);
    if (!view->hides_places && (is_first || frame->text.file || strcmp(before->text.module, frame->text.module)))
        frames_add_place(&place, frame, false);
    if (times > 1)
        str_add_format(&place, "%sx%zu", place.count ? " " : "", times);
    size_t used = strlen(arrow) + utf8_columns(str_text(&name)) + (place.count ? 1 + utf8_columns(str_text(&place)) : 0);
    bool fits = used + spare <= *room;
    if (fits) {
        paint_put(view, out, PAINT_DIM, arrow);
        paint_put(view, out, PAINT_FUNCTION, str_text(&name));
        if (place.count) {
            putc(' ', out);
            paint_put(view, out, PAINT_DIM, str_text(&place));
        }
        *room -= used;
    } else if (is_first) {
        size_t columns = utf8_columns(str_text(&name)), most = *room > spare ? *room - spare : 0;
        columns = columns < most ? columns : most;
        paint_cell(view, out, PAINT_FUNCTION, str_text(&name), columns, false);
        *room -= columns;
    }
    str_done(&name);
    str_done(&place);
    return fits;
}

static void line_put_frames(FILE *out, const struct view *view, const struct frames *frames, size_t room)
{
    size_t mark = 1 + utf8_columns(paint_ellipsis(view)), i = frame_next(view, frames, 0);
    for (const struct frame *before = NULL; i < frames->list.count;) {
        const struct frame *frame = &frames->list.at[i];
        size_t next = frame_next(view, frames, i + 1), times = 1;
        for (; next < frames->list.count && frames_are_same(frame, &frames->list.at[next]); times++)
            next = frame_next(view, frames, next + 1);
        bool fits = line_put_frame(out, view, frame, before, times, &room, next < frames->list.count || frames->is_cut ? mark : 0);
        i = fits || !before ? next : i;
        before = frame;
        if (!fits)
            break;
    }
    if ((i < frames->list.count || frames->is_cut) && room >= mark) {
        putc(' ', out);
        paint_put(view, out, PAINT_DIM, paint_ellipsis(view));
    }
}

void cell_put_stack(FILE *out, const struct view *view, uint32_t stack, size_t room)
{
    struct frames frames = {0};
    struct str text = {0};
    if (stack && view->symbols) {
        frames_of_stack(&frames, view->symbols, stack);
        line_put_frames(out, view, &frames, room);
        frames_done(&frames);
    } else {
        no_stack_text(&text, stack);
        paint_put(view, out, PAINT_DIM, str_text(&text));
    }
    str_done(&text);
}

static void frame_put_line(FILE *out, const struct view *view, const struct frame *frame, const char *indent)
{
    struct str name = {0}, place = {0};
    utf8_add_clean(&name, frame->text.function);
    frames_add_place(&place, frame, true);
    fputs(indent, out);
    paint_put(view, out, frame->role == FRAME_PROGRAM ? PAINT_FUNCTION : PAINT_DIM, str_text(&name));
    if (place.count)
        putc(' ', out);
    paint_put(view, out, PAINT_DIM, str_text(&place));
    if (frame->text.inlined)
        paint_put(view, out, PAINT_DIM, " inlined");
    putc('\n', out);
    str_done(&name);
    str_done(&place);
}

void cell_put_frames(FILE *out, const struct view *view, uint32_t stack, const char *indent)
{
    struct frames frames = {0};
    if (!stack || !view->symbols) {
        fputs(indent, out);
        cell_put_stack(out, view, stack, view->width);
        putc('\n', out);
        return;
    }
    frames_of_stack(&frames, view->symbols, stack);
    for (size_t i = 0; i < frames.list.count; i++)
        if (frame_is_shown(view, &frames.list.at[i]))
            frame_put_line(out, view, &frames.list.at[i], indent);
    if (frames.is_cut)
        fprintf(out, "%s%s\n", indent, paint_ellipsis(view));
    frames_done(&frames);
}
