/* replay_table: in results of plays, out tables. */
#include "replay_table.h"

#include <string.h>

#include "host/base/opt.h"
#include "host/base/str.h"

static const char *heap_name(struct table *table, const struct requests *requests, uint32_t number)
{
    const struct request_heap *heap = &requests->heaps.at[number];
    uint32_t first = requests->heaps.at[0].process;
    const char *name = *heap->name ? heap->name : heap->id ? "heap" : "malloc";
    bool is_unnamed = !*heap->name && heap->id, is_other = heap->process != first;
    return is_unnamed ? is_other ? table_text(table, "heap %u of process %u", heap->id, heap->process) : table_text(table, "heap %u", heap->id)
           : is_other ? table_text(table, "%s of process %u", name, heap->process)
                      : table_text(table, "%s", name);
}

static uint64_t arena_bytes(const struct play_arena *arena)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < arena->region_count; i++)
        bytes += arena->regions[i].bytes;
    return bytes;
}

enum {
    REPLAY_ALLOCATOR,
    REPLAY_HEAP,
    REPLAY_ARENA,
    REPLAY_REQUESTS,
    REPLAY_ASKED,
    REPLAY_TAKEN,
    REPLAY_OVERHEAD,
    REPLAY_TOTAL,
    REPLAY_REACH,
    REPLAY_FIT,
    REPLAY_FIT_BELOW,
    REPLAY_WORST,
    REPLAY_AT_PEAK,
    REPLAY_END,
    REPLAY_REFUSALS,
    REPLAY_REFUSED,
    REPLAY_SKIPPED,
    REPLAY_GRANTED,
    REPLAY_MOVES,
    REPLAY_MOVED,
    REPLAY_SPEED,
    REPLAY_PROBLEM,
};

static const struct column replay_columns[] = {
    {"allocator", "Allocator", "", "the model, with its options", COLUMN_TEXT},
    {"heap", "Heap", "", "of the trace", COLUMN_TEXT},
    {"arena_bytes", "Arena", "", "bytes that the allocator was given; 0: it asks a system for memory, and that had no limit", COLUMN_BYTES},
    {"requests", "Requests", "", "that the heap got", COLUMN_COUNT},
    {"peak_asked_bytes", "Peak asked for", "", "highest sum of the bytes that the program asked for", COLUMN_BYTES},
    {"peak_taken_bytes", "Peak taken", "", "highest sum of the bytes that these blocks take, with headers and padding", COLUMN_BYTES},
    {"overhead_share", "Overhead", "", "peak_taken_bytes / peak_asked_bytes - 1", COLUMN_RATIO},
    {"peak_total_bytes", "Peak managed", "", "most that the allocator managed: of one that asks a system for memory, what it had taken from there", COLUMN_BYTES},
    {"reach_bytes", "Reach", "", "end of the highest block ever, counted from the start of the arena; of one that asks a system, peak_total_bytes", COLUMN_BYTES},
    {"smallest_bytes", "Smallest arena", "", "smallest arena found in which nothing is refused; 0: not searched for, or none", COLUMN_BYTES},
    {"smallest_above_bytes", "Too small", "", "largest arena tried below it, in which something is refused", COLUMN_BYTES},
    {"fragmentation_worst", "Worst fragmentation", "", "highest 1 - largest free piece / free bytes, of up to 513 samples over the run", COLUMN_RATIO},
    {"fragmentation_at_peak", "At the peak", "", "the same when most was taken", COLUMN_RATIO},
    {"fragmentation_end", "At the end", "", "the same at the end", COLUMN_RATIO},
    {"refusals", "Refusals", "", "requests that were granted in the recorded run and are refused now", COLUMN_COUNT},
    {"refused_bytes", "Refused bytes", "", "what they asked for", COLUMN_BYTES},
    {"skipped", "Skipped", "", "frees and reallocs of blocks that were refused", COLUMN_COUNT},
    {"granted", "Granted now", "", "requests that were refused in the recorded run and are granted now; their blocks end at once", COLUMN_COUNT},
    {"moves", "Moves", "", "reallocs that moved their block", COLUMN_COUNT},
    {"moved_bytes", "Moved bytes", "", "bytes asked for that they had to copy", COLUMN_BYTES},
    {"speed", "Requests/s", "requests/s", "that one core of this computer plays in a second", COLUMN_REAL},
    {"problem", "Problem", "", "why there is no answer", COLUMN_TEXT},
};

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static void result_put(union cell *row, const struct replay_entry *entry)
{
    const struct play_result *result = &entry->result;
    row[REPLAY_ARENA].u = entry->is_open ? 0 : arena_bytes(&result->arena);
    row[REPLAY_REQUESTS].u = result->requests;
    row[REPLAY_ASKED].u = result->peak_asked;
    row[REPLAY_TAKEN].u = result->peak_taken;
    row[REPLAY_OVERHEAD].f = result->peak_asked ? ratio(result->peak_taken, result->peak_asked) - 1 : 0;
    row[REPLAY_TOTAL].u = result->peak_total;
    row[REPLAY_REACH].u = result->reach;
    row[REPLAY_FIT].u = entry->fit.bytes;
    row[REPLAY_FIT_BELOW].u = entry->fit.bytes ? entry->fit.below : 0;
    row[REPLAY_WORST].f = result->fragmentation_worst;
    row[REPLAY_AT_PEAK].f = result->fragmentation_at_peak;
    row[REPLAY_END].f = result->fragmentation_end;
    row[REPLAY_REFUSALS].u = result->refusals;
    row[REPLAY_REFUSED].u = result->refused_bytes;
    row[REPLAY_SKIPPED].u = result->skipped;
    row[REPLAY_GRANTED].u = result->granted;
    row[REPLAY_MOVES].u = result->moves;
    row[REPLAY_MOVED].u = result->moved_bytes;
    row[REPLAY_SPEED].f = ratio(result->requests * 1000000000u, result->cpu_ns);
}

