/* predict_table: rows are filled by the names of their columns' places. */
#include "predict_table.h"

#include <string.h>

#include "host/base/number.h"

enum {
    TARGET,
    TITLE,
    VERDICT,
    ARENA,
    PEAK_LOW,
    PEAK,
    PEAK_HIGH,
    TAKEN_LOW,
    TAKEN,
    TAKEN_HIGH,
    HEADROOM,
    OVERHEAD,
    KNOWN,
    HOST_PEAK,
    ALLOCATOR,
    MODELLED,
    REFUSALS,
    FIRST_TIME,
    FIRST_SIZE,
    FIRST_STACK,
    COLUMNS
};
static const struct column columns[] = {
    [TARGET] = {"target", "Target", "", "name of the profile", COLUMN_TEXT},
    [TITLE] = {"title", "What it is", "", "title of the profile", COLUMN_TEXT},
    [VERDICT] = {"verdict", "Verdict", "",
                 "fits: also with the highest sizes; likely fits: with the likely ones; likely fails: only with the lowest; fails: not even so", COLUMN_TEXT},
    [ARENA] = {"arena_bytes", "Arena", "", "memory of the heap there; 0: as much as the system gives", COLUMN_BYTES},
    [PEAK_LOW] = {"peak_low_bytes", "Peak, low", "", "most bytes asked for at once, if every unknown type is as small as it can be", COLUMN_BYTES},
    [PEAK] = {"peak_bytes", "Peak", "", "most bytes asked for at once, likely", COLUMN_BYTES},
    [PEAK_HIGH] = {"peak_high_bytes", "Peak, high", "", "most bytes asked for at once, if every unknown type is as large as it can be", COLUMN_BYTES},
    [TAKEN_LOW] = {"taken_low_bytes", "Taken, low", "", "with headers and padding, by the lowest sizes", COLUMN_BYTES},
    [TAKEN] = {"taken_bytes", "Taken", "", "most bytes that live blocks take at once, with headers and padding, by the likely sizes", COLUMN_BYTES},
    [TAKEN_HIGH] = {"taken_high_bytes", "Taken, high", "", "with headers and padding, by the highest sizes", COLUMN_BYTES},
    [HEADROOM] = {"headroom_bytes", "Headroom", "", "arena_bytes - taken_bytes; 0 without an arena", COLUMN_SIGNED_BYTES},
    [OVERHEAD] = {"overhead_share", "Overhead", "", "1 - peak_bytes / taken_bytes", COLUMN_RATIO},
    [KNOWN] = {"known_share", "Known", "", "share of the bytes at the peak, as recorded, whose type is known: the confidence", COLUMN_RATIO},
    [HOST_PEAK] = {"recorded_peak_bytes", "Recorded", "", "most bytes asked for at once in the recorded run", COLUMN_BYTES},
    [ALLOCATOR] = {"allocator", "Allocator", "", "of the profile", COLUMN_TEXT},
    [MODELLED] = {"modelled", "Modelled", "", "1: the requests were replayed on a model of that allocator; 0: headers and padding were counted", COLUMN_COUNT},
    [REFUSALS] = {"refusals", "Refused", "", "requests that the allocator there refuses, by the likely sizes", COLUMN_COUNT},
    [FIRST_TIME] = {"first_refusal_ns", "First at", "", "time of the first of them in the recorded run", COLUMN_TIME},
    [FIRST_SIZE] = {"first_refusal_bytes", "First size", "", "what it asked for there", COLUMN_BYTES},
    [FIRST_STACK] = {"first_refusal_stack", "First by", "", "who asked", COLUMN_STACK},
};

static double known_share(const struct prediction *prediction)
{
    return prediction->peak_bytes ? (double)prediction->known_bytes / (double)prediction->peak_bytes : 1;
}

static int64_t headroom_of(const struct prediction *prediction)
{
    return prediction->arena_bytes ? (int64_t)prediction->arena_bytes - (int64_t)prediction->taken.likely : 0;
}

static void row_fill(union cell *row, const struct prediction *prediction)
{
    const struct predicted_run *likely = &prediction->runs[1];
    const struct target_profile *profile = prediction->profile;
    row[TARGET].text = profile->name;
    row[TITLE].text = profile->title;
    row[VERDICT].text = verdict_word(prediction->verdict);
    row[ARENA].u = prediction->arena_bytes;
    row[PEAK_LOW].u = prediction->peak.low;
    row[PEAK].u = prediction->peak.likely;
    row[PEAK_HIGH].u = prediction->peak.high;
    row[TAKEN_LOW].u = prediction->taken.low;
    row[TAKEN].u = prediction->taken.likely;
    row[TAKEN_HIGH].u = prediction->taken.high;
    row[HEADROOM].i = headroom_of(prediction);
    row[OVERHEAD].f = prediction->overhead;
    row[KNOWN].f = known_share(prediction);
    row[HOST_PEAK].u = prediction->host_peak;
    row[ALLOCATOR].text = profile->allocator;
    row[MODELLED].u = prediction->is_simulated;
    row[REFUSALS].u = likely->refusals;
    row[FIRST_TIME].u = likely->first.time_ns;
    row[FIRST_SIZE].u = likely->first.size;
    row[FIRST_STACK].u = likely->first.stack;
}

