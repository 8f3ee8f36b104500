/* report_sites: in the model, its tables and time slices, out columns: each site one place in all of them. */
#include "report_sites.h"

#include <stddef.h>
#include <stdlib.h>

enum { STACK, SOURCE, ALLOCATED, ALLOCATIONS, FREED, FREES, LEAKED, LEAKED_COUNT, PEAK, PEAK_COUNT, OWN_PEAK, TEMPORARY, TEMPORARY_COUNT, REFUSED, MEDIAN, COLUMNS };
static const char *const column_names[COLUMNS] = {
    [STACK] = "stack", [SOURCE] = "source", [ALLOCATED] = "allocated_bytes", [ALLOCATIONS] = "allocated_count", [FREED] = "freed_bytes", [FREES] = "freed_count",
    [LEAKED] = "leaked_bytes", [LEAKED_COUNT] = "leaked_count", [PEAK] = "peak_bytes", [PEAK_COUNT] = "peak_count", [OWN_PEAK] = "own_peak_bytes",
    [TEMPORARY] = "temporary_bytes", [TEMPORARY_COUNT] = "temporary_count", [REFUSED] = "refused_count", [MEDIAN] = "lifetime_median_ns",
};
struct site_row {
    uint64_t cells[COLUMNS];
};

struct site_weight {
    double share;
    uint32_t site;
};

static int weight_order(const void *left, const void *right)
{
    const struct site_weight *a = left, *b = right;
    return a->share != b->share ? (a->share < b->share) - (a->share > b->share) : (a->site > b->site) - (a->site < b->site);
}

static bool site_is_used(const struct site *site)
{
    return site->account.allocated.count || site->account.freed.count || site->account.live.count || site->left.count || site->refused;
}

/* A call stack that leaks matters, however little it allocates. */
static double site_share(const struct model *model, const struct site *site, uint32_t number)
{
    const struct model_totals *totals = model_get_totals(model);
    double leaked = (double)(totals->left.bytes + totals->account.live.bytes), allocated = (double)totals->account.allocated.bytes, peak = (double)totals->account.peak.bytes;
    return (double)site->account.allocated.bytes / (allocated + 1) + (double)(site->account.live.bytes + site->left.bytes) / (leaked + 1) +
           (double)model_site_at_peak(model, number).bytes / (peak + 1);
}

static struct site_weight *weights_make(const struct model *model, size_t *used)
{
    size_t count;
    const struct site *sites = model_sites(model, &count);
    struct site_weight *weights = memory_new(count, sizeof *weights);
    *used = 0;
    for (size_t i = 0; i < count; i++)
        if (site_is_used(sites + i))
            weights[(*used)++] = (struct site_weight){site_share(model, sites + i, (uint32_t)i), (uint32_t)i};
    qsort(weights, *used, sizeof *weights, weight_order);
    return weights;
}

void report_sites_choose(struct report_sites *sites, const struct model *model)
{
    size_t used, all;
    struct site_weight *weights = weights_make(model, &used);
    model_sites(model, &all);
    size_t most = used > REPORT_SITES_MOST ? REPORT_SITES_MOST - 1 : used;
    *sites = (struct report_sites){memory_new(used + 1, sizeof *sites->order), memory_new(all + 1, sizeof *sites->places), most + (used > most), used - most};
    for (size_t i = 0; i < all; i++)
        sites->places[i] = (uint32_t)(sites->count ? sites->count - 1 : 0);
    for (size_t i = 0; i < used; i++) {
        sites->order[i] = weights[i].site;
        sites->places[weights[i].site] = (uint32_t)(i < most ? i : most);
    }
    memory_free(weights);
}

static void row_add(struct site_row *row, const struct model *model, uint32_t number)
{
    size_t count;
    const struct site *site = model_sites(model, &count) + number;
    struct tally peak = model_site_at_peak(model, number), leaked = {site->left.bytes + site->account.live.bytes, site->left.count + site->account.live.count};
    row->cells[ALLOCATED] += site->account.allocated.bytes;
    row->cells[ALLOCATIONS] += tally_count(site->account.allocated);
    row->cells[FREED] += site->account.freed.bytes;
    row->cells[FREES] += tally_count(site->account.freed);
    row->cells[LEAKED] += leaked.bytes;
    row->cells[LEAKED_COUNT] += tally_count(leaked);
    row->cells[PEAK] += peak.bytes;
    row->cells[PEAK_COUNT] += tally_count(peak);
    row->cells[OWN_PEAK] += site->account.peak.bytes;
    row->cells[TEMPORARY] += site->temporary.bytes;
    row->cells[TEMPORARY_COUNT] += tally_count(site->temporary);
    row->cells[REFUSED] += site->refused;
}

