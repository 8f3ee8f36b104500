/* advice_real: in a list of requests of a program of this machine, out rows of the table `advice` for its real allocators, whose memory was measured. */
#include "advice.h"
#include "host/base/number.h"
#include "host/replay/peer.h"

enum { SAVED_LEAST = 256 << 10, LINES = 2 /* it is linked, or preloaded */ };

static uint64_t peak_of(const struct peer_entry *entry)
{
    const struct player_answer *answer = &entry->answer;
    return answer->peak_rss > answer->base_rss ? answer->peak_rss - answer->base_rss : 0;
}

static union cell *cell_of(struct table *table, union cell *row, const char *column)
{
    return row + table_find_column(table, column);
}

static void row_put(struct table *table, const struct peer_entry *entry, uint64_t before)
{
    uint64_t now = peak_of(entry);
    double share = (double)(before - now) / (double)before;
    char text[2][NUMBER_ROOM];
    union cell *row = table_row(table);
    cell_of(table, row, "change")->text = idea_word(IDEA_ALLOCATOR);
    cell_of(table, row, "advice")->text =
        table_text(table, "another allocator: the real %s, %s resident at most instead of %s", entry->peer->title, number_bytes(text[0], now), number_bytes(text[1], before));
    cell_of(table, row, "saved_bytes")->i = (int64_t)(before - now);
    cell_of(table, row, "saved_share")->f = share;
    cell_of(table, row, "sites")->u = 1;
    cell_of(table, row, "lines")->u = LINES;
    cell_of(table, row, "priority")->f = 100 * share / (1 + LINES);
    cell_of(table, row, "unknown")->text = "its time and its behaviour with threads: all requests came from one";
}

static void note_put(struct table *table, const struct peer_entry *entries, size_t count)
{
    struct str measured = {0};
    char text[NUMBER_ROOM];
    for (size_t i = 0; i < count; i++) {
        str_add_format(&measured, "%s%s ", measured.count ? ", " : "", entries[i].peer->name);
        str_add(&measured, entries[i].is_done ? number_bytes(text, peak_of(&entries[i])) : entries[i].error.text);
    }
    table_note(table, "real allocators were measured, the most that was resident: %s", str_text(&measured));
    str_done(&measured);
}

void advice_real_add(const struct requests *requests, struct table *table)
{
    VEC(struct peer_entry) entries = {0};
    for (const struct peer *peer = peers; peer->name; peer++)
        vec_push(&entries, ((struct peer_entry){.peer = peer}));
    peers_run(requests, entries.at, entries.count);
    uint64_t before = entries.at[0].is_done ? peak_of(&entries.at[0]) : 0; /* the C library's own is the first */
    for (size_t i = 1; i < entries.count; i++) {
        uint64_t now = peak_of(&entries.at[i]);
        if (entries.at[i].is_done && !entries.at[i].answer.refusals && before > now && before - now >= SAVED_LEAST && (before - now) * 20 >= before)
            row_put(table, &entries.at[i], before);
    }
    table_sort(table, (size_t)table_find_column(table, "priority"), true, 0);
    note_put(table, entries.at, entries.count);
    vec_done(&entries);
}
