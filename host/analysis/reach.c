/* reach: in what the last look at each process found, out one row per call stack and class: who keeps its blocks alive, and which are lost. */
#include "answer.h"

#include "host/base/map.h"
#include "host/base/vec.h"
#include "leak_pattern.h"

enum { STACK, CLASS, BYTES, COUNT, RETAINED, RETAINED_COUNT, PATTERN, CONFIDENCE, CYCLE, STEADY, OLDEST, NEWEST, ADDRESS, OWNER, CHAIN, PROCESS, SCANS };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [CLASS] = {"class", "Class", "",
               "direct: nothing points to it but what is lost with it; indirect: only lost blocks lead to it; possible: only pointers into a block lead to it; "
               "reachable: the program can still find it",
               COLUMN_TEXT},
    [BYTES] = {"bytes", "Bytes", "", "bytes of the site's blocks of this class", COLUMN_BYTES},
    [COUNT] = {"count", "Blocks", "", "those blocks", COLUMN_COUNT},
    [RETAINED] = {"retained_bytes", "And with them", "", "bytes of the indirect blocks that only these blocks lead to", COLUMN_BYTES},
    [RETAINED_COUNT] = {"retained_count", "Blocks with them", "", "those blocks", COLUMN_COUNT},
    [PATTERN] = {"pattern", "Pattern", "", "what kind of leak it looks like; empty: none", COLUMN_TEXT},
    [CONFIDENCE] = {"confidence", "Confidence", "", "how sure it is that this is a leak: above 80 % it is called one, above 50 % it is worth watching", COLUMN_RATIO},
    [CYCLE] = {"cycle", "Circle", "", "blocks of the largest circle of pointers that one of them is in; 0: none", COLUMN_COUNT},
    [STEADY] = {"steadiness", "Steadiness", "",
                "of 16 equal parts of the process's life, from the one of the first such block on: the share in which blocks were born that still live; 0 below 8 blocks",
                COLUMN_RATIO},
    [OLDEST] = {"oldest_ns", "Oldest", "", "largest age of a block of the stack that lives on", COLUMN_DURATION},
    [NEWEST] = {"newest_ns", "Newest", "", "smallest such age", COLUMN_DURATION},
    [ADDRESS] = {"address", "Address", "", "address of the block that most others hang on", COLUMN_ADDRESS},
    [OWNER] = {"owner", "Owner", "", "address of the lost block that it goes with; 0: none", COLUMN_ADDRESS},
    [CHAIN] = {"chain", "Kept by", "", "who keeps that block alive: a variable or stack, then the blocks between", COLUMN_TEXT},
    [PROCESS] = {"process", "Process", "id", "id of the process", COLUMN_COUNT},
    [SCANS] = {"scans", "Seen", "", "how many looks at the process, the last one and those right before it, found blocks of this stack in this class", COLUMN_COUNT},
};

struct reach {
    const struct model *model;
    VEC(struct survivors) sites;
    uint64_t now_ns;
};

static const char *const class_names[CLASS_COUNT] = {"", "direct", "indirect", "possible", "reachable"};

/* When the process was looked at last; 0: never. */
static uint64_t scan_time(const struct model *model, uint32_t process)
{
    size_t count;
    const struct scan_result *scans = model_scans(model, &count);
    while (count--)
        if (scans[count].process == process)
            return scans[count].time_ns;
    return 0;
}

/* Whoever made it had ended before, and was not the process's first thread. */
static bool is_orphaned(const struct model *model, const struct block *block, const struct process *process)
{
    size_t count;
    const struct thread *thread = model_threads(model, &count) + block->thread;
    return block->thread < count && thread->ended && thread->tid != process->pid && thread->end_ns < scan_time(model, block->process);
}

static void reach_add(struct reach *reach, const struct block *block, uint64_t now_ns)
{
    size_t count;
    const struct process *process = model_processes(reach->model, &count) + block->process;
    uint64_t life = age_ns(process->begin_ns, now_ns), born = age_ns(process->begin_ns, block->birth_ns), age = age_ns(block->birth_ns, now_ns);
    vec_extend(&reach->sites, block->site + (size_t)1);
    struct survivors *site = reach->sites.at + block->site;
    uint64_t slot = life ? (uint64_t)((double)born / (double)life * PATTERN_SLOTS) : 0;
    site->births[slot < PATTERN_SLOTS ? slot : PATTERN_SLOTS - 1]++;
    site->oldest_ns = age > site->oldest_ns ? age : site->oldest_ns;
    site->newest_ns = !site->count || age < site->newest_ns ? age : site->newest_ns;
    site->ended_threads += is_orphaned(reach->model, block, process);
    site->count++;
}

static void *reach_begin(const struct model *model)
{
    struct reach *reach = memory_new(1, sizeof *reach);
    reach->model = model;
    return reach;
}

static void reach_see(void *state, const struct changes *changes)
{
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            reach_add(state, &changes->rare[i]->block, changes->rare[i]->time_ns);
}

static void reach_end(void *state)
{
    struct reach *reach = state;
    vec_done(&reach->sites);
    memory_free(reach);
}

static void reach_visit(void *context, const struct block *block)
{
    struct reach *reach = context;
    reach_add(reach, block, reach->now_ns);
}

