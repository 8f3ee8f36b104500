/* export_dhat: in the sites and how long their blocks lived, out DHAT's JSON for Valgrind's dh_view.html. */
#include "site_frames.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/json.h"

enum { DHAT_FIRST_FRAME = 1, DHAT_NS_PER_US = 1000, DHAT_SHORT_US = 500 };

struct dhat {
    VEC(double) lifetimes_ns; /* by site: sum over its blocks that ended */
};

static void lifetime_add(struct dhat *dhat, const struct block *block, struct tally amount, uint64_t now_ns)
{
    vec_extend(&dhat->lifetimes_ns, block->site + 1);
    if (now_ns > block->birth_ns)
        dhat->lifetimes_ns.at[block->site] += (double)(now_ns - block->birth_ns) * (double)amount.count / TALLY_ONE;
}

static void dhat_begin(struct export *export)
{
    export->state = memory_new(1, sizeof(struct dhat));
}

static void dhat_see(struct export *export, const struct changes *changes)
{
    struct dhat *dhat = export->state;
    for (size_t i = 0; i < changes->freed_count; i++)
        lifetime_add(dhat, &changes->freed[i]->block, changes->freed[i]->amount, changes->freed[i]->time_ns);
    for (size_t i = 0; i < changes->rare_count; i++) {
        const struct change *change = changes->rare[i];
        if (change->kind == CHANGE_RESIZE)
            lifetime_add(dhat, &change->old, model_weigh(export->model, &change->old), change->time_ns);
        else if (change->kind == CHANGE_LEAVE || change->kind == CHANGE_VANISH)
            lifetime_add(dhat, &change->block, change->amount, change->time_ns);
    }
}

static void dhat_end(struct export *export)
{
    struct dhat *dhat = export->state;
    vec_done(&dhat->lifetimes_ns);
    memory_free(dhat);
}

static void living_see(void *context, const struct block *block)
{
    struct export *export = context;
    lifetime_add(export->state, block, model_weigh(export->model, block), model_time(export->model));
}

/* The numbers of one program point: sites whose frames read the same are one. */
struct dhat_point {
    struct tally total, most, at_peak, at_end;
    double lifetimes_ns;
};

static void tally_sum(struct tally *sum, struct tally part)
{
    sum->bytes += part.bytes;
    sum->count += part.count;
}

static void point_add(struct dhat_point *point, const struct export *export, uint32_t number)
{
    size_t count;
    const struct dhat *dhat = export->state;
    const struct site *site = model_sites(export->model, &count) + number;
    tally_sum(&point->total, site->account.allocated);
    tally_sum(&point->most, site->account.peak);
    tally_sum(&point->at_peak, export_value(export, number, EXPORT_PEAK));
    tally_sum(&point->at_end, export_value(export, number, EXPORT_LEAKED));
    if (number < dhat->lifetimes_ns.count)
        point->lifetimes_ns += dhat->lifetimes_ns.at[number];
}

static void amount_put(struct json *json, const char *bytes, const char *blocks, struct tally amount)
{
    json_unsigned(json, bytes, amount.bytes);
    json_unsigned(json, blocks, tally_count(amount));
}

static void point_put(struct json *json, const struct dhat_point *point, const struct site_frames *sites, const struct site_frame_range *range)
{
    json_object(json, NULL);
    amount_put(json, "tb", "tbk", point->total);
    json_unsigned(json, "tl", (uint64_t)(point->lifetimes_ns / DHAT_NS_PER_US));
    amount_put(json, "mb", "mbk", point->most);
    amount_put(json, "gb", "gbk", point->at_peak);
    amount_put(json, "eb", "ebk", point->at_end);
    json_array(json, "fs");
    for (uint32_t frame = 0; frame < range->count; frame++)
        json_unsigned(json, NULL, site_frame_at(sites, range, frame) + DHAT_FIRST_FRAME);
    json_end(json);
    json_end(json);
}

static void points_put(struct json *json, const struct export *export, const struct site_frames *sites)
{
    json_array(json, "pps");
    for (size_t i = 0, next; i < sites->list.count; i = next) {
        struct dhat_point point = {0};
        for (next = i; next < sites->list.count && site_frames_are_equal(sites, sites->list.at + i, sites->list.at + next); next++)
            point_add(&point, export, sites->list.at[next].site);
        point_put(json, &point, sites, sites->list.at + i);
    }
    json_end(json);
}

static void frames_put(struct json *json, const struct site_frames *sites)
{
    struct str text = {0};
    json_array(json, "ftbl");
    json_text(json, NULL, "[root]");
    for (size_t i = 0; i < sites->set.list.count; i++) {
        str_clear(&text);
        frame_text_add(&text, sites->set.list.at + i);
        json_text(json, NULL, str_text(&text));
    }
    json_end(json);
    str_done(&text);
}

static void head_put(struct json *json, const struct export *export)
{
    struct str command = {0};
    size_t count;
    const struct process *processes = model_processes(export->model, &count);
    export_add_command(export, &command);
    json_unsigned(json, "dhatFileVersion", 2);
    json_text(json, "mode", "heap");
    json_text(json, "verb", "Allocated");
    json_bool(json, "bklt", true);
    json_bool(json, "bkacc", false);
    json_text(json, "tu", "µs");
    json_text(json, "Mtu", "s");
    json_unsigned(json, "tuth", DHAT_SHORT_US);
    json_text(json, "cmd", str_text(&command));
    json_unsigned(json, "pid", count > 1 ? processes[1].pid : 0);
    json_unsigned(json, "te", model_time(export->model) / DHAT_NS_PER_US);
    json_unsigned(json, "tg", model_get_totals(export->model)->account.peak_time_ns / DHAT_NS_PER_US);
    str_done(&command);
}

static bool dhat_write(struct export *export, struct error *error)
{
    (void)error;
    struct json json = {.out = export->out, .line_depth = 2};
    struct site_frames sites = {0};
    model_each_block(export->model, living_see, export);
    site_frames_take(&sites, export);
    site_frames_sort(&sites);
    json_object(&json, NULL);
    head_put(&json, export);
    points_put(&json, export, &sites);
    frames_put(&json, &sites);
    json_end(&json);
    site_frames_done(&sites);
    return true;
}

const struct export_format export_dhat = {
    .name = "dhat",
    .suffix = ".dhat.json",
    .about = "DHAT's JSON with lifetimes, for Valgrind's dh_view.html and the Firefox Profiler",
    .tables = export_no_tables,
    .begin = dhat_begin,
    .see = dhat_see,
    .end = dhat_end,
    .write = dhat_write,
};
