/* export_speedscope: in the sites, out speedscope's JSON: one sampled profile for each metric, each stack with its bytes. */
#include "site_frames.h"

#include "host/base/json.h"
#include "host/base/utf8.h"

static const char *const profile_names[EXPORT_METRICS] = {"never freed", "at the peak", "allocated", "temporary"};

static void text_put(struct json *json, const char *key, const char *text)
{
    struct str clean = {0};
    utf8_add_clean(&clean, text);
    json_text(json, key, str_text(&clean));
    str_done(&clean);
}

static void frames_put(struct json *json, const struct site_frames *sites)
{
    json_object(json, "shared");
    json_array(json, "frames");
    for (size_t i = 0; i < sites->set.list.count; i++) {
        const struct frame_text *text = sites->set.list.at + i;
        json_object(json, NULL);
        text_put(json, "name", text->function);
        if (text->file || text->module[0])
            text_put(json, "file", text->file ? text->file : text->module);
        if (text->line)
            json_unsigned(json, "line", text->line);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

static void stack_put(struct json *json, const struct site_frames *sites, const struct site_frame_range *range)
{
    json_array(json, NULL);
    for (uint32_t frame = range->count; frame-- > 0;)
        json_unsigned(json, NULL, site_frame_at(sites, range, frame));
    json_end(json);
}

static void profile_put(struct json *json, const struct export *export, const struct site_frames *sites, enum export_metric metric)
{
    uint64_t whole = 0;
    for (size_t i = 0; i < sites->list.count; i++)
        whole += export_value(export, sites->list.at[i].site, metric).bytes;
    json_object(json, NULL);
    json_text(json, "type", "sampled");
    json_text(json, "name", profile_names[metric]);
    json_text(json, "unit", "bytes");
    json_unsigned(json, "startValue", 0);
    json_unsigned(json, "endValue", whole);
    json_array(json, "samples");
    for (size_t i = 0; i < sites->list.count; i++)
        if (export_value(export, sites->list.at[i].site, metric).bytes)
            stack_put(json, sites, sites->list.at + i);
    json_end(json);
    json_array(json, "weights");
    for (size_t i = 0; i < sites->list.count; i++)
        if (export_value(export, sites->list.at[i].site, metric).bytes)
            json_unsigned(json, NULL, export_value(export, sites->list.at[i].site, metric).bytes);
    json_end(json);
    json_end(json);
}

static bool speedscope_write(struct export *export, struct error *error)
{
    (void)error;
    struct site_frames sites = {0};
    struct json json = {.out = export->out, .line_depth = 3};
    struct str name = {0};
    site_frames_take(&sites, export);
    export_add_command(export, &name);
    json_object(&json, NULL);
    json_text(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    json_text(&json, "name", str_text(&name));
    json_text(&json, "exporter", "heaptracer " HT_VERSION);
    json_unsigned(&json, "activeProfileIndex", 0);
    frames_put(&json, &sites);
    json_array(&json, "profiles");
    for (int metric = 0; metric < EXPORT_METRICS; metric++) {
        /* the page opens the first: the peak, which no run is without */
        enum export_metric shown = metric == 0 ? EXPORT_PEAK : metric == 1 ? EXPORT_LEAKED : (enum export_metric)metric;
        if (export->metric < 0 || export->metric == (int)shown)
            profile_put(&json, export, &sites, shown);
    }
    json_end(&json);
    json_end(&json);
    str_done(&name);
    site_frames_done(&sites);
    return true;
}

const struct export_format export_speedscope = {
    .name = "speedscope",
    .suffix = ".speedscope.json",
    .about = "speedscope's own format, a profile for each metric",
    .open_with = "speedscope",
    .tables = export_no_tables,
    .has_metrics = true,
    .write = speedscope_write,
};
