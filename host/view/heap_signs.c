/* heap_signs: ranges are laid over the pieces; what lies in two counts in both. */
#include "heap_signs.h"

#include <string.h>

#include "host/base/memory.h"

enum { EACH_LEAST = 16 };

struct places {
    int start, end, fill, state, age;
};

static struct places places_find(const struct table *table)
{
    return (struct places){table_find_column(table, "start"), table_find_column(table, "end"), table_find_column(table, "fill"), table_find_column(table, "state"),
                           table_find_column(table, "age_ns")};
}

bool heap_signs_fit(const struct table *table)
{
    struct places places = places_find(table);
    return places.start >= 0 && places.end >= 0 && (places.fill >= 0 || places.state >= 0);
}

static double range_fill(const union cell *row, const struct places *places)
{
    if (places->state >= 0)
        return strcmp(row[places->state].text, "free") ? 1 : 0;
    return row[places->fill].f;
}

static void sign_add(struct heap_sign *sign, double share, double used, uint64_t start, double age_ns)
{
    sign->fill += share;
    sign->start = sign->start ? sign->start : start;
    if (used <= sign->used)
        return;
    sign->used = used;
    sign->age_ns = age_ns;
}

/* `at`: bytes of all ranges before this one. */
static void range_put(struct heap_signs *signs, const union cell *row, const struct places *places, double at)
{
    double bytes = (double)(row[places->end].u - row[places->start].u), each = signs->each_bytes, fill = range_fill(row, places);
    size_t to = (size_t)((at + bytes) / each);
    for (size_t i = (size_t)(at / each); i <= to && i < signs->count; i++) {
        double begin = (double)i * each, low = at > begin ? at : begin, high = at + bytes < begin + each ? at + bytes : begin + each;
        if (high > low)
            sign_add(signs->at + i, fill * (high - low) / each, fill * (high - low), row[places->start].u + (uint64_t)(low - at),
                     places->age >= 0 ? (double)row[places->age].u : 0);
    }
}

void heap_signs_take(struct heap_signs *signs, const struct table *table, size_t from, size_t to, size_t most)
{
    struct places places = places_find(table);
    double at = 0;
    *signs = (struct heap_signs){.at = memory_new(most, sizeof *signs->at), .count = most};
    for (size_t row = from; row < to; row++)
        signs->bytes += (double)(table_at(table, row)[places.end].u - table_at(table, row)[places.start].u);
    signs->each_bytes = EACH_LEAST * ((double)(uint64_t)(signs->bytes / (double)most / EACH_LEAST) + 1);
    for (size_t row = from; row < to; row++) {
        const union cell *cells = table_at(table, row);
        range_put(signs, cells, &places, at);
        at += (double)(cells[places.end].u - cells[places.start].u);
    }
    while (signs->count && !signs->at[signs->count - 1].start)
        signs->count--;
}

void heap_signs_done(struct heap_signs *signs)
{
    memory_free(signs->at);
    *signs = (struct heap_signs){0};
}

unsigned heap_sign_step(double fill)
{
    return fill <= 0.001 ? 0 : fill < 0.25 ? 1 : fill < 0.6 ? 2 : fill < 0.95 ? 3 : 4;
}

const char *heap_sign_text(unsigned step, bool has_unicode)
{
    static const char *const unicode[HEAP_SIGN_STEPS] = {"·", "░", "▒", "▓", "█"}, *const ascii[HEAP_SIGN_STEPS] = {".", ":", "+", "*", "#"};
    return has_unicode ? unicode[step] : ascii[step];
}
