/* advice_text: in a row of the table `advice`, out its figures in one sentence for people. */
#include "advice_text.h"

#include <stdlib.h>

#include "host/base/number.h"

static union cell cell_of(const struct table *advice, size_t row, const char *column)
{
    int at = table_find_column(advice, column);
    return at < 0 ? (union cell){0} : table_at(advice, row)[at];
}

const char *advice_cell(const struct table *advice, size_t row, const char *column)
{
    const char *text = cell_of(advice, row, column).text;
    return text ? text : "";
}

uint32_t advice_stack(const struct table *advice, size_t row)
{
    return (uint32_t)cell_of(advice, row, "stack").u;
}

static void amount_add(struct str *out, int64_t saved, const char *number, const char *less, const char *more, const char *what)
{
    if (saved)
        str_add_format(out, "%s%s %s %s", out->count ? ", " : "", number, saved > 0 ? less : more, what);
}

static void bytes_add(struct str *out, int64_t saved, const char *what)
{
    char text[NUMBER_ROOM];
    amount_add(out, saved, number_bytes(text, (uint64_t)llabs(saved)), "less", "more", what);
}

static void count_add(struct str *out, int64_t saved, const char *what)
{
    char text[NUMBER_ROOM];
    amount_add(out, saved, number_count(text, (uint64_t)llabs(saved)), "fewer", "more", what);
}

static void points_add(struct str *out, double saved)
{
    int64_t tenths = (int64_t)(saved * 10);
    struct str number = {0};
    str_add_format(&number, "%lld.%lld points", (long long)(llabs(tenths) / 10), (long long)(llabs(tenths) % 10));
    amount_add(out, tenths, str_text(&number), "less", "more", "fragmentation");
    str_done(&number);
}

void advice_sentence(struct str *out, const struct table *advice, size_t row)
{
    char share[NUMBER_ROOM], priority[NUMBER_ROOM];
    int64_t memory = cell_of(advice, row, "saved_bytes").i;
    uint64_t sites = cell_of(advice, row, "sites").u, lines = cell_of(advice, row, "lines").u;
    str_clear(out);
    bytes_add(out, memory, "memory");
    if (memory > 0)
        str_add_format(out, " (%s)", number_ratio(share, cell_of(advice, row, "saved_share").f));
    count_add(out, cell_of(advice, row, "refusals_avoided").i, "refused requests");
    points_add(out, cell_of(advice, row, "fragmentation_points").f);
    count_add(out, cell_of(advice, row, "calls_saved").i, "calls");
    bytes_add(out, cell_of(advice, row, "copied_saved_bytes").i, "copied");
    str_add_format(out, "; effort: %llu place%s, about %llu line%s; priority %s", (unsigned long long)sites, sites == 1 ? "" : "s", (unsigned long long)lines,
                   lines == 1 ? "" : "s", number_real(priority, cell_of(advice, row, "priority").f));
}