/* The last scan of each process, by process: its number + 1. */
static void last_scans(const struct model *model, struct map *last)
{
    size_t count;
    const struct scan_result *scans = model_scans(model, &count);
    for (size_t i = 0; i < count; i++)
        *map_put(last, scans[i].process, NULL) = scans[i].found.id;
}

/* Number of the site of each stack. */
static void site_numbers(const struct model *model, struct map *numbers)
{
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 1; i < count; i++)
        *map_put(numbers, sites[i].stack, NULL) = i;
}

/* All its blocks were born before the last mark, none since, and not from the first part of the run on. */
static bool has_outlived(const struct model *model, const struct survivors *survivors, uint64_t end_ns)
{
    size_t count;
    const struct mark *marks = model_marks(model, &count);
    if (!survivors || !survivors->count || !count || survivors->newest_ns > end_ns || survivors->oldest_ns > end_ns)
        return false;
    uint64_t first = end_ns - survivors->oldest_ns, last = end_ns - survivors->newest_ns;
    for (size_t i = 0; i + 1 < count; i++)
        if (marks[i].time_ns <= first && last < marks[i + 1].time_ns)
            return true;
    return false;
}

/* The looks at the process, the last one and those right before it, that found the same. */
static uint64_t count_scans(const struct model *model, const struct scan_finding *finding)
{
    size_t scan_count, count, seen = 0;
    const struct scan_result *scans = model_scans(model, &scan_count);
    const struct scan_finding *sites = model_scan_sites(model, &count);
    for (size_t scan = scan_count; scan-- > 0;) {
        bool has_it = scans[scan].process != finding->process;
        seen += !has_it;
        for (size_t i = 0; !has_it && i < count; i++)
            has_it = sites[i].found.scan == scans[scan].found.id && sites[i].stack == finding->stack && sites[i].found.class == finding->found.class;
        if (!has_it)
            return seen - 1;
    }
    return seen;
}

static void reach_row(const struct reach *reach, const struct scan_finding *finding, const struct survivors *survivors, struct table *table)
{
    struct leak_evidence evidence = {finding->found.class, finding->found.cycle, survivors, has_outlived(reach->model, survivors, reach->now_ns)};
    struct leak_pattern pattern = leak_pattern_find(&evidence);
    union cell *row = table_row(table);
    row[STACK].u = finding->stack;
    row[CLASS].text = class_names[finding->found.class];
    row[BYTES].u = finding->bytes;
    row[COUNT].u = finding->found.count;
    row[RETAINED].u = finding->found.retained_bytes;
    row[RETAINED_COUNT].u = finding->found.retained_count;
    row[PATTERN].text = pattern.name;
    row[CONFIDENCE].f = pattern.confidence;
    row[CYCLE].u = finding->found.cycle;
    row[STEADY].f = survivors ? leak_pattern_steadiness(survivors) : 0;
    row[OLDEST].u = survivors ? survivors->oldest_ns : 0;
    row[NEWEST].u = survivors ? survivors->newest_ns : 0;
    row[ADDRESS].u = finding->address;
    row[OWNER].u = finding->found.owner;
    row[CHAIN].text = table_text(table, "%s", finding->found.chain);
    row[PROCESS].u = finding->process;
    row[SCANS].u = count_scans(reach->model, finding);
}

/* Two sorts, both of which keep the order of what is equal: most bytes first in each class. */
static void reach_fill(const struct reach *reach, struct table *table)
{
    struct map last = {0}, numbers = {0};
    size_t count;
    const struct scan_finding *sites = model_scan_sites(reach->model, &count);
    last_scans(reach->model, &last);
    site_numbers(reach->model, &numbers);
    for (unsigned class = CLASS_DIRECT; class < CLASS_COUNT; class++)
        for (size_t i = 0; i < count; i++) {
            const uint64_t *scan = map_get(&last, sites[i].process), *number = map_get(&numbers, sites[i].stack);
            const struct survivors *survivors = number && *number < reach->sites.count ? reach->sites.at + *number : NULL;
            if (sites[i].found.class == class && scan && *scan == sites[i].found.scan)
                reach_row(reach, sites + i, survivors, table);
        }
    table_sort(table, BYTES, true, 0);
    table_sort(table, CONFIDENCE, true, 0);
    map_done(&last);
    map_done(&numbers);
}

static void reach_answer(const void *state, const struct model *model, struct table *table)
{
    const struct reach *kept = state;
    struct reach now = {.model = model, .now_ns = model_time(model)};
    size_t scans;
    model_scans(model, &scans);
    if (!scans)
        return;
    vec_extend(&now.sites, kept->sites.count);
    for (size_t i = 0; i < kept->sites.count; i++)
        now.sites.at[i] = kept->sites.at[i];
    model_each_block(model, reach_visit, &now);
    reach_fill(&now, table);
    vec_done(&now.sites);
}

const struct analysis analysis_reach = {
    .name = "reach",
    .title = "Lost blocks",
    .about = "One row per call stack and class, as the last look at each process found them (heaptracer run --leaks, heaptracer leaks PID): which blocks nothing "
             "points to any more, which are kept alive, and by whom. Empty if there was no look.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = reach_begin,
    .see = reach_see,
    .end = reach_end,
    .answer = reach_answer,
};
