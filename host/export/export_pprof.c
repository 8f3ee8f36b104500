/* export_pprof: in the sites, out a pprof profile: gzip of the protobuf message that profile.proto of google/pprof defines. */
#include <inttypes.h>
#include <string.h>

#include "host/base/utf8.h"

#include "frame_set.h"
#include "export.h"
#include "protobuf.h"

enum profile_field {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE,
    PROFILE_MAPPING,
    PROFILE_LOCATION,
    PROFILE_FUNCTION,
    PROFILE_STRING,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS,
    PROFILE_PERIOD_TYPE,
    PROFILE_PERIOD,
    PROFILE_COMMENT,
    PROFILE_DEFAULT_SAMPLE_TYPE
};
enum { VALUE_TYPE = 1, VALUE_UNIT };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_TEXT };
enum { MAPPING_ID = 1, MAPPING_START, MAPPING_END, MAPPING_FILE = 5, MAPPING_BUILD_ID, MAPPING_HAS_FUNCTIONS, MAPPING_HAS_INLINES = 10 };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

/* The values of a sample in this order; the names of the first four are those of every heap profile. */
static const struct {
    enum export_metric metric;
    const char *objects, *space;
} sample_types[] = {
    {EXPORT_ALLOCATED, "alloc_objects", "alloc_space"},
    {EXPORT_LEAKED, "inuse_objects", "inuse_space"},
    {EXPORT_PEAK, "peak_objects", "peak_space"},
    {EXPORT_TEMPORARY, "temporary_objects", "temporary_space"},
};
enum { SAMPLE_TYPES = sizeof sample_types / sizeof *sample_types };

struct location {
    uint64_t offset;
    uint32_t module;
};

struct pprof {
    struct export *export;
    struct str strings, message, part;
    uint64_t string_count;
    struct map string_places; /* of a text's address: its number + 1 */
    struct frame_set functions;
    struct frames frames;
    struct map location_places; /* of a digest: place in the list + 1 */
    VEC(struct location) locations;
};

static uint64_t string_add(struct pprof *pprof, const char *text)
{
    struct str clean = {0};
    utf8_add_clean(&clean, text);
    protobuf_text(&pprof->strings, PROFILE_STRING, str_text(&clean));
    str_done(&clean);
    return pprof->string_count++;
}

/* For texts that stay where they are: of symbols, and literals. */
static uint64_t string_number(struct pprof *pprof, const char *text)
{
    bool is_new;
    if (!text)
        return 0;
    uint64_t *number = map_put(&pprof->string_places, (uintptr_t)text, &is_new);
    if (is_new)
        *number = string_add(pprof, text);
    return *number;
}

static void message_put(struct pprof *pprof)
{
    fwrite(str_text(&pprof->message), 1, pprof->message.count, pprof->export->out);
    str_clear(&pprof->message);
}

static void value_type_put(struct pprof *pprof, unsigned field, const char *type, const char *unit)
{
    protobuf_number(&pprof->part, VALUE_TYPE, string_number(pprof, type));
    protobuf_number(&pprof->part, VALUE_UNIT, string_number(pprof, unit));
    protobuf_part(&pprof->message, field, &pprof->part);
    message_put(pprof);
}

static void head_put(struct pprof *pprof)
{
    static const char count[] = "count", bytes[] = "bytes", space[] = "space";
    const struct export *export = pprof->export;
    enum export_metric shown = export->metric < 0 ? EXPORT_LEAKED : (enum export_metric)export->metric;
    struct str origin = {0};
    string_add(pprof, "");
    for (int i = 0; i < SAMPLE_TYPES; i++) {
        value_type_put(pprof, PROFILE_SAMPLE_TYPE, sample_types[i].objects, count);
        value_type_put(pprof, PROFILE_SAMPLE_TYPE, sample_types[i].space, bytes);
        if (sample_types[i].metric == shown)
            protobuf_number(&pprof->message, PROFILE_DEFAULT_SAMPLE_TYPE, string_number(pprof, sample_types[i].space));
    }
    message_put(pprof);
    value_type_put(pprof, PROFILE_PERIOD_TYPE, space, bytes);
    export_add_origin(export, &origin);
    protobuf_number(&pprof->message, PROFILE_PERIOD, export->header->sample_bytes ? export->header->sample_bytes : 1);
    protobuf_number(&pprof->message, PROFILE_TIME_NANOS, export->header->start_unix_ns);
    protobuf_number(&pprof->message, PROFILE_DURATION_NANOS, model_time(export->model));
    protobuf_packed(&pprof->part, string_add(pprof, str_text(&origin)));
    protobuf_part(&pprof->message, PROFILE_COMMENT, &pprof->part);
    message_put(pprof);
    str_done(&origin);
}