void predict_table(struct table *table, const struct prediction *predictions, size_t count)
{
    table_init(table, "predict", "The same run on other machines",
               "Each recorded request is made again with the size that it would have there, on the allocator of that target; see docs/predict.md.", TABLE_ROWS,
               columns, COLUMNS);
    for (size_t i = 0; i < count; i++)
        row_fill(table_row(table), &predictions[i]);
}

static size_t widest(const struct prediction *predictions, size_t count, size_t (*width)(const struct prediction *prediction))
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t one = width(&predictions[i]);
        most = one > most ? one : most;
    }
    return most;
}

static size_t arena_width(const struct prediction *prediction)
{
    char text[NUMBER_ROOM];
    return strlen(number_bytes(text, prediction->arena_bytes));
}

static size_t headroom_width(const struct prediction *prediction)
{
    char text[NUMBER_ROOM];
    return strlen(number_signed_bytes(text, headroom_of(prediction)));
}

enum { PAGE_TARGET, PAGE_VERDICT, PAGE_ARENA, PAGE_LOW, PAGE_PEAK, PAGE_HIGH, PAGE_TAKEN, PAGE_HEADROOM, PAGE_OVERHEAD, PAGE_KNOWN, PAGE_COLUMNS };

static void page_fill(struct table *table, const struct prediction *prediction, int arena_columns, int headroom_columns)
{
    union cell *row = table_row(table);
    char arena[NUMBER_ROOM], headroom[NUMBER_ROOM];
    number_bytes(arena, prediction->arena_bytes);
    number_signed_bytes(headroom, headroom_of(prediction));
    bool is_limited = prediction->arena_bytes;
    row[PAGE_TARGET].text = prediction->profile->name;
    row[PAGE_VERDICT].text = verdict_word(prediction->verdict);
    row[PAGE_ARENA].text = table_text(table, "%*s", arena_columns, is_limited ? arena : "-");
    row[PAGE_LOW].u = prediction->peak.low;
    row[PAGE_PEAK].u = prediction->peak.likely;
    row[PAGE_HIGH].u = prediction->peak.high;
    row[PAGE_TAKEN].u = prediction->taken.likely;
    row[PAGE_HEADROOM].text = table_text(table, "%*s", headroom_columns, is_limited ? headroom : "-");
    row[PAGE_OVERHEAD].f = prediction->overhead;
    row[PAGE_KNOWN].f = known_share(prediction);
}

void predict_table_page(struct table *table, const struct prediction *predictions, size_t count, const char **shown)
{
    static const struct column page_columns[] = {
        [PAGE_TARGET] = {"target", "Target", "", "", COLUMN_TEXT},
        [PAGE_VERDICT] = {"verdict", "Verdict", "", "", COLUMN_TEXT},
        [PAGE_ARENA] = {"arena", "Arena", "", "", COLUMN_TEXT},
        [PAGE_LOW] = {"low", "Peak, low", "", "", COLUMN_BYTES},
        [PAGE_PEAK] = {"peak", "Peak", "", "", COLUMN_BYTES},
        [PAGE_HIGH] = {"high", "Peak, high", "", "", COLUMN_BYTES},
        [PAGE_TAKEN] = {"taken", "Taken", "", "", COLUMN_BYTES},
        [PAGE_HEADROOM] = {"headroom", "Headroom", "", "", COLUMN_TEXT},
        [PAGE_OVERHEAD] = {"overhead", "Overhead", "", "", COLUMN_RATIO},
        [PAGE_KNOWN] = {"known", "Known", "", "", COLUMN_RATIO},
    };
    static const char *const kinds[2][2] = {
        {"target,verdict,peak,taken,overhead,known", "target,verdict,low,peak,high,taken,overhead,known"},
        {"target,verdict,arena,peak,taken,headroom,overhead,known", "target,verdict,arena,low,peak,high,taken,headroom,overhead,known"}};
    bool is_limited = false, is_open = false;
    int arena = (int)widest(predictions, count, arena_width), headroom = (int)widest(predictions, count, headroom_width);
    table_init(table, "predict", "The same run on other machines", "", TABLE_ROWS, page_columns, PAGE_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        is_limited |= predictions[i].arena_bytes != 0;
        is_open |= predictions[i].peak.low != predictions[i].peak.high;
        page_fill(table, &predictions[i], arena, headroom);
    }
    *shown = kinds[is_limited][is_open];
}

enum { REFUSED_TARGET, REFUSED_COUNT, REFUSED_TIME, REFUSED_SIZE, REFUSED_STACK, REFUSED_COLUMNS };

