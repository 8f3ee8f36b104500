/* advice_table: in advice, out its table. */
#include "advice.h"
#include "host/base/number.h"
#include "host/replay/replay_table.h"

static const struct column columns[] = {
    {"priority", "Priority", "",
     "gain / (sites + lines); gain = 100 * share of the refusals avoided + 100 * share of the memory saved + points of fragmentation / 2 + "
     "25 * share of the calls saved", COLUMN_REAL},
    {"change", "Change", "", "kind of change: pool, buffer, merge, early, growth, round, move, phase, compact, allocator", COLUMN_TEXT},
    {"advice", "Advice", "", "what to do", COLUMN_TEXT},
    {"saved_bytes", "Saved", "",
     "how much smaller the smallest arena is that holds all requests; of an allocator that asks a system for memory, the most that it managed",
     COLUMN_SIGNED_BYTES},
    {"saved_share", "Share", "", "saved_bytes / what it was", COLUMN_RATIO},
    {"fragmentation_points", "Fragmentation", "points", "by how many points of 100 the worst 1 - largest / free falls", COLUMN_REAL},
    {"refusals_avoided", "Refusals avoided", "", "in the arena that was said", COLUMN_SIGNED_COUNT},
    {"calls_saved", "Calls saved", "", "of malloc, realloc and free", COLUMN_SIGNED_COUNT},
    {"copied_saved_bytes", "Copies saved", "", "bytes that realloc copies no more", COLUMN_SIGNED_BYTES},
    {"sites", "Sites", "", "places in the source that must be touched, without those that free", COLUMN_COUNT},
    {"lines", "Lines", "", "estimate of the lines to write, fixed for each kind of change", COLUMN_COUNT},
    {"unknown", "Not known", "", "what this trace cannot tell", COLUMN_TEXT},
    {"other_stack", "Other site", "", "the second one of a merge", COLUMN_STACK},
    {"stack", "Site", "", "", COLUMN_STACK},
};

static bool has_site(const struct idea *idea)
{
    return idea->kind != IDEA_ROUND && idea->kind != IDEA_PHASE && idea->kind != IDEA_COMPACT && idea->kind != IDEA_ALLOCATOR && idea->group != IDEA_ALL;
}

static void row_put(const struct advice *advice, const struct advice_row *from, struct table *table, union cell *row)
{
    const struct advice_figures *base = &advice->base, *now = &from->figures;
    struct str text = {0};
    idea_say(&from->idea, &advice->census, &text);
    row[0].f = from->priority;
    row[1].text = idea_word(from->idea.kind);
    row[2].text = table_text(table, "%s", str_text(&text));
    row[3].i = (int64_t)(base->need - now->need);
    row[4].f = base->need ? (double)row[3].i / (double)base->need : 0;
    row[5].f = advice->is_open ? 0 : 100 * (base->fragmentation - now->fragmentation);
    row[6].i = (int64_t)(base->refusals - now->refusals);
    row[7].i = (int64_t)(base->calls - now->calls);
    row[8].i = (int64_t)(base->copied - now->copied);
    row[9].u = from->idea.sites;
    row[10].u = from->idea.lines;
    row[11].text = idea_unknown(&from->idea);
    row[12].u = from->idea.kind == IDEA_MERGE ? advice->census.groups.at[from->idea.other].stack : 0;
    if (has_site(&from->idea))
        row[13].u = advice->census.groups.at[from->idea.group].stack;
    else if (from->idea.kind == IDEA_PHASE)
        row[13].u = advice->requests->list.at[from->idea.from].stack;
    str_done(&text);
}

void advice_table_begin(struct table *table)
{
    table_init(table, "advice", "Advice", "changes that were replayed on the recorded requests and are better, each by itself", TABLE_ROWS, columns,
               sizeof columns / sizeof *columns);
}

void advice_table(const struct advice *advice, struct table *table)
{
    char need[NUMBER_ROOM], tried[NUMBER_ROOM], refusals[NUMBER_ROOM];
    advice_table_begin(table);
    for (size_t i = 0; i < advice->kept; i++)
        row_put(advice, &advice->rows.at[i], table, table_row(table));
    table_note(table, "%s changes were tried on %s, which needs %s and refuses %s of %llu requests; %s", number_count(tried, advice->rows.count),
               advice->config.name, number_bytes(need, advice->base.need), number_count(refusals, advice->base.refusals), (unsigned long long)advice->base.calls,
               advice->kept ? "each was tried by itself, together they gain less than their sum" : "none of them helps");
    if (advice->untried)
        table_note(table, "%s more changes that promise less were not tried: 'heaptracer advise' tries all", number_count(tried, advice->untried));
    replay_table_notes(table, advice->requests);
}