static void mappings_put(struct pprof *pprof)
{
    size_t count;
    const struct module *modules = model_modules(pprof->export->model, &count);
    for (size_t i = 0; i < count; i++) {
        char build_id[2 * sizeof modules->build_id + 1] = "";
        if (export_module(pprof->export, modules[i].id) != modules + i)
            continue;
        for (uint32_t byte = 0; byte < modules[i].build_id_bytes && byte < sizeof modules->build_id; byte++)
            snprintf(build_id + (size_t)2 * byte, 3, "%02x", modules[i].build_id[byte]);
        protobuf_number(&pprof->part, MAPPING_ID, modules[i].id);
        protobuf_number(&pprof->part, MAPPING_START, modules[i].start);
        protobuf_number(&pprof->part, MAPPING_END, modules[i].end);
        protobuf_number(&pprof->part, MAPPING_FILE, string_add(pprof, modules[i].path ? modules[i].path : "?"));
        protobuf_number(&pprof->part, MAPPING_BUILD_ID, string_add(pprof, build_id));
        /* names were looked for already: nobody need look again */
        for (unsigned field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINES; field++)
            protobuf_number(&pprof->part, field, 1);
        protobuf_part(&pprof->message, PROFILE_MAPPING, &pprof->part);
        message_put(pprof);
    }
}

static void function_put(struct pprof *pprof, uint64_t id, const struct frame_text *text)
{
    uint64_t name = string_number(pprof, text->function);
    struct str part = {0};
    protobuf_number(&part, FUNCTION_ID, id);
    protobuf_number(&part, FUNCTION_NAME, name);
    protobuf_number(&part, FUNCTION_SYSTEM_NAME, name);
    protobuf_number(&part, FUNCTION_FILE, string_number(pprof, text->file));
    protobuf_part(&pprof->message, PROFILE_FUNCTION, &part);
    message_put(pprof);
    str_done(&part);
}

static uint64_t function_number(struct pprof *pprof, const struct frame_text *text)
{
    struct frame_text function = {.function = text->function, .file = text->file};
    size_t before = pprof->functions.list.count;
    uint64_t id = frame_set_place(&pprof->functions, &function) + UINT64_C(1);
    if (id > before)
        function_put(pprof, id, &function);
    return id;
}

/* pprof->frames holds what the address reads as. */
static void location_put(struct pprof *pprof, uint64_t id, const struct location *location)
{
    const struct module *module = export_module(pprof->export, location->module);
    struct str lines = {0}, line = {0};
    for (size_t i = 0; i < pprof->frames.list.count; i++) {
        const struct frame_text *text = &pprof->frames.list.at[i].text;
        protobuf_number(&line, LINE_FUNCTION, function_number(pprof, text));
        protobuf_number(&line, LINE_LINE, text->line);
        protobuf_part(&lines, LOCATION_LINE, &line);
    }
    protobuf_number(&pprof->part, LOCATION_ID, id);
    protobuf_number(&pprof->part, LOCATION_MAPPING, module ? module->id : 0);
    protobuf_number(&pprof->part, LOCATION_ADDRESS, location->offset + (module ? module->bias : 0));
    str_add_bytes(&pprof->part, str_text(&lines), lines.count);
    protobuf_part(&pprof->message, PROFILE_LOCATION, &pprof->part);
    message_put(pprof);
    str_done(&lines);
    str_done(&line);
}