void predict_table_refusals(struct table *table, const struct prediction *predictions, size_t count)
{
    static const struct column refusal_columns[] = {
        [REFUSED_TARGET] = {"target", "Target", "", "name of the profile", COLUMN_TEXT},
        [REFUSED_COUNT] = {"refusals", "Refused", "", "requests that the allocator there refuses, by the likely sizes", COLUMN_COUNT},
        [REFUSED_TIME] = {"first_ns", "First at", "", "time of the first of them in the recorded run", COLUMN_TIME},
        [REFUSED_SIZE] = {"first_bytes", "Its size", "", "what it asked for there", COLUMN_BYTES},
        [REFUSED_STACK] = {"first_stack", "Site", "", "who asked", COLUMN_STACK},
    };
    table_init(table, "predict_refusals", "Where it fails first", "The targets that refuse requests, by the likely sizes.", TABLE_ROWS, refusal_columns,
               REFUSED_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const struct predicted_run *likely = &predictions[i].runs[1];
        if (!likely->refusals)
            continue;
        union cell *row = table_row(table);
        row[REFUSED_TARGET].text = predictions[i].profile->name;
        row[REFUSED_COUNT].u = likely->refusals;
        row[REFUSED_TIME].u = likely->first.time_ns;
        row[REFUSED_SIZE].u = likely->first.size;
        row[REFUSED_STACK].u = likely->first.stack;
    }
}

enum { SITE_TARGET, SITE_HOW_WORD, SITE_WHAT, SITE_HOST, SITE_LOW, SITE_LIKELY, SITE_HIGH, SITE_ALLOCATIONS, SITE_ALLOCATED, SITE_STACK, SITE_COLUMNS };
static const struct column site_columns[] = {
    [SITE_TARGET] = {"target", "Target", "", "name of the profile", COLUMN_TEXT},
    [SITE_HOW_WORD] = {"how", "Known by", "",
                       "source: the expression in the source or the type that it is assigned to; variable: a variable of that type; hint: yours; pool: blocks "
                       "of a fixed number of bytes, whose number is not known; rule: not "
                       "known, an interval",
                       COLUMN_TEXT},
    [SITE_WHAT] = {"what", "What", "", "the expression or type", COLUMN_TEXT},
    [SITE_HOST] = {"recorded_bytes", "Recorded", "", "bytes live at the peak, as recorded", COLUMN_BYTES},
    [SITE_LOW] = {"low_bytes", "Low", "", "the same there, at least", COLUMN_BYTES},
    [SITE_LIKELY] = {"likely_bytes", "There", "", "the same there, likely", COLUMN_BYTES},
    [SITE_HIGH] = {"high_bytes", "High", "", "the same there, at most", COLUMN_BYTES},
    [SITE_ALLOCATIONS] = {"allocations", "Allocations", "", "requests of that site in the whole run", COLUMN_COUNT},
    [SITE_ALLOCATED] = {"allocated_bytes", "Allocated", "", "their bytes, as recorded", COLUMN_BYTES},
    [SITE_STACK] = {"stack", "Site", "", "who asked", COLUMN_STACK},
};

void predict_table_sites(struct table *table, const struct prediction *predictions, size_t count)
{
    table_init(table, "predict_sites", "Sites, and how their types are known", "The sites of the recorded peak, and what becomes of their blocks.", TABLE_ROWS,
               site_columns, SITE_COLUMNS);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < predictions[i].sites.count; j++) {
            const struct predicted_site *site = &predictions[i].sites.at[j];
            union cell *row = table_row(table);
            row[SITE_TARGET].text = predictions[i].profile->name;
            row[SITE_HOW_WORD].text = site_how_word(site->size.how);
            row[SITE_WHAT].text = table_text(table, "%s", site->size.text);
            row[SITE_HOST].u = site->peak_host;
            row[SITE_LOW].u = site->peak.low;
            row[SITE_LIKELY].u = site->peak.likely;
            row[SITE_HIGH].u = site->peak.high;
            row[SITE_ALLOCATIONS].u = site->allocations;
            row[SITE_ALLOCATED].u = site->allocated_bytes;
            row[SITE_STACK].u = site->stack;
        }
}

void predict_table_warnings(struct table *table, const struct prediction *predictions, size_t count)
{
    static const struct column warning_columns[] = {{"target", "Target", "", "name of the profile", COLUMN_TEXT},
                                                    {"warning", "Warning", "", "a sentence", COLUMN_TEXT}};
    table_init(table, "predict_warnings", "What to beware of", "What the figures above cannot say.", TABLE_ROWS, warning_columns, 2);
    for (size_t i = 0; i < count; i++) {
        const char *line = str_text(&predictions[i].warnings), *end;
        for (; (end = strchr(line, '\n')); line = end + 1) {
            const char *colon = strstr(line, ": ");
            union cell *row = table_row(table);
            const char *text = colon && colon < end ? colon + 2 : line;
            row[0].text = predictions[i].profile->name;
            row[1].text = table_text(table, "%.*s", (int)(end - text), text);
        }
    }
}