void replay_table_notes(struct table *table, const struct requests *requests)
{
    struct str notes = {0};
    const char *line;
    size_t count;
    requests_say(requests, &notes);
    for (const char *rest = str_text(&notes); opt_next_word(&rest, '\n', &line, &count);)
        if (count)
            table_note(table, "%.*s", (int)count, line);
    str_done(&notes);
}

static bool is_told(const struct replay_entry *entries, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (!entries[i].is_done && !strcmp(entries[i].error.text, entries[number].error.text))
            return true;
    return false;
}

/* Those with the same one are told together. */
static void problems_put(struct table *table, const struct replay_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str names = {0};
        if (entries[i].is_done || is_told(entries, i))
            continue;
        for (size_t k = i; k < count; k++)
            if (!entries[k].is_done && !strcmp(entries[i].error.text, entries[k].error.text))
                str_add_format(&names, "%s%s", names.count ? ", " : "", entries[k].name);
        table_note(table, "%s: %s", str_text(&names), entries[i].error.text);
        str_done(&names);
    }
}

void replay_table(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count)
{
    table_init(table, "replay", "Replay", "what the recorded requests do to another allocator", TABLE_ROWS, replay_columns, sizeof replay_columns / sizeof *replay_columns);
    for (size_t i = 0; i < count; i++) {
        union cell *row = table_row(table);
        row[REPLAY_ALLOCATOR].text = table_text(table, "%s", entries[i].name);
        row[REPLAY_HEAP].text = heap_name(table, requests, entries[i].result.heap);
        row[REPLAY_PROBLEM].text = table_text(table, "%s", entries[i].is_done ? "" : entries[i].error.text);
        if (entries[i].is_done)
            result_put(row, &entries[i]);
    }
    problems_put(table, entries, count);
    replay_table_notes(table, requests);
}

static const struct column first_columns[] = {
    {"heap", "Heap", "", "of the trace", COLUMN_TEXT},
    {"time_ns", "When", "", "time of the request in the recorded run", COLUMN_TIME},
    {"size", "Asked for", "", "bytes", COLUMN_BYTES},
    {"alignment", "Alignment", "", "that it asked for; 0: the usual one", COLUMN_COUNT},
    {"call", "Call", "", "malloc, or realloc of a block, which then stays as it was", COLUMN_TEXT},
    {"free_bytes", "Free then", "", "bytes that could be used, in all pieces", COLUMN_BYTES},
    {"largest_free_bytes", "Largest piece", "", "greatest request that would have been granted then", COLUMN_BYTES},
    {"live_bytes", "Live then", "", "bytes that the program had asked for and not freed", COLUMN_BYTES},
    {"fragmentation", "Fragmentation", "", "1 - largest_free_bytes / free_bytes", COLUMN_RATIO},
    {"stack", "Who asked", "", "", COLUMN_STACK},
};

