/* replaying: in the events of a trace and an allocator, out the tables of a replay on it. */
#include "replaying.h"

#include <string.h>

#include "host/base/number.h"
#include "host/replay/replay_table.h"

static const struct {
    const char *name;
    void (*make)(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count);
} tables[] = {{"replay", replay_table}, {"replay_first", replay_table_first}, {"replay_refusals", replay_table_refusals}};
enum { TABLES = sizeof tables / sizeof *tables };

static bool name_check(const struct allocator_wish *wish, struct error *error)
{
    struct play_config config;
    char *options = NULL;
    bool is_good = contest_config(wish->allocator, &config, &options, error);
    memory_free(options);
    return is_good;
}

bool replaying_begin(struct replaying *replaying, const struct allocator_wish *wish, const struct trace_header *header, bool fits, struct error *error)
{
    *replaying = (struct replaying){.wish = wish, .contest.fits = fits};
    requests_init(&replaying->requests, header);
    return name_check(wish, error) && allocator_wish_arenas(wish, &replaying->wishes, error);
}

void replaying_see(void *context, const struct event *event)
{
    requests_put(&((struct replaying *)context)->requests, event);
}

static bool replay_run(struct replaying *replaying, const char *path, struct error *error)
{
    struct contest *contest = &replaying->contest;
    contest->requests = &replaying->requests;
    contest->wishes = &replaying->wishes;
    if (!replaying->requests.list.count)
        return error_set(error, ERROR_READ, "'%s' has no request for memory to replay", path);
    if (!arena_wishes_check(&replaying->wishes, &replaying->requests, error) || !contest_add(contest, replaying->wish->allocator, error))
        return false;
    contest_run(contest);
    for (size_t i = 0; i < contest->entries.count; i++)
        if (!contest->entries.at[i].is_done) {
            *error = contest->entries.at[i].error;
            return false;
        }
    return true;
}

bool replaying_add(struct replaying *replaying, struct reading *reading, struct error *error)
{
    if (!replay_run(replaying, reading->path, error))
        return false;
    for (size_t i = 0; i < TABLES; i++) {
        struct table table;
        tables[i].make(&table, &replaying->requests, replaying->contest.entries.at, replaying->contest.entries.count);
        vec_push(&reading->tables, table);
    }
    return true;
}

bool replaying_has_table(const char *name)
{
    for (size_t i = 0; i < TABLES; i++)
        if (!strcmp(tables[i].name, name))
            return true;
    return false;
}

void replaying_table_like(const char *name, struct table *table)
{
    static const struct requests none;
    size_t i = 0;
    while (i + 1 < TABLES && strcmp(tables[i].name, name))
        i++;
    tables[i].make(table, &none, NULL, 0);
}

void replaying_note(const struct replaying *replaying, struct table *table)
{
    const struct replay_entry *entry = &replaying->contest.entries.at[0];
    char bytes[NUMBER_ROOM];
    const struct play_arena *arena = &entry->result.arena;
    if (entry->is_open)
        table_note(table, "replayed on %s", entry->name);
    else
        table_note(table, "replayed on %s%s %s%s", entry->name, entry->is_fitted ? ", in the smallest arena that holds all:" : " in",
                   number_bytes(bytes, arena->regions[0].bytes), replaying->contest.entries.count > 1 || arena->region_count > 1 ? " and others" : "");
    replay_table_notes(table, &replaying->requests);
}

void replaying_done(struct replaying *replaying)
{
    contest_done(&replaying->contest);
    requests_done(&replaying->requests);
    arena_wishes_done(&replaying->wishes);
}
