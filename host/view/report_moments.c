/* report_moments: in the moments of a run, out what lay where at each, as columns of the document. */
#include "report_moments.h"

#include <stddef.h>

enum figure { FIGURE_PROCESS, FIGURE_SKIP, FIGURE_CELLS, FIGURE_BYTES, FIGURE_COUNT };

static const struct coarse_runs *runs_of(const struct moment *moment, bool is_pages)
{
    return is_pages ? &moment->pages : &moment->heap;
}

static uint64_t figure_of(enum figure figure, const struct coarse_runs *runs, size_t i)
{
    const struct coarse_run *run = runs->list.at + i, *before = i && run[-1].process == run->process ? run - 1 : NULL;
    switch (figure) {
    case FIGURE_PROCESS:
        return run->process;
    case FIGURE_SKIP:
        return run->cell - (before ? before->cell + before->cells : 0);
    case FIGURE_CELLS:
        return run->cells;
    default:
        return run->bytes;
    }
}

/* Then it is told once. */
static bool has_one_value(const struct moments *moments, bool is_pages, enum figure figure)
{
    uint64_t value = 0;
    bool is_known = false;
    for (size_t i = 0; i < moments->count; i++) {
        const struct coarse_runs *runs = runs_of(moments->list + i, is_pages);
        for (size_t j = 0; j < runs->list.count; j++, is_known = true) {
            if (is_known && figure_of(figure, runs, j) != value)
                return false;
            value = figure_of(figure, runs, j);
        }
    }
    return true;
}

static void figure_put(struct json *json, const char *key, const struct moments *moments, bool is_pages, enum figure figure)
{
    bool is_same = has_one_value(moments, is_pages, figure), is_told = false;
    json_array(json, key);
    for (size_t i = 0; i < moments->count; i++) {
        const struct coarse_runs *runs = runs_of(moments->list + i, is_pages);
        for (size_t j = 0; j < runs->list.count && !(is_same && is_told); j++, is_told = true)
            json_unsigned(json, NULL, figure_of(figure, runs, j));
    }
    json_end(json);
}

static void map_put(struct json *json, const char *table, const struct moments *moments, bool is_pages)
{
    static const char *const keys[] = {[FIGURE_PROCESS] = "process", [FIGURE_SKIP] = "skip", [FIGURE_CELLS] = "cells", [FIGURE_BYTES] = "live_bytes"};
    size_t first = 0;
    json_object(json, NULL);
    json_text(json, "table", table);
    json_unsigned(json, "cell_bytes", moments->count ? 1ull << runs_of(moments->list, is_pages)->log2 : 0);
    json_array(json, "first");
    for (size_t i = 0; i <= moments->count; i++) {
        json_unsigned(json, NULL, first);
        first += i < moments->count ? runs_of(moments->list + i, is_pages)->list.count : 0;
    }
    json_end(json);
    for (enum figure figure = 0; figure < FIGURE_COUNT; figure++)
        figure_put(json, keys[figure], moments, is_pages, figure);
    json_end(json);
}

void report_moments_put(struct json *json, const struct moments *moments)
{
    if (!moments)
        return;
    struct moments *taken = moments_take(moments);
    json_object(json, "moments");
    json_array(json, "time_ns");
    for (size_t i = 0; i < taken->count; i++)
        json_unsigned(json, NULL, taken->list[i].time_ns);
    json_end(json);
    json_array(json, "maps");
    map_put(json, "heap_map", taken, false);
    map_put(json, "page_map", taken, true);
    json_end(json);
    json_end(json);
    moments_done(taken);
}
