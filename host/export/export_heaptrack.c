/* export_heaptrack: in every change of the heap, out heaptrack's interpreted file (format 3, zstd), for heaptrack_gui and heaptrack_print.
 * Its events name what they allocate by number, and the numbers must be defined before: events wait in a temporary file until all sites are known. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "host/base/utf8.h"

#include "frame_set.h"
#include "export.h"

enum { HEAPTRACK_VERSION = 0x10400, HEAPTRACK_FORMAT = 3, HEAPTRACK_NS_PER_MS = 1000000, COPY_BYTES = 1 << 16 };

/* What its events name: a size at a site. */
struct info {
    uint64_t size;
    uint32_t site;
};

struct heaptrack {
    FILE *events;
    struct map info_places; /* of a digest: place in the list + 1; the next key where two are equal */
    VEC(struct info) infos;
    uint64_t time_ms;
    uint64_t restored;           /* failed reallocs: heaptrack counts one allocation more for each */
    uint64_t left, left_early;   /* blocks that processes left at their end; of them those that others still allocated after */
    uint64_t inherited;
    /* while the definitions are written */
    struct export *export;
    struct map strings; /* of a text's address: its number */
    uint64_t string_count, place_count, trace_count;
    struct map traces;  /* of a stack id: its number */
    struct frames frames;
};

static uint64_t info_number(struct heaptrack *heaptrack, uint64_t size, uint32_t site)
{
    for (uint64_t key = (size * 0x9E3779B97F4A7C15u) ^ ((uint64_t)site << 32 | site);; key++) {
        bool is_new;
        uint64_t *place = map_put(&heaptrack->info_places, key, &is_new);
        if (is_new) {
            vec_push(&heaptrack->infos, ((struct info){size, site}));
            *place = heaptrack->infos.count;
        }
        const struct info *info = heaptrack->infos.at + *place - 1;
        if (info->size == size && info->site == site)
            return *place - 1;
    }
}

static void heaptrack_begin(struct export *export)
{
    struct heaptrack *heaptrack = memory_new(1, sizeof *heaptrack);
    heaptrack->events = tmpfile();
    heaptrack->export = export;
    export->state = heaptrack;
}

static void event_put(struct heaptrack *heaptrack, char kind, const struct change *change)
{
    uint64_t time_ms = change->time_ns / HEAPTRACK_NS_PER_MS;
    if (change->block.flags & BLOCK_OLD) {
        heaptrack->inherited++;
        return;
    }
    if (time_ms > heaptrack->time_ms)
        fprintf(heaptrack->events, "c %" PRIx64 "\n", heaptrack->time_ms = time_ms);
    fprintf(heaptrack->events, "%c %" PRIx64 "\n", kind, info_number(heaptrack, change->block.size, change->block.site));
}

/* Blocks that a process left at its end stay: the format has one heap, in which nothing ends but by being freed. */
static void change_see(struct heaptrack *heaptrack, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_BIRTH:
    case CHANGE_RESIZE:
        heaptrack->left_early = heaptrack->left;
        event_put(heaptrack, '+', change);
        break;
    case CHANGE_RESTORE:
        heaptrack->restored++;
        event_put(heaptrack, '+', change);
        break;
    case CHANGE_FREE:
    case CHANGE_LIFT:
    case CHANGE_VANISH:
        event_put(heaptrack, '-', change);
        break;
    case CHANGE_LEAVE:
        heaptrack->left++;
        break;
    default:
        break;
    }
}

static void heaptrack_see(struct export *export, const struct changes *changes)
{
    struct heaptrack *heaptrack = export->state;
    for (size_t i = 0; heaptrack->events && i < changes->count; i++)
        change_see(heaptrack, changes->all + i);
}

static void heaptrack_end(struct export *export)
{
    struct heaptrack *heaptrack = export->state;
    if (heaptrack->events)
        fclose(heaptrack->events);
    map_done(&heaptrack->info_places);
    map_done(&heaptrack->strings);
    map_done(&heaptrack->traces);
    vec_done(&heaptrack->infos);
    frames_done(&heaptrack->frames);
    memory_free(heaptrack);
}

static uint64_t string_number(struct heaptrack *heaptrack, const char *text)
{
    bool is_new;
    if (!text || !*text)
        return 0;
    uint64_t *number = map_put(&heaptrack->strings, (uintptr_t)text, &is_new);
    if (is_new) {
        struct str clean = {0};
        utf8_add_clean(&clean, text);
        fprintf(heaptrack->export->out, "s %zx %s\n", clean.count, str_text(&clean));
        *number = ++heaptrack->string_count;
        str_done(&clean);
    }
    return *number;
}

/* The frame's strings and then itself, with what is inlined there, innermost first; its number. */
static uint64_t place_put(struct heaptrack *heaptrack, uint32_t stack)
{
    struct str line = {0};
    uint32_t id = 0;
    uint64_t offset = 0;
    symbols_place(heaptrack->export->symbols, stack, &id, &offset);
    const struct module *module = export_module(heaptrack->export, id);
    str_add_format(&line, "i %" PRIx64 " %" PRIx64, offset + (module ? module->bias : 0), string_number(heaptrack, module ? module->path : NULL));
    for (size_t i = 0; i < heaptrack->frames.list.count; i++) {
        const struct frame_text *text = &heaptrack->frames.list.at[i].text;
        uint64_t function = string_number(heaptrack, text->function), file = string_number(heaptrack, text->file);
        str_add_format(&line, " %" PRIx64 " %" PRIx64 " %x", function, file, text->line);
    }
    fprintf(heaptrack->export->out, "%s\n", str_text(&line));
    str_done(&line);
    return ++heaptrack->place_count;
}