static uint64_t location_number(struct pprof *pprof, uint32_t stack)
{
    struct location location = {0};
    symbols_place(pprof->export->symbols, stack, &location.module, &location.offset);
    for (uint64_t key = (location.offset ^ (uint64_t)location.module << 48) * 0x9E3779B97F4A7C15u;; key++) {
        bool is_new;
        uint64_t *place = map_put(&pprof->location_places, key, &is_new);
        if (is_new) {
            vec_push(&pprof->locations, location);
            *place = pprof->locations.count;
            location_put(pprof, *place, &location);
            return pprof->locations.count;
        }
        const struct location *known = pprof->locations.at + *place - 1;
        if (known->offset == location.offset && known->module == location.module)
            return *place;
    }
}

static void locations_add(struct pprof *pprof, uint32_t stack, struct str *locations)
{
    for (int depth = 0; stack && depth < FRAMES_MOST; depth++, stack = symbols_parent(pprof->export->symbols, stack)) {
        frames_of_address(&pprof->frames, pprof->export->symbols, stack);
        if (pprof->frames.list.count && pprof->frames.list.at[0].role != FRAME_RECORDER)
            protobuf_packed(locations, location_number(pprof, stack));
    }
}

static void label_add(struct pprof *pprof, const struct site *site, struct str *sample)
{
    static const char key[] = "variable";
    size_t count;
    const struct source *sources = model_sources(pprof->export->model, &count);
    if (!site->source || site->source >= count || !sources[site->source].variable || !sources[site->source].variable[0])
        return;
    protobuf_number(&pprof->part, LABEL_KEY, string_number(pprof, key));
    protobuf_number(&pprof->part, LABEL_TEXT, string_number(pprof, sources[site->source].variable));
    protobuf_part(sample, SAMPLE_LABEL, &pprof->part);
}

static void sample_put(struct pprof *pprof, uint32_t number, const struct site *site)
{
    struct str sample = {0}, locations = {0}, values = {0};
    uint64_t any = 0;
    for (int i = 0; i < SAMPLE_TYPES; i++) {
        struct tally value = export_value(pprof->export, number, sample_types[i].metric);
        any |= value.bytes | value.count;
        protobuf_packed(&values, tally_count(value));
        protobuf_packed(&values, value.bytes);
    }
    if (any) {
        locations_add(pprof, site->stack, &locations);
        protobuf_part(&sample, SAMPLE_LOCATIONS, &locations);
        protobuf_part(&sample, SAMPLE_VALUES, &values);
        label_add(pprof, site, &sample);
        protobuf_part(&pprof->message, PROFILE_SAMPLE, &sample);
        message_put(pprof);
    }
    str_done(&sample);
    str_done(&locations);
    str_done(&values);
}

static bool pprof_write(struct export *export, struct error *error)
{
    (void)error;
    struct pprof pprof = {.export = export};
    size_t count;
    const struct site *site = model_sites(export->model, &count);
    head_put(&pprof);
    mappings_put(&pprof);
    for (uint32_t i = 0; i < count; i++)
        sample_put(&pprof, i, site + i);
    fwrite(str_text(&pprof.strings), 1, pprof.strings.count, export->out);
    str_done(&pprof.strings);
    str_done(&pprof.message);
    str_done(&pprof.part);
    map_done(&pprof.string_places);
    map_done(&pprof.location_places);
    vec_done(&pprof.locations);
    frame_set_done(&pprof.functions);
    frames_done(&pprof.frames);
    return true;
}

const struct export_format export_pprof = {
    .name = "pprof",
    .suffix = ".pb.gz",
    .about = "pprof's profile, for go tool pprof, Pyroscope, Parca, speedscope; --metric: what they show first",
    .open_with = "go tool pprof -http=:",
    .tables = export_no_tables,
    .pack = PACK_GZIP,
    .has_metrics = true,
    .write = pprof_write,
};
