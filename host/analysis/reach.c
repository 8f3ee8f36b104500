/* reach: in what the last look at each process found, out one row per call stack and class: who keeps its blocks alive, and which are lost. */
#include "answer.h"

#include "host/base/map.h"
#include "host/base/vec.h"
#include "leak_pattern.h"
#include "pins.h"

enum {
    STACK,
    CLASS,
    BYTES,
    COUNT,
    RETAINED,
    RETAINED_COUNT,
    PATTERN,
    CONFIDENCE,
    EVIDENCE,
    KIND,
    RESOURCE,
    PINNED,
    CYCLE,
    STEADY,
    OVERDUE,
    FREED,
    OLDEST,
    NEWEST,
    ADDRESS,
    OWNER,
    CHAIN,
    PROCESS,
    SCANS
};

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
    [EVIDENCE] = {"evidence", "Evidence", "", "what that is concluded from, beside the class", COLUMN_TEXT},
    [KIND] = {"kind", "Kind", "",
              "memory; resource: the blocks own more than memory; fragmentation: they keep 64 KiB or more, and 4 times their own bytes or more, from going back to the system",
              COLUMN_TEXT},
    [RESOURCE] = {"resource", "Owns", "", "what the blocks own beside memory, by the functions that made them: an open file, a mutex, a thread; empty: nothing that is known",
                  COLUMN_TEXT},
    [PINNED] = {"pinned_bytes", "Pinned", "", "memory of pages in which only blocks of this stack live, without these blocks: what would come free with them", COLUMN_BYTES},
    [CYCLE] = {"cycle", "Circle", "", "blocks of the largest circle of pointers that one of them is in; 0: none", COLUMN_COUNT},
    [STEADY] = {"steadiness", "Steadiness", "",
                "of 16 equal parts of the process's life, from the one of the first such block on: the share in which blocks were born that still live; 0 below 8 blocks",
                COLUMN_RATIO},
    [OVERDUE] = {"overdue", "Overdue", "",
                 "of the stack's blocks that live on: the share that is older than 99 % of its freed blocks became; 0 below 20 freed ones", COLUMN_RATIO},
    [FREED] = {"freed", "Freed", "", "blocks of the stack that were freed", COLUMN_COUNT},
    [OLDEST] = {"oldest_ns", "Oldest", "", "largest age of a block of the stack that lives on", COLUMN_DURATION},
    [NEWEST] = {"newest_ns", "Newest", "", "smallest such age", COLUMN_DURATION},
    [ADDRESS] = {"address", "Address", "", "address of the block that most others hang on", COLUMN_ADDRESS},
    [OWNER] = {"owner", "Owner", "", "address of the lost block that it goes with; 0: none", COLUMN_ADDRESS},
    [CHAIN] = {"chain", "Kept by", "", "who keeps that block alive: a variable or stack, then the blocks between", COLUMN_TEXT},
    [PROCESS] = {"process", "Process", "id", "id of the process", COLUMN_COUNT},
    [SCANS] = {"scans", "Seen", "", "how many looks at the process, the last one and those right before it, found blocks of this stack in this class", COLUMN_COUNT},
};

static const char *const class_names[CLASS_COUNT] = {"", "direct", "indirect", "possible", "reachable"};

struct reach_state {
    struct leak_stories stories;
    struct pins pins; /* of processes that ended */
};

static void *reach_begin(const struct model *model)
{
    struct reach_state *state = memory_new(1, sizeof *state);
    leak_stories_begin(&state->stories, model);
    return state;
}

static void reach_see(void *context, const struct changes *changes)
{
    struct reach_state *state = context;
    leak_stories_see(&state->stories, changes);
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            pins_add(&state->pins, &changes->rare[i]->block);
}

static void reach_end(void *context)
{
    struct reach_state *state = context;
    leak_stories_done(&state->stories);
    pins_done(&state->pins);
    memory_free(state);
}

static void pins_visit(void *pins, const struct block *block)
{
    pins_add(pins, block);
}

/* While answering. */
struct reach {
    const struct model *model;
    struct leak_stories stories;
    struct pins pins;
    struct map last;     /* the last scan of each process */
    struct map sites;    /* number of the site of each stack */
    struct map findings; /* process, stack and class -> latest finding, + 1 */
    VEC(uint32_t) earlier; /* by finding: the one of an earlier scan, + 1 */
};

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

/* Findings of one process, stack and class are chained, the latest first. */
static void findings_chain(struct reach *reach)
{
    size_t count;
    const struct scan_finding *sites = model_scan_sites(reach->model, &count);
    vec_extend(&reach->earlier, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t key = ((uint64_t)sites[i].process << 32 | sites[i].stack) * CLASS_COUNT + sites[i].found.class;
        uint64_t *latest = map_put(&reach->findings, key, NULL);
        reach->earlier.at[i] = (uint32_t)*latest;
        *latest = i + 1;
    }
}