/* The number of the stack's trace; callers are defined first. The recorder's own frames are left out. */
static uint64_t trace_number(struct heaptrack *heaptrack, uint32_t stack)
{
    VEC(uint32_t) ways = {0};
    uint64_t number = 0;
    for (; stack && !map_get(&heaptrack->traces, stack); stack = symbols_parent(heaptrack->export->symbols, stack))
        vec_push(&ways, stack);
    number = stack ? *map_get(&heaptrack->traces, stack) : 0;
    while (ways.count) {
        uint32_t frame = ways.at[--ways.count];
        frames_of_address(&heaptrack->frames, heaptrack->export->symbols, frame);
        if (heaptrack->frames.list.count && heaptrack->frames.list.at[0].role != FRAME_RECORDER) {
            uint64_t place = place_put(heaptrack, frame);
            fprintf(heaptrack->export->out, "t %" PRIx64 " %" PRIx64 "\n", place, number);
            number = ++heaptrack->trace_count;
        }
        *map_put(&heaptrack->traces, frame, NULL) = number;
    }
    vec_done(&ways);
    return number;
}

/* A block without a stack still needs a trace: one of a single nameless frame. */
static uint64_t trace_of_site(struct heaptrack *heaptrack, uint32_t site)
{
    size_t count;
    const struct site *sites = model_sites(heaptrack->export->model, &count);
    uint64_t number = trace_number(heaptrack, sites[site].stack);
    uint64_t *none = number ? NULL : map_put(&heaptrack->traces, UINT64_MAX, NULL);
    if (none && !*none) {
        fprintf(heaptrack->export->out, "i 0 0 %" PRIx64 " 0 0\n", string_number(heaptrack, "[no stack]"));
        fprintf(heaptrack->export->out, "t %" PRIx64 " 0\n", ++heaptrack->place_count);
        *none = ++heaptrack->trace_count;
    }
    return none ? *none : number;
}

static void definitions_put(struct heaptrack *heaptrack)
{
    FILE *out = heaptrack->export->out;
    struct str command = {0};
    export_add_command(heaptrack->export, &command);
    fprintf(out, "v %x %x\nX %s\nI %x 0\n", HEAPTRACK_VERSION, HEAPTRACK_FORMAT, str_text(&command), heaptrack->export->header->page_bytes);
    str_done(&command);
    for (size_t i = 0; i < heaptrack->infos.count; i++) {
        uint64_t trace = trace_of_site(heaptrack, heaptrack->infos.at[i].site);
        fprintf(out, "a %" PRIx64 " %" PRIx64 "\n", heaptrack->infos.at[i].size, trace);
    }
}

static bool events_copy(struct heaptrack *heaptrack)
{
    static char bytes[COPY_BYTES];
    size_t count;
    if (fflush(heaptrack->events) || fseek(heaptrack->events, 0, SEEK_SET))
        return false;
    while ((count = fread(bytes, 1, sizeof bytes, heaptrack->events)) > 0)
        fwrite(bytes, 1, count, heaptrack->export->out);
    return !ferror(heaptrack->events);
}

static void notes_add(struct heaptrack *heaptrack)
{
    struct str *note = &heaptrack->export->note;
    if (heaptrack->left_early)
        str_add_format(note, "%" PRIu64 " blocks that processes left when they ended stay live there, since heaptrack knows one process: its peak is higher\n",
                       heaptrack->left_early);
    if (heaptrack->restored)
        str_add_format(note, "heaptrack counts %" PRIu64 " allocations more: reallocs that failed\n", heaptrack->restored);
    if (heaptrack->inherited)
        str_add(note, "blocks from before the recording are left out, as heaptrack does it\n");
}

static bool heaptrack_write(struct export *export, struct error *error)
{
    struct heaptrack *heaptrack = export->state;
    if (!heaptrack->events)
        return error_set_errno(error, ERROR_WRITE, "cannot make a temporary file for heaptrack's events");
    definitions_put(heaptrack);
    fprintf(heaptrack->events, "c %" PRIx64 "\n", model_time(export->model) / HEAPTRACK_NS_PER_MS);
    notes_add(heaptrack);
    return events_copy(heaptrack) || error_set_errno(error, ERROR_WRITE, "cannot write or read the temporary file with heaptrack's events");
}

const struct export_format export_heaptrack = {
    .name = "heaptrack",
    .suffix = ".heaptrack.zst",
    .about = "heaptrack's file with every event, for heaptrack_gui and heaptrack_print",
    .open_with = "heaptrack_print -f",
    .tables = export_no_tables,
    .pack = PACK_ZSTD,
    .needs_whole_run = true,
    .needs_every_event = true,
    .begin = heaptrack_begin,
    .see = heaptrack_see,
    .end = heaptrack_end,
    .write = heaptrack_write,
};