void replay_table_first(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count)
{
    table_init(table, "replay_first", "First refusal", "the first request that was granted in the recorded run and is refused now", TABLE_ROWS, first_columns,
               sizeof first_columns / sizeof *first_columns);
    for (size_t i = 0; i < count; i++) {
        const struct play_refusal *first = &entries[i].result.first;
        if (!first->is_there)
            continue;
        union cell *row = table_row(table);
        row[0].text = heap_name(table, requests, entries[i].result.heap);
        row[1].u = first->time_ns;
        row[2].u = first->size;
        row[3].u = first->align;
        row[4].text = first->is_resize ? "realloc" : "malloc";
        row[5].u = first->use.free;
        row[6].u = first->use.largest;
        row[7].u = first->asked;
        row[8].f = first->use.free ? 1 - ratio(first->use.largest < first->use.free ? first->use.largest : first->use.free, first->use.free) : 0;
        row[9].u = first->stack;
    }
}

static const struct column refusals_columns[] = {
    {"heap", "Heap", "", "of the trace", COLUMN_TEXT},
    {"refusals", "Refusals", "", "requests of this stack that are refused", COLUMN_COUNT},
    {"bytes", "Bytes", "", "what they asked for", COLUMN_BYTES},
    {"largest_bytes", "Largest", "", "the largest of them", COLUMN_BYTES},
    {"first_ns", "First", "", "time of the first one in the recorded run", COLUMN_TIME},
    {"stack", "Who asked", "", "", COLUMN_STACK},
};

void replay_table_refusals(struct table *table, const struct requests *requests, const struct replay_entry *entries, size_t count)
{
    table_init(table, "replay_refusals", "Refusals", "who is refused, the most bytes first", TABLE_ROWS, refusals_columns, sizeof refusals_columns / sizeof *refusals_columns);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < entries[i].result.losers.count; k++) {
            const struct play_loser *loser = &entries[i].result.losers.at[k];
            union cell *row = table_row(table);
            row[0].text = heap_name(table, requests, entries[i].result.heap);
            row[1].u = loser->refusals;
            row[2].u = loser->bytes;
            row[3].u = loser->largest;
            row[4].u = requests->times.at[loser->first_request];
            row[5].u = loser->stack;
        }
}

static const struct column addresses_columns[] = {
    {"blocks", "Blocks", "", "that the trace has an address of", COLUMN_COUNT},
    {"same", "Same address", "", "blocks to which the model gave the address that they have in the trace", COLUMN_COUNT},
    {"share", "Share", "", "same / blocks", COLUMN_RATIO},
    {"mapped", "In mappings", "", "of them in mappings of their own, whose place the system chooses: only the place in the page was compared", COLUMN_COUNT},
    {"in_rooms", "In heaps of threads", "", "of them in rooms that the system places, as glibc's further arenas have: only the place in the room was compared", COLUMN_COUNT},
    {"heap", "Heap", "", "of the trace", COLUMN_TEXT},
    {"time_ns", "First other", "", "time of the first block that got another address", COLUMN_TIME},
    {"size", "Its size", "", "bytes asked for", COLUMN_BYTES},
    {"recorded_address", "Recorded", "", "its address in the trace", COLUMN_ADDRESS},
    {"given_address", "Given", "", "its address in the model; 0: refused", COLUMN_ADDRESS},
    {"stack", "Who asked", "", "for it", COLUMN_STACK},
};

void replay_table_addresses(struct table *table, const struct requests *requests, const struct rewrite_match *matches)
{
    table_init(table, "replay_addresses", "Addresses", "whether the model gives the addresses of the recorded run", TABLE_ROWS, addresses_columns,
               sizeof addresses_columns / sizeof *addresses_columns);
    for (uint32_t i = 0; i < requests->heaps.count; i++) {
        const struct rewrite_match *match = matches + i;
        if (!match->births)
            continue;
        union cell *row = table_row(table);
        row[0].u = match->births;
        row[1].u = match->same;
        row[2].f = ratio(match->same, match->births);
        row[3].u = match->mapped;
        row[4].u = match->elsewhere;
        row[5].text = heap_name(table, requests, i);
        row[6].u = match->time_ns;
        row[7].u = match->size;
        row[8].u = match->recorded;
        row[9].u = match->given;
        row[10].u = match->stack;
    }
}

