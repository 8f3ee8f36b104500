/* report_before: in an earlier trace and one that was read, out what differs, for a report. */
#include "report_before.h"

#include "host/base/map.h"
#include "host/base/memory.h"

enum { BEFORE, AFTER, SIDES }; /* in the order in which tables are compared; AFTER is told first, so that its ids stay */

bool report_earlier_open(struct report_earlier *earlier, const char *path, const struct reading *now, struct reading_config *config, struct error *error)
{
    earlier->same = config->same = same_new(now->symbols);
    config->trace = AFTER;
    earlier->config = *config;
    earlier->config.has_slices = earlier->config.has_moments = false;
    earlier->config.event = NULL;
    earlier->config.symbols = now->symbols;
    earlier->config.trace = BEFORE;
    return reading_open(&earlier->reading, &earlier->config, path, error);
}

static const struct site *sites_of(const struct reading *reading, size_t *count)
{
    return model_sites(pipeline_model(reading->pipeline), count);
}

/* Stacks that people would call the same become one. */
static void stacks_match(struct report_earlier *earlier, const struct reading *now)
{
    size_t old_count, new_count;
    const struct site *old = sites_of(&earlier->reading, &old_count), *new = sites_of(now, &new_count);
    struct map ids = {0};
    bool is_new;
    for (size_t i = 0; i < new_count; i++) {
        uint64_t *id = map_put(&ids, same_key(earlier->same, same_id(earlier->same, AFTER, new[i].stack)), &is_new);
        if (is_new)
            *id = same_id(earlier->same, AFTER, new[i].stack);
    }
    earlier->stacks = memory_new(old_count + 1, sizeof *earlier->stacks);
    for (size_t i = 0; i < old_count; i++) {
        uint32_t own = same_id(earlier->same, BEFORE, old[i].stack);
        uint64_t *known = map_get(&ids, same_key(earlier->same, own));
        earlier->stacks[i] = known ? (uint32_t)*known : own;
    }
    map_done(&ids);
}

static void tables_compare(struct report_earlier *earlier, const struct reading *now)
{
    for (size_t i = 0; i < now->tables.count; i++) {
        const struct table *const tables[SIDES] = {[BEFORE] = earlier->reading.tables.at + i, [AFTER] = now->tables.at + i};
        struct table changes;
        if (compare_tables(&changes, tables, SIDES, earlier->same))
            vec_push(&earlier->changes, changes);
    }
}

static void note_make(struct report_earlier *earlier, const struct reading *now)
{
    bool is_sampled = now->header->sample_bytes || earlier->reading.header->sample_bytes;
    if (same_has_moved(earlier->same))
        str_add(&earlier->note, "some files differ in their build-id from the earlier recording: in them stacks are the same when their functions are, whatever the lines");
    if (!is_sampled)
        str_add_format(&earlier->note, "%sone run of each was compared: how much runs differ without any change is not known", earlier->note.count ? "; " : "");
    if (earlier->reading.problem.kind)
        str_add_format(&earlier->note, "%s%s", earlier->note.count ? "; " : "", earlier->reading.problem.text);
}

bool report_earlier_run(struct report_earlier *earlier, const struct reading *now, struct error *error)
{
    if (!reading_run(&earlier->reading, error))
        return false;
    stacks_match(earlier, now);
    tables_compare(earlier, now);
    note_make(earlier, now);
    earlier->before = (struct report_before){.path = earlier->reading.path,
                                             .header = earlier->reading.header,
                                             .model = pipeline_model(earlier->reading.pipeline),
                                             .stacks = earlier->stacks,
                                             .changes = earlier->changes.at,
                                             .change_count = earlier->changes.count,
                                             .note = str_text(&earlier->note)};
    return true;
}

void report_earlier_close(struct report_earlier *earlier)
{
    for (size_t i = 0; i < earlier->changes.count; i++)
        table_done(earlier->changes.at + i);
    vec_done(&earlier->changes);
    if (earlier->same)
        same_free(earlier->same);
    reading_close(&earlier->reading);
    memory_free(earlier->stacks);
    str_done(&earlier->note);
}
