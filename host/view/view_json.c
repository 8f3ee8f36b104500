/* view_json: in tables, out one JSON document; stacks and frames come after the tables, each once. */
#include "view_json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "host/base/map.h"

struct view_json {
    struct json json;
    const struct view *view;
    struct map stacks;       /* ids that a STACK cell named */
    VEC(uint32_t) stack_list;
    struct map frame_places; /* hash of a frame -> place in frame_list + 1; the next key where two hashes are equal */
    VEC(struct frame) frame_list;
    struct frames frames;    /* reused */
    size_t (*place)(void *context, uint32_t stack); /* NULL: stacks are told by id, in this document */
    void *context;
    VEC(char *) notes; /* owned */
};

static const char *const shape_names[] = {[TABLE_ROWS] = "rows", [TABLE_SERIES] = "series", [TABLE_TREE] = "tree", [TABLE_MAP] = "map"};
static const char *const kind_names[] = {
    [COLUMN_TEXT] = "text", [COLUMN_COUNT] = "count", [COLUMN_BYTES] = "bytes", [COLUMN_TIME] = "time", [COLUMN_DURATION] = "duration",
    [COLUMN_RATIO] = "ratio", [COLUMN_REAL] = "real", [COLUMN_ADDRESS] = "address", [COLUMN_STACK] = "stack", [COLUMN_FRAME] = "frame",
    [COLUMN_SIGNED_BYTES] = "signed_bytes", [COLUMN_SIGNED_COUNT] = "signed_count",
};
static const char *const role_names[] = {
    [FRAME_PROGRAM] = "program", [FRAME_RECORDER] = "recorder", [FRAME_ALLOCATOR] = "allocator", [FRAME_LIBRARY] = "library", [FRAME_START] = "start",
};

void view_json_trace(struct json *json, const char *path, const struct trace_header *header)
{
    json_object(json, "trace");
    json_text(json, "path", path);
    if (header) {
        json_text(json, "command", header->command);
        json_text(json, "machine", header->machine);
        json_text(json, "system", header->system);
        json_text(json, "directory", header->directory);
        json_text(json, "recorder", header->recorder);
        json_unsigned(json, "format_version", header->version);
        json_unsigned(json, "pointer_bytes", header->pointer_bytes);
        json_unsigned(json, "page_bytes", header->page_bytes);
        json_bool(json, "big_endian", header->big_endian);
        json_unsigned(json, "tick_ns", header->tick_ns);
        json_unsigned(json, "sample_bytes", header->sample_bytes);
        json_unsigned(json, "start_unix_ns", header->start_unix_ns);
    }
    json_end(json);
}

struct view_json *view_json_open(FILE *out, const struct view *view, const char *schema, const char *path, const struct trace_header *header)
{
    struct view_json *page = memory_new(1, sizeof *page);
    page->view = view;
    page->json = (struct json){.out = out, .line_depth = 2};
    json_object(&page->json, NULL);
    json_text(&page->json, "schema", schema);
    view_json_trace(&page->json, path, header);
    return page;
}

struct view_json *view_json_new(FILE *out, const struct view *view, const char *path, const struct trace_header *header)
{
    struct view_json *page = view_json_open(out, view, "heaptracer.tables/1", path, header);
    json_array(&page->json, "tables");
    return page;
}

void view_json_set_places(struct view_json *page, size_t (*place)(void *context, uint32_t stack), void *context)
{
    page->place = place;
    page->context = context;
}

struct json *view_json_stream(struct view_json *page)
{
    return &page->json;
}

static void columns_put(struct json *json, const struct table *table)
{
    json_array(json, "columns");
    for (size_t i = 0; i < table->column_count; i++) {
        json_object(json, NULL);
        json_text(json, "name", table->columns[i].name);
        json_text(json, "kind", kind_names[table->columns[i].kind]);
        json_text(json, "title", table->columns[i].title);
        json_text(json, "unit", table->columns[i].unit ? table->columns[i].unit : "");
        json_text(json, "about", table->columns[i].about ? table->columns[i].about : "");
        json_end(json);
    }
    json_end(json);
}

static void stack_note(struct view_json *page, uint32_t stack)
{
    bool is_new;
    map_put(&page->stacks, stack, &is_new);
    if (is_new)
        vec_push(&page->stack_list, stack);
}

