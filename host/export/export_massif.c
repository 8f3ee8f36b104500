/* export_massif: in the timeline and the sites, out massif.out: a snapshot for each row, trees at the peak and at the end. */
#include "site_frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/utf8.h"

enum { MASSIF_PERCENT = 1, MASSIF_NS_PER_MS = 1000000, MASSIF_DEPTH_MOST = 200 };

struct massif {
    struct export *export;
    struct site_frames sites;
    enum export_metric metric;
    uint64_t whole;
    size_t number; /* of the next snapshot */
};

/* Stacks first to end - 1 share their innermost `depth` frames. */
struct massif_group {
    size_t first, end;
    uint64_t bytes;
};
struct massif_groups {
    VEC(struct massif_group) list;
};

static uint64_t massif_bytes(const struct massif *massif, size_t place)
{
    return export_value(massif->export, massif->sites.list.at[place].site, massif->metric).bytes;
}

static int compare_groups(const void *a, const void *b)
{
    uint64_t left = ((const struct massif_group *)a)->bytes, right = ((const struct massif_group *)b)->bytes;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* The groups by the frame at `depth`; stacks that end before it belong to none. Largest first. */
static void groups_find(const struct massif *massif, size_t first, size_t end, uint32_t depth, struct massif_groups *groups)
{
    bool is_open = false;
    uint32_t frame = 0;
    for (size_t i = first; i < end; i++) {
        const struct site_frame_range *range = massif->sites.list.at + i;
        if (range->count <= depth || !massif_bytes(massif, i))
            continue;
        if (!is_open || site_frame_at(&massif->sites, range, depth) != frame)
            vec_push(&groups->list, ((struct massif_group){.first = i}));
        is_open = true;
        frame = site_frame_at(&massif->sites, range, depth);
        groups->list.at[groups->list.count - 1].end = i + 1;
        groups->list.at[groups->list.count - 1].bytes += massif_bytes(massif, i);
    }
    if (groups->list.count)
        qsort(groups->list.at, groups->list.count, sizeof *groups->list.at, compare_groups);
}

static bool group_is_large(const struct massif *massif, const struct massif_group *group)
{
    return group->bytes * 100 >= massif->whole * MASSIF_PERCENT;
}

static void indent_put(const struct massif *massif, uint32_t depth)
{
    fprintf(massif->export->out, "%*s", (int)depth, "");
}

static void small_put(const struct massif *massif, const struct massif_groups *groups, size_t from, uint32_t depth)
{
    uint64_t bytes = 0;
    for (size_t i = from; i < groups->list.count; i++)
        bytes += groups->list.at[i].bytes;
    indent_put(massif, depth + 1);
    fprintf(massif->export->out, "n0: %" PRIu64 " in %zu place%s, %sbelow massif's threshold (%d.00%%)\n", bytes, groups->list.count - from,
            groups->list.count - from == 1 ? "" : "s", groups->list.count - from == 1 ? "" : "all ", MASSIF_PERCENT);
}

static void tree_put(const struct massif *massif, const struct massif_group *group, uint32_t depth, const char *label);

static void children_put(const struct massif *massif, const struct massif_groups *groups, size_t large, uint32_t depth)
{
    struct str label = {0};
    for (size_t i = 0; i < large; i++) {
        str_clear(&label);
        str_add(&label, "0x0: ");
        frame_text_add(&label, site_frame_text(&massif->sites, massif->sites.list.at + groups->list.at[i].first, depth));
        tree_put(massif, groups->list.at + i, depth + 1, str_text(&label));
    }
    if (large < groups->list.count)
        small_put(massif, groups, large, depth);
    str_done(&label);
}

static void tree_put(const struct massif *massif, const struct massif_group *group, uint32_t depth, const char *label)
{
    struct massif_groups groups = {0};
    size_t large = 0;
    if (depth < MASSIF_DEPTH_MOST)
        groups_find(massif, group->first, group->end, depth, &groups);
    while (large < groups.list.count && group_is_large(massif, groups.list.at + large))
        large++;
    indent_put(massif, depth);
    fprintf(massif->export->out, "n%zu: %" PRIu64 " %s\n", large + (large < groups.list.count), group->bytes, label);
    children_put(massif, &groups, large, depth);
    vec_done(&groups.list);
}

static void snapshot_put(struct massif *massif, uint64_t time_ns, uint64_t bytes, const char *tree)
{
    fprintf(massif->export->out, "#-----------\nsnapshot=%zu\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRIu64 "\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=%s\n",
            massif->number++, time_ns / MASSIF_NS_PER_MS, bytes, tree);
}

static void detailed_put(struct massif *massif, uint64_t time_ns, enum export_metric metric, uint64_t bytes, const char *tree)
{
    massif->metric = metric;
    massif->whole = bytes;
    snapshot_put(massif, time_ns, bytes, tree);
    tree_put(massif, &(struct massif_group){0, massif->sites.list.count, bytes}, 0, "(heap allocation functions) malloc/new/new[], --alloc-fns, etc.");
}

static void head_put(const struct export *export)
{
    struct str text = {0};
    str_add(&text, "desc: ");
    export_add_origin(export, &text);
    str_add(&text, "\ncmd: ");
    export_add_command(export, &text);
    fprintf(export->out, "%s\ntime_unit: ms\n", str_text(&text));
    str_done(&text);
}

/* Every row of the timeline with what lived at its end, and between them the peak to the byte. */
static bool massif_write(struct export *export, struct error *error)
{
    (void)error;
    struct massif massif = {.export = export};
    const struct table *timeline = export->tables;
    const struct model_totals *totals = model_get_totals(export->model);
    int time = table_find_column(timeline, "time_ns"), live = table_find_column(timeline, "live_bytes");
    uint64_t end_ns = model_time(export->model), peak_ns = totals->account.peak_time_ns;
    bool has_peak = false;
    site_frames_take(&massif.sites, export);
    site_frames_sort(&massif.sites);
    head_put(export);
    for (size_t i = 0; i < timeline->row_count; i++) {
        uint64_t until_ns = i + 1 < timeline->row_count ? table_at(timeline, i + 1)[time].u : end_ns;
        if (!has_peak && (peak_ns < until_ns || i + 1 == timeline->row_count)) {
            detailed_put(&massif, peak_ns, EXPORT_PEAK, totals->account.peak.bytes, "peak");
            has_peak = true;
        }
        if (i + 1 < timeline->row_count)
            snapshot_put(&massif, until_ns, table_at(timeline, i)[live].u, "empty");
    }
    detailed_put(&massif, end_ns, EXPORT_LEAKED, totals->left.bytes + totals->account.live.bytes, "detailed");
    site_frames_done(&massif.sites);
    return true;
}

static const char *const massif_tables[] = {"timeline", NULL};

const struct export_format export_massif = {
    .name = "massif",
    .suffix = ".massif.out",
    .about = "Valgrind's massif.out, for ms_print and massif-visualizer",
    .open_with = "ms_print",
    .tables = massif_tables,
    .write = massif_write,
};
