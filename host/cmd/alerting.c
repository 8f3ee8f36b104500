/* alerting: only the tables that a rule names are answered. */
#include "alerting.h"

#include <string.h>

#include "host/base/memory.h"

static bool is_among(const char **names, size_t count, const char *name)
{
    bool is_there = false;
    for (size_t i = 0; i < count; i++)
        is_there |= !strcmp(names[i], name);
    return is_there;
}

const char **alerting_tables(const struct rules *rules, const char *const *more)
{
    size_t count = 0, most = rules->list.count + 1;
    for (size_t i = 0; more && more[i]; i++)
        most++;
    const char **names = memory_new(most, sizeof *names);
    for (; more && more[count]; count++)
        names[count] = more[count];
    for (size_t i = 0; i < rules->list.count; i++)
        if (!is_among(names, count, rules->list.at[i].gate.table))
            names[count++] = rules->list.at[i].gate.table;
    return names;
}

bool alerting_look(struct alerts *alerts, const struct feed *feed, uint64_t time_ns, struct error *error)
{
    bool is_good = true;
    const char **names = alerting_tables(alerts->rules, NULL);
    for (size_t i = 0; names[i] && is_good; i++) {
        struct table table;
        pipeline_flush(feed->pipeline);
        pipeline_answer(feed->pipeline, feed_analysis(feed, names[i]), &table);
        is_good = alerts_look(alerts, &table, 1, time_ns, error);
        table_done(&table);
    }
    memory_free(names);
    return is_good;
}
