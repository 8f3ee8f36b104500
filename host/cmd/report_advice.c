/* report_advice: in the events of a report's trace, out the table `advice` for it. */
#include "report_advice.h"

#include "host/base/number.h"

/* What a report takes without being asked: requests that it keeps (32 bytes each), and requests that it plays. */
enum { AUTO_REQUESTS = 1 << 20, AUTO_PLAYED = 12 << 20 };

static bool is_part(const struct reading_config *config)
{
    return config->from_ns || config->to_ns || config->thread;
}

bool report_advice_begin(struct report_advice *advice, const struct report_advice_options *options, struct reading_config *config, const struct reading *reading,
                         struct error *error)
{
    *advice = (struct report_advice){.options = options};
    if (options->how == REPORT_ADVICE_ALL && is_part(config))
        return error_set(error, ERROR_USAGE, "--advice all is about a whole run: not with --from, --to or --thread");
    advice->is_on = options->how == REPORT_ADVICE_ALL || (options->how == REPORT_ADVICE_AUTO && !is_part(config) && !reading->header->sample_bytes);
    if (!advice->is_on)
        return true;
    if (!advising_begin(&advice->advising, &options->wish, reading->header, reading->symbols, error))
        return false;
    advice->advising.requests.only_process = (uint32_t)config->process;
    if (options->how == REPORT_ADVICE_AUTO)
        advice->advising.requests.most = AUTO_REQUESTS;
    config->event = advising_see;
    config->context = &advice->advising;
    return true;
}

/* A report that nobody asked for advice says what stands against it, and goes on. */
static bool table_make(struct report_advice *advice, struct table *table, const char *path, struct error *error)
{
    const struct report_advice_options *options = advice->options;
    const struct requests *requests = &advice->advising.requests;
    bool is_auto = options->how == REPORT_ADVICE_AUTO;
    char most[NUMBER_ROOM];
    struct error own = {0};
    if (is_auto && requests->left_out) {
        advice_table_begin(table);
        table_note(table, "more than %s requests are not replayed for a report: 'heaptracer advise %s' does", number_count(most, requests->most), path);
        return true;
    }
    if (advising_answer(&advice->advising, is_auto ? AUTO_PLAYED : 0, table, &own))
        return true;
    if (is_auto && !options->wish.allocator && !options->wish.arenas.count)
        table_note(table, "%s", own.text);
    else
        *error = own;
    return !error->kind;
}

bool report_advice_add(struct report_advice *advice, struct reading *reading, struct error *error)
{
    struct table table;
    if (!advice->is_on || !advice->advising.requests.list.count)
        return true;
    bool is_good = table_make(advice, &table, reading->path, error);
    vec_push(&reading->tables, table);
    return is_good;
}

void report_advice_end(struct report_advice *advice)
{
    if (advice->is_on)
        advising_done(&advice->advising);
}