/* From the last look at the process back: what each found. */
static void looks_take(const struct reach *reach, size_t number, struct leak_looks *looks)
{
    size_t scan_count, count;
    const struct scan_result *scans = model_scans(reach->model, &scan_count);
    const struct scan_finding *sites = model_scan_sites(reach->model, &count), *finding = sites + number;
    double bytes[PATTERN_LOOKS];
    bool is_seen = true;
    *looks = (struct leak_looks){0};
    for (size_t scan = scan_count; scan-- > 0;) {
        if (scans[scan].process != finding->process)
            continue;
        bool has_it = finding && finding->found.scan == scans[scan].found.id;
        is_seen &= has_it;
        looks->seen += is_seen;
        if (looks->count < PATTERN_LOOKS)
            bytes[looks->count++] = has_it ? (double)finding->bytes : 0;
        if (has_it && reach->earlier.at[finding - sites])
            finding = sites + reach->earlier.at[finding - sites] - 1;
    }
    for (unsigned i = 0; i < looks->count; i++)
        looks->bytes[i] = bytes[looks->count - 1 - i];
}

static void story_put(const struct leak_story *story, union cell *row)
{
    row[STEADY].f = leak_story_steadiness(story);
    row[OVERDUE].f = leak_story_overdue(story);
    row[FREED].u = story->freed;
    row[OLDEST].u = story->oldest_ns;
    row[NEWEST].u = story->newest_ns;
}

static void pattern_put(const struct reach *reach, size_t number, const struct leak_story *story, union cell *row, struct table *table)
{
    size_t count;
    const struct scan_finding *finding = model_scan_sites(reach->model, &count) + number;
    double course[STORY_SLOTS];
    struct str said = {0};
    struct leak_evidence evidence = {.class = finding->found.class, .cycle = finding->found.cycle, .story = story, .course = course};
    if (story) {
        evidence.course_count = leak_story_course(&reach->stories, story, finding->process, course);
        leak_story_windows(&reach->stories, story, &evidence.windows_active, &evidence.windows_left);
    }
    looks_take(reach, number, &evidence.looks);
    struct leak_pattern pattern = leak_pattern_find(&evidence, &said);
    row[PATTERN].text = pattern.name;
    row[CONFIDENCE].f = pattern.confidence;
    row[EVIDENCE].text = table_text(table, "%s", str_text(&said));
    row[SCANS].u = evidence.looks.seen;
    str_done(&said);
}

enum { PINNED_LEAST = 65536, PINNED_TIMES = 4 };

static void reach_row(const struct reach *reach, size_t number, struct table *table)
{
    size_t count;
    const struct scan_finding *finding = model_scan_sites(reach->model, &count) + number;
    const uint64_t *site = map_get(&reach->sites, finding->stack);
    const struct leak_story *story = site ? leak_stories_find(&reach->stories, (uint32_t)*site, finding->process) : NULL;
    union cell *row = table_row(table);
    row[STACK].u = finding->stack;
    row[CLASS].text = class_names[finding->found.class];
    row[BYTES].u = finding->bytes;
    row[COUNT].u = finding->found.count;
    row[RETAINED].u = finding->found.retained_bytes;
    row[RETAINED_COUNT].u = finding->found.retained_count;
    row[PINNED].u = site ? pins_of(&reach->pins, (uint32_t)*site) : 0;
    row[RESOURCE].text = "";
    row[KIND].text = row[PINNED].u >= PINNED_LEAST && row[PINNED].u >= PINNED_TIMES * finding->bytes ? "fragmentation" : "memory";
    row[CYCLE].u = finding->found.cycle;
    row[ADDRESS].u = finding->address;
    row[OWNER].u = finding->found.owner;
    row[CHAIN].text = table_text(table, "%s", finding->found.chain);
    row[PROCESS].u = finding->process;
    if (story)
        story_put(story, row);
    pattern_put(reach, number, story, row, table);
}

/* Two sorts, both of which keep the order of what is equal: most bytes first in each class. */
static void reach_fill(const struct reach *reach, struct table *table)
{
    size_t count;
    const struct scan_finding *sites = model_scan_sites(reach->model, &count);
    for (unsigned class = CLASS_DIRECT; class < CLASS_COUNT; class++)
        for (size_t i = 0; i < count; i++) {
            const uint64_t *scan = map_get(&reach->last, sites[i].process);
            if (sites[i].found.class == class && scan && *scan == sites[i].found.scan)
                reach_row(reach, i, table);
        }
    table_sort(table, BYTES, true, 0);
    table_sort(table, CONFIDENCE, true, 0);
}

static void reach_answer(const void *context, const struct model *model, struct table *table)
{
    const struct reach_state *state = context;
    struct reach reach = {.model = model};
    size_t scans;
    model_scans(model, &scans);
    if (!scans)
        return;
    leak_stories_take(&state->stories, &reach.stories);
    pins_copy(&state->pins, &reach.pins);
    model_each_block(model, pins_visit, &reach.pins);
    pins_sum(&reach.pins);
    last_scans(model, &reach.last);
    site_numbers(model, &reach.sites);
    findings_chain(&reach);
    reach_fill(&reach, table);
    leak_stories_done(&reach.stories);
    pins_done(&reach.pins);
    map_done(&reach.last);
    map_done(&reach.sites);
    map_done(&reach.findings);
    vec_done(&reach.earlier);
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