static bool texts_are_equal(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool frames_are_equal(const struct frame *a, const struct frame *b)
{
    return a->role == b->role && a->text.line == b->text.line && a->text.inlined == b->text.inlined && texts_are_equal(a->text.function, b->text.function) &&
           texts_are_equal(a->text.file, b->text.file) && texts_are_equal(a->text.module, b->text.module);
}

static uint64_t frame_hash(const struct frame *frame)
{
    uint64_t hash = XXH3_64bits_withSeed(frame->text.function, strlen(frame->text.function), frame->text.line * 8 + frame->text.inlined * 4 + frame->role);
    if (frame->text.file)
        hash = XXH3_64bits_withSeed(frame->text.file, strlen(frame->text.file), hash);
    return XXH3_64bits_withSeed(frame->text.module, strlen(frame->text.module), hash);
}

size_t view_json_frame(struct view_json *page, const struct frame *frame)
{
    for (uint64_t key = frame_hash(frame);; key++) {
        bool is_new;
        uint64_t *place = map_put(&page->frame_places, key, &is_new);
        if (is_new) {
            vec_push(&page->frame_list, *frame);
            return (size_t)(*place = page->frame_list.count) - 1;
        }
        if (frames_are_equal(&page->frame_list.at[*place - 1], frame))
            return (size_t)*place - 1;
    }
}

static void frames_put(struct view_json *page, const char *key)
{
    json_array(&page->json, key);
    for (size_t i = 0; i < page->frames.list.count; i++)
        json_unsigned(&page->json, NULL, view_json_frame(page, &page->frames.list.at[i]));
    json_end(&page->json);
}

static void frame_cell_put(struct view_json *page, const char *key, uint32_t stack)
{
    page->frames.list.count = 0;
    if (page->view->symbols)
        frames_of_address(&page->frames, page->view->symbols, stack);
    frames_put(page, key);
}

static void cell_put(struct view_json *page, const struct column *column, union cell cell)
{
    struct json *json = &page->json;
    switch (column->kind) {
    case COLUMN_TEXT:
        json_text(json, column->name, cell.text);
        break;
    case COLUMN_RATIO:
    case COLUMN_REAL:
        json_real(json, column->name, cell.f);
        break;
    case COLUMN_SIGNED_BYTES:
    case COLUMN_SIGNED_COUNT:
        json_signed(json, column->name, cell.i);
        break;
    case COLUMN_ADDRESS:
        json_hex(json, column->name, cell.u);
        break;
    case COLUMN_FRAME:
        if (page->place)
            json_unsigned(json, column->name, page->place(page->context, (uint32_t)cell.u));
        else
            frame_cell_put(page, column->name, (uint32_t)cell.u);
        break;
    case COLUMN_STACK:
        if (page->place) {
            json_unsigned(json, column->name, page->place(page->context, (uint32_t)cell.u));
            break;
        }
        stack_note(page, (uint32_t)cell.u);
        json_unsigned(json, column->name, cell.u);
        break;
    default:
        json_unsigned(json, column->name, cell.u);
    }
}

static void row_put(struct view_json *page, const struct table *table, size_t row)
{
    json_object(&page->json, NULL);
    if (table->shape == TABLE_TREE && table->parents[row] == TABLE_NO_PARENT)
        json_null(&page->json, "parent");
    else if (table->shape == TABLE_TREE)
        json_unsigned(&page->json, "parent", table->parents[row]);
    for (size_t i = 0; i < table->column_count; i++)
        cell_put(page, &table->columns[i], table_at(table, row)[i]);
    json_end(&page->json);
}

void view_json_table(struct view_json *page, const struct table *table)
{
    struct json *json = &page->json;
    json->line_depth = 4;
    json_object(json, NULL);
    json_text(json, "name", table->name);
    json_text(json, "title", table->title);
    json_text(json, "about", table->about ? table->about : "");
    json_text(json, "shape", shape_names[table->shape]);
    json_text(json, "note", table->note ? table->note : "");
    columns_put(json, table);
    json_array(json, "rows");
    for (size_t row = 0; row < table->row_count; row++)
        row_put(page, table, row);
    json_end(json);
    json_end(json);
    json->line_depth = 2;
}

static void stacks_put(struct view_json *page)
{
    json_object(&page->json, "stacks");
    for (size_t i = 0; i < page->stack_list.count; i++) {
        char key[16];
        snprintf(key, sizeof key, "%" PRIu32, page->stack_list.at[i]);
        page->frames.list.count = 0;
        if (page->view->symbols)
            frames_of_stack(&page->frames, page->view->symbols, page->stack_list.at[i]);
        frames_put(page, key);
    }
    json_end(&page->json);
}

static void frame_list_put(struct view_json *page)
{
    struct json *json = &page->json;
    json_array(json, "frames");
    for (size_t i = 0; i < page->frame_list.count; i++) {
        const struct frame *frame = &page->frame_list.at[i];
        json_object(json, NULL);
        json_text(json, "function", frame->text.function);
        json_text(json, "file", frame->text.file);
        json_unsigned(json, "line", frame->text.line);
        json_text(json, "module", frame->text.module);
        json_bool(json, "inlined", frame->text.inlined);
        json_text(json, "role", role_names[frame->role]);
        json_end(json);
    }
    json_end(json);
}

/* After the stacks: what the symbols had to say about modules shows only when names were asked for. */
static void notes_put(struct view_json *page)
{
    const char *const *notes = NULL;
    size_t count = page->view->symbols ? symbols_notes(page->view->symbols, &notes) : 0;
    json_array(&page->json, "notes");
    for (size_t i = 0; i < count; i++)
        json_text(&page->json, NULL, notes[i]);
    for (size_t i = 0; i < page->notes.count; i++) {
        json_text(&page->json, NULL, page->notes.at[i]);
        free(page->notes.at[i]);
    }
    vec_done(&page->notes);
    json_end(&page->json);
}

void view_json_note(struct view_json *page, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = NULL;
    if (vasprintf(&text, format, values) >= 0)
        vec_push(&page->notes, text);
    va_end(values);
}

void view_json_end(struct view_json *page, const char *problem)
{
    json_end(&page->json);
    stacks_put(page);
    view_json_close(page, problem);
}

void view_json_close(struct view_json *page, const char *problem)
{
    frame_list_put(page);
    notes_put(page);
    json_bool(&page->json, "complete", !problem);
    json_text(&page->json, "problem", problem);
    json_end(&page->json);
    map_done(&page->stacks);
    map_done(&page->frame_places);
    vec_done(&page->stack_list);
    vec_done(&page->frame_list);
    frames_done(&page->frames);
    memory_free(page);
}