static const struct column peers_columns[] = {
    {"allocator", "Allocator", "", "the real one, in a process that does nothing but these requests", COLUMN_TEXT},
    {"heap", "Heap", "", "of the trace", COLUMN_TEXT},
    {"peak_asked_bytes", "Peak asked for", "", "highest sum of the bytes that the program asked for", COLUMN_BYTES},
    {"peak_usable_bytes", "Peak usable", "", "highest sum of malloc_usable_size of the blocks", COLUMN_BYTES},
    {"peak_rss_bytes", "Peak resident", "", "most anonymous memory that was resident, less what was before the first request", COLUMN_BYTES},
    {"overhead_share", "Overhead", "", "peak_rss_bytes / peak_asked_bytes - 1; every page of a block is touched, but not of those that calloc made", COLUMN_RATIO},
    {"peak_pss_bytes", "Peak PSS", "", "proportional share of the anonymous memory when most was asked for, less what was before the first request", COLUMN_BYTES},
    {"end_rss_bytes", "Resident at the end", "", "as peak_rss_bytes, behind the last request", COLUMN_BYTES},
    {"refusals", "Refusals", "", "requests that are refused", COLUMN_COUNT},
    {"moves", "Moves", "", "reallocs that moved their block", COLUMN_COUNT},
    {"speed", "Requests/s", "requests/s", "with the touching of pages and the measuring", COLUMN_REAL},
    {"problem", "Problem", "", "why there is no answer", COLUMN_TEXT},
};

static void answer_put(union cell *row, const struct player_answer *answer)
{
    uint64_t peak = answer->peak_rss - answer->base_rss;
    uint64_t share = answer->peak_pss > answer->base_pss ? answer->peak_pss - answer->base_pss : 0;
    row[2].u = answer->peak_asked;
    row[3].u = answer->peak_usable;
    row[4].u = peak;
    row[5].f = answer->peak_asked ? ratio(peak, answer->peak_asked) - 1 : 0;
    row[6].u = share;
    row[7].u = answer->end_rss > answer->base_rss ? answer->end_rss - answer->base_rss : 0;
    row[8].u = answer->refusals;
    row[9].u = answer->moves;
    row[10].f = ratio(answer->requests * 1000000000u, answer->wall_ns);
}

void replay_table_peers(struct table *table, const struct requests *requests, const struct peer_entry *entries, size_t count)
{
    table_init(table, "replay_real", "Real allocators", "the recorded requests on allocators of this machine, each in a process of its own", TABLE_ROWS, peers_columns,
               sizeof peers_columns / sizeof *peers_columns);
    for (size_t i = 0; i < count; i++) {
        union cell *row = table_row(table);
        row[0].text = entries[i].peer->name;
        row[1].text = heap_name(table, requests, entries[i].heap);
        row[11].text = table_text(table, "%s", entries[i].error.text);
        if (entries[i].is_done)
            answer_put(row, &entries[i].answer);
        else
            table_note(table, "%s: %s", entries[i].peer->name, entries[i].error.text);
    }
}

static const struct column course_columns[] = {
    {"time_ns", "Time", "", "in the recorded run", COLUMN_TIME},
    {"asked_bytes", "Asked for", "", "bytes that the program has asked for and not freed", COLUMN_BYTES},
    {"taken_bytes", "Taken", "", "bytes that these blocks take", COLUMN_BYTES},
    {"free_bytes", "Free", "", "bytes that could be used", COLUMN_BYTES},
    {"largest_free_bytes", "Largest piece", "", "greatest request that would be granted", COLUMN_BYTES},
    {"fragmentation", "Fragmentation", "", "1 - largest_free_bytes / free_bytes", COLUMN_RATIO},
    {"blocks", "Blocks", "", "live", COLUMN_COUNT},
    {"pieces", "Free pieces", "", "", COLUMN_COUNT},
    {"total_bytes", "Managed", "", "bytes that the allocator manages", COLUMN_BYTES},
};

void replay_table_course(struct table *table, const struct replay_entry *entry)
{
    table_init(table, "replay_time", "Over time", "the heap after each of up to 513 equal shares of the requests", TABLE_SERIES, course_columns,
               sizeof course_columns / sizeof *course_columns);
    for (size_t i = 0; i < entry->result.samples.count; i++) {
        const struct play_sample *sample = &entry->result.samples.at[i];
        union cell *row = table_row(table);
        row[0].u = sample->time_ns;
        row[1].u = sample->asked;
        row[2].u = sample->taken;
        row[3].u = sample->use.free;
        row[4].u = sample->use.largest;
        row[5].f = sample->fragmentation;
        row[6].u = sample->blocks;
        row[7].u = sample->use.pieces;
        row[8].u = sample->use.total;
    }
}