/* By stack: the median lifetime of its blocks. */
static void medians_take(struct map *medians, const struct table *lifetimes)
{
    int stack = lifetimes ? table_find_column(lifetimes, "stack") : -1, median = lifetimes ? table_find_column(lifetimes, "median_ns") : -1;
    for (size_t i = 0; stack >= 0 && median >= 0 && i < lifetimes->row_count; i++)
        *map_put(medians, table_at(lifetimes, i)[stack].u, NULL) = table_at(lifetimes, i)[median].u;
}

static struct site_row *rows_make(const struct report_sites *sites, const struct model *model, const uint32_t *ids, struct report_stacks *stacks,
                                  const struct table *lifetimes)
{
    struct site_row *rows = memory_new(sites->count + 1, sizeof *rows);
    struct map medians = {0};
    size_t all;
    const struct site *site = model_sites(model, &all);
    medians_take(&medians, lifetimes);
    for (size_t i = 0; i + !!sites->merged < sites->count; i++) {
        const struct site *own = site + sites->order[i];
        uint64_t *median = map_get(&medians, own->stack);
        rows[i].cells[STACK] = report_stacks_place(stacks, ids ? ids[sites->order[i]] : own->stack);
        rows[i].cells[SOURCE] = ids ? 0 : own->source;
        rows[i].cells[MEDIAN] = median ? *median : 0;
    }
    for (size_t i = 0; i < sites->count - !!sites->merged + sites->merged; i++)
        row_add(rows + sites->places[sites->order[i]], model, sites->order[i]);
    map_done(&medians);
    return rows;
}

void report_sites_put(const struct report_sites *sites, struct json *json, const struct model *model, const uint32_t *ids, struct report_stacks *stacks,
                      const struct table *lifetimes)
{
    struct site_row *rows = rows_make(sites, model, ids, stacks, lifetimes);
    json_object(json, "sites");
    for (int column = 0; column < COLUMNS; column++) {
        json_array(json, column_names[column]);
        for (size_t i = 0; i < sites->count; i++)
            json_unsigned(json, NULL, rows[i].cells[column]);
        json_end(json);
    }
    json_end(json);
    memory_free(rows);
}

void report_sites_done(struct report_sites *sites)
{
    memory_free(sites->order);
    memory_free(sites->places);
}

/* Counts are kept in units of TALLY_ONE. */
static void amounts_put(struct json *json, const char *key, const void *first, size_t count, size_t stride, bool is_count)
{
    json_array(json, key);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = *(const uint64_t *)((const char *)first + i * stride);
        json_unsigned(json, NULL, is_count ? tally_count((struct tally){0, value}) : value);
    }
    json_end(json);
}

static void tallies_put(struct json *json, const char *bytes_key, const char *count_key, const struct tally *first, size_t count, size_t stride)
{
    amounts_put(json, bytes_key, &first->bytes, count, stride, false);
    amounts_put(json, count_key, &first->count, count, stride, true);
}

static void cells_put(struct json *json, const char *key, const struct slice_columns *columns)
{
    const struct slice_cell none = {0}, *cells = columns->cells.count ? columns->cells.at : &none;
    size_t count = columns->cells.count, stride = sizeof *cells;
    json_object(json, key);
    json_array(json, "first");
    for (size_t i = 0; i < columns->first.count; i++)
        json_unsigned(json, NULL, columns->first.at[i]);
    json_end(json);
    json_array(json, "slice");
    for (size_t i = 0; i < count; i++)
        json_unsigned(json, NULL, cells[i].slice);
    json_end(json);
    tallies_put(json, "allocated_bytes", "allocated_count", &cells->allocated, count, stride);
    tallies_put(json, "freed_bytes", "freed_count", &cells->freed, count, stride);
    tallies_put(json, "leaked_bytes", "leaked_count", &cells->leaked, count, stride);
    amounts_put(json, "temporary_count", &cells->temporary, count, stride, true);
    json_end(json);
}

void report_slices_put(struct json *json, const struct slices_answer *slices)
{
    const struct slice_total *totals = slices->totals;
    json_object(json, "slices");
    json_unsigned(json, "begin_ns", slices->begin_ns);
    json_unsigned(json, "width_ns", slices->width_ns);
    json_unsigned(json, "count", slices->count);
    tallies_put(json, "live_bytes", "live_count", &totals->live, slices->count, sizeof *totals);
    tallies_put(json, "allocated_bytes", "allocated_count", &totals->allocated, slices->count, sizeof *totals);
    tallies_put(json, "freed_bytes", "freed_count", &totals->freed, slices->count, sizeof *totals);
    amounts_put(json, "temporary_count", &totals->temporary, slices->count, sizeof *totals, true);
    cells_put(json, "sites", &slices->sites);
    cells_put(json, "threads", &slices->threads);
    cells_put(json, "sizes", &slices->sizes);
    json_end(json);
}
