/* reading: in a trace and what is wanted of it, out all tables, the time slices and the names. */
#include "reading.h"

#include <string.h>

#include "host/base/path.h"
#include "leak_rows.h"
#include "pass.h"

static void names_choose(struct reading *reading)
{
    const struct reading_config *config = reading->config;
    for (const struct analysis *const *at = analysis_list(); !config->tables && *at; at++)
        if (!config->wants || config->wants((*at)->name))
            vec_push(&reading->names, (*at)->name);
    for (const char *const *at = config->tables; at && *at; at++)
        vec_push(&reading->names, *at);
    vec_push(&reading->names, NULL);
}

bool reading_open(struct reading *reading, const struct reading_config *config, const char *path, struct error *error)
{
    *reading = (struct reading){.config = config, .path = path};
    reading->reader = trace_open(path, error);
    if (!reading->reader)
        return false;
    reading->header = trace_get_header(reading->reader);
    reading->symbols = config->symbols ? config->symbols : page_symbols(config->page, path);
    names_choose(reading);
    return true;
}

static void define_see(void *context, const struct event *event)
{
    const struct reading *reading = context;
    if (reading->config->same)
        same_see(reading->config->same, event);
    else
        symbols_see(reading->symbols, event);
}

static void changes_see(void *context, const struct changes *changes)
{
    const struct reading_config *config = ((struct reading *)context)->config;
    config->see(config->context, changes);
}

static void event_see(void *context, const struct event *event)
{
    const struct reading_config *config = ((struct reading *)context)->config;
    config->event(config->context, event);
}

static void answers_take(struct reading *reading)
{
    size_t count = reading->names.count - 1;
    for (size_t i = 0; i < count; i++) {
        struct table table;
        pipeline_answer(reading->pipeline, i, &table);
        if (!reading->config->same)
            leak_rows_name(&table, reading->symbols);
        vec_push(&reading->tables, table);
    }
    if (reading->config->has_slices)
        reading->slices = pipeline_state(reading->pipeline, count);
    if (reading->config->has_moments)
        reading->moments = pipeline_state(reading->pipeline, count + 1);
}

bool reading_run(struct reading *reading, struct error *error)
{
    static const struct analysis *const slices[] = {&analysis_slices, NULL}, *const both[] = {&analysis_slices, &analysis_moments, NULL};
    const struct reading_config *config = reading->config;
    struct pipeline_options chosen = {.tables = reading->names.at,
                                      .more = config->has_moments ? both : config->has_slices ? slices : NULL,
                                      .from_ns = config->from_ns,
                                      .to_ns = config->to_ns,
                                      .process = (uint32_t)config->process,
                                      .thread = (uint32_t)config->thread,
                                      .define = define_see,
                                      .see = config->see ? changes_see : NULL,
                                      .event = config->event ? event_see : NULL,
                                      .context = reading};
    reading->pipeline = pipeline_new(&chosen, reading->header, error);
    if (!reading->pipeline)
        return false;
    if (config->same)
        same_begin(config->same, config->trace);
    if (config->begin)
        config->begin(config->context, reading);
    pass_run(reading->pipeline, reading->reader, reading->path, config->to_ns, &reading->problem);
    answers_take(reading);
    return true;
}

const struct table *reading_table(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->tables.count; i++)
        if (!strcmp(reading->tables.at[i].name, name))
            return reading->tables.at + i;
    return NULL;
}

void reading_close(struct reading *reading)
{
    for (size_t i = 0; i < reading->tables.count; i++)
        table_done(reading->tables.at + i);
    vec_done(&reading->tables);
    vec_done(&reading->names);
    if (reading->pipeline)
        pipeline_free(reading->pipeline);
    if (reading->symbols && !reading->config->symbols)
        symbols_free(reading->symbols);
    if (reading->reader)
        trace_close(reading->reader);
}

char *reading_output_name(const char *path, const char *suffix, struct error *error)
{
    struct str name = {0};
    const char *base = path_name(path), *dot = strrchr(base, '.');
    if (!strcmp(path, "-")) {
        error_set(error, ERROR_USAGE, "a trace from standard input gives the file no name: say --output FILE");
        return NULL;
    }
    str_add_bytes(&name, base, dot && dot != base && !strcmp(dot, ".htrc") ? (size_t)(dot - base) : strlen(base));
    str_add(&name, suffix);
    return name.at;
}
