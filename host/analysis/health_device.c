/* health_device: in the tables of firmware's own events, out findings: faults, stacks near their end, regions and pools that are nearly full or in pieces,
 * blocks in the wrong memory, alerts. Nothing for programs that tell none of it. */
#include <string.h>

#include "answer.h"
#include "health_rules.h"

enum { TOLD_MOST = 3 };
static const double region_warn = 0.1, region_critical = 0.02, pieces_warn = 0.4, pieces_critical = 0.7, pieces_free_least = 4096, short_share = 0.3,
                    saving_least = 1024;

static size_t rows_of(const struct health_input *input, const char *name)
{
    const struct table *table = health_table(input, name);
    return table ? table->row_count : 0;
}

bool health_is_firmware(const struct health_input *input)
{
    for (size_t i = 0; i < rows_of(input, "regions"); i++)
        if (!strcmp(health_word(input, "regions", i, "told_by"), "firmware"))
            return true;
    return rows_of(input, "tasks") != 0;
}

static enum health_severity worse(enum health_severity a, enum health_severity b)
{
    return a > b ? a : b;
}

/* Joined by "; ", at most TOLD_MOST of them and then how many more. */
struct told {
    const char *text;
    size_t count;
};

static void told_add(struct health *health, struct told *told, const char *text)
{
    if (told->count++ < TOLD_MOST)
        told->text = told->count == 1 ? text : health_text(health, "%s; %s", told->text, text);
}

static const char *told_end(struct health *health, const struct told *told)
{
    return told->count > TOLD_MOST ? health_text(health, "%s; and %zu more", told->text, told->count - TOLD_MOST) : told->text;
}

static const char *fault_advice(const char *fault)
{
    static const struct {
        const char *fault, *advice;
    } advices[] = {
        {"overflow", "Look at what writes behind this block: its size is asked for where it is allocated."},
        {"underflow", "Look at what writes before this block: an index below 0, or the end of the block in front."},
        {"double free", "Let one owner free the block, and set the pointer to NULL there."},
        {"wild free", "Free only what an allocation gave out."},
        {"interior free", "Free the address that the allocation gave out, not one inside of the block."},
        {"use after free", "Look at who keeps a pointer to the block after it is freed."},
        {"stack overflow", "Give this task a larger stack, or take large variables off it."},
        {"metadata broken", "Look at what writes before this block, at the end of the one in front."},
    };
    for (size_t i = 0; i < COLUMN_COUNT_OF(advices); i++)
        if (!strcmp(advices[i].fault, fault))
            return advices[i].advice;
    return NULL;
}

static const char *fault_place(struct health *health, const struct health_input *input, size_t row)
{
    double bad = health_number(input, "faults", row, "bad_bytes"), size = health_number(input, "faults", row, "block_bytes");
    if (!bad || !health_number(input, "faults", row, "block") || !strcmp(health_word(input, "faults", row, "fault"), "stack overflow"))
        return "";
    return health_text(health, ": %s byte%s from offset %.0f of a block of %s", health_count(health, bad), bad == 1 ? "" : "s",
                       health_number(input, "faults", row, "first_bad"), health_bytes(health, size));
}

static void fault_tell(struct health *health, const struct health_input *input, size_t row)
{
    const char *fault = health_word(input, "faults", row, "fault"), *guess = health_word(input, "faults", row, "guess"),
               *task = health_word(input, "faults", row, "task");
    double stack = health_number(input, "faults", row, "stack");
    stack = stack ? stack : health_number(input, "faults", row, "found_stack");
    const char *evidence =
        health_text(health, "At %s%s%s%s, found by %s%s%s.", health_time(health, health_number(input, "faults", row, "time_ns")), *task ? " in " : "", task,
                    fault_place(health, input, row), health_word(input, "faults", row, "found_by"), *guess ? "; it looks like: " : "", guess);
    health_add(health, (struct health_finding){.id = "fault_site",
                                               .title = health_text(health, "Fault: %s", fault),
                                               .severity = HEALTH_CRITICAL,
                                               .evidence = evidence,
                                               .recommendation = fault_advice(fault),
                                               .value = 1,
                                               .unit = "count",
                                               .has_stack = stack != 0,
                                               .is_detail = true,
                                               .stack = (uint32_t)stack,
                                               .table = "faults"});
}

void health_rule_faults(struct health *health, const struct health_input *input)
{
    size_t count = rows_of(input, "faults");
    if (!count)
        return;
    struct told told = {0};
    for (size_t i = 0; i < count; i++)
        told_add(health, &told, health_word(input, "faults", i, "fault"));
    health_add(health, (struct health_finding){
                           .id = "faults",
                           .title = "Memory was used wrongly",
                           .severity = HEALTH_CRITICAL,
                           .evidence = health_text(health, "%zu fault%s: %s. Critical from 1.", count, count == 1 ? "" : "s", told_end(health, &told)),
                           .recommendation = "Mend these first: what they break shows elsewhere.",
                           .value = (double)count,
                           .unit = "count",
                           .table = "faults"});
    for (size_t i = 0; i < count && i < TOLD_MOST; i++)
        fault_tell(health, input, i);
}

static enum health_severity level_of(const char *level)
{
    return !strcmp(level, "critical") ? HEALTH_CRITICAL : !strcmp(level, "warn") ? HEALTH_WARN : HEALTH_OK;
}

void health_rule_stacks(struct health *health, const struct health_input *input)
{
    enum health_severity severity = HEALTH_OK;
    struct told told = {.text = "no task is near its end"};
    bool is_watched = false;
    for (size_t i = 0; i < rows_of(input, "tasks"); i++) {
        enum health_severity level = level_of(health_word(input, "tasks", i, "level"));
        is_watched |= *health_word(input, "tasks", i, "level") != 0;
        severity = worse(severity, level);
        if (level == HEALTH_OK)
            continue;
        bool is_broken = !strcmp(health_word(input, "tasks", i, "canary"), "broken");
        told_add(health, &told,
                 health_text(health, "%s: %s of %s never used%s", health_word(input, "tasks", i, "name"),
                             health_bytes(health, health_number(input, "tasks", i, "left_bytes")),
                             health_bytes(health, health_number(input, "tasks", i, "stack_bytes")), is_broken ? ", its canary is broken" : ""));
    }
    if (!is_watched)
        return;
    health_add(health, (struct health_finding){
                           .id = "stacks",
                           .title = severity ? "A stack is near its end" : "Stacks have room",
                           .severity = severity,
                           .evidence = health_text(health, "%s. Warned below 20 %% of the stack; critical below 5 %%, or when the canary is broken.",
                                                   told_end(health, &told)),
                           .recommendation = severity ? "Give these tasks larger stacks, or take large variables off them." : NULL,
                           .value = health_number(input, "tasks", 0, "left_bytes"),
                           .unit = "B",
                           .table = "tasks"});
}

/* The figures of one region. */
struct filling {
    double size, least, free, pieces;
    const char *name;
    bool is_pool;
};

static struct filling filling_of(const struct health_input *input, size_t row)
{
#define REGION(column) health_number(input, "regions", row, column)
    return (struct filling){REGION("size_bytes"),
                            REGION("least_free_bytes"),
                            REGION("free_bytes"),
                            REGION("fragmentation"),
                            health_word(input, "regions", row, "name"),
                            !strcmp(health_word(input, "regions", row, "kind"), "pool")};
#undef REGION
}

void health_rule_regions(struct health *health, const struct health_input *input)
{
    enum health_severity severity = HEALTH_OK;
    struct told told = {.text = "Every region kept a reserve"};
    double least = 1, judged = 0;
    for (size_t i = 0; i < rows_of(input, "regions"); i++) {
        struct filling filling = filling_of(input, i);
        double share = ratio(filling.least, filling.size);
        if (!filling.size || filling.is_pool || (!filling.free && !health_number(input, "regions", i, "used_share"))) /* what is free is not known */
            continue;
        judged++;
        least = share < least ? share : least;
        if (share >= region_warn)
            continue;
        severity = worse(severity, share < region_critical ? HEALTH_CRITICAL : HEALTH_WARN);
        told_add(health, &told,
                 health_text(health, "%s: %s of %s were free at its fullest", filling.name, health_bytes(health, filling.least),
                             health_bytes(health, filling.size)));
    }
    if (!judged)
        return;
    health_add(health,
               (struct health_finding){.id = "regions",
                                       .title = severity ? "A region was nearly full" : "Regions have room",
                                       .severity = severity,
                                       .evidence = health_text(health, "%s. Warned below 10 %% of the region; critical below 2 %%.", told_end(health, &told)),
                                       .recommendation = severity ? "See who held it at the peak: 'heaptracer analyze FILE --table peak,placement'." : NULL,
                                       .value = least,
                                       .unit = "ratio",
                                       .table = "regions"});
}

void health_rule_pieces(struct health *health, const struct health_input *input)
{
    enum health_severity severity = HEALTH_OK;
    struct told told = {0};
    double most = 0;
    for (size_t i = 0; i < rows_of(input, "regions"); i++) {
        struct filling filling = filling_of(input, i);
        if (filling.is_pool || filling.free < pieces_free_least || !health_number(input, "regions", i, "largest_free_bytes"))
            continue;
        most = filling.pieces > most ? filling.pieces : most;
        severity = worse(severity, filling.pieces >= pieces_critical ? HEALTH_CRITICAL : filling.pieces >= pieces_warn ? HEALTH_WARN : HEALTH_OK);
        told_add(health, &told,
                 health_text(health, "%s: %s of %s free memory are not in its largest piece", filling.name, health_ratio(health, filling.pieces),
                             health_bytes(health, filling.free)));
    }
    if (!told.count)
        return;
    health_add(health,
               (struct health_finding){
                   .id = "fragmentation",
                   .title = severity ? "Free memory lies in pieces" : "Free memory is in one piece",
                   .severity = severity,
                   .evidence = health_text(health, "%s. Warned from 40 %%; critical from 70 %%, where 4 KiB and more are free.", told_end(health, &told)),
                   .recommendation = severity ? "Allocate what lives long first, and what comes and goes from a pool of its own." : NULL,
                   .value = most,
                   .unit = "ratio",
                   .table = "regions"});
}

void health_rule_pools(struct health *health, const struct health_input *input)
{
    struct told told = {0};
    double refused = 0;
    for (size_t i = 0; i < rows_of(input, "pools"); i++) {
        double count = health_number(input, "pools", i, "refused");
        refused += count;
        if (count)
            told_add(health, &told,
                     health_text(health, "%s (%s blocks of %s): %s refused", health_word(input, "pools", i, "name"),
                                 health_count(health, health_number(input, "pools", i, "blocks")),
                                 health_bytes(health, health_number(input, "pools", i, "block_bytes")), health_count(health, count)));
    }
    if (!told.count)
        return;
    health_add(health, (struct health_finding){.id = "pools",
                                               .title = "A pool could not give out a block",
                                               .severity = HEALTH_WARN,
                                               .evidence = health_text(health, "%s. Warned from 1.", told_end(health, &told)),
                                               .recommendation = "Give these pools more or larger blocks, or find who does not give them back.",
                                               .value = refused,
                                               .unit = "count",
                                               .table = "pools"});
}

/* Internal memory that has ample room need not be spared. */
static bool internal_is_short(const struct health_input *input)
{
    for (size_t i = 0; i < rows_of(input, "regions"); i++) {
        struct filling filling = filling_of(input, i);
        const char *kind = health_word(input, "regions", i, "kind");
        if (filling.size && strcmp(kind, "external") && strcmp(kind, "pool") &&
            (filling.least < short_share * filling.size || health_number(input, "regions", i, "refused")))
            return true;
    }
    return false;
}

static void saving_tell(struct health *health, const struct health_input *input)
{
    double saving = health_sum(input, "placement", "saving_bytes"), most = 0;
    size_t row = 0;
    for (size_t i = 0; i < rows_of(input, "placement"); i++)
        if (health_number(input, "placement", i, "saving_bytes") > most) {
            most = health_number(input, "placement", i, "saving_bytes");
            row = i;
        }
    if (saving < saving_least)
        return;
    bool is_short = internal_is_short(input);
    health_add(health,
               (struct health_finding){
                   .id = "placement",
                   .title = "Large blocks lie in internal memory",
                   .severity = is_short ? HEALTH_WARN : HEALTH_OK,
                   .evidence = health_text(health,
                                           "%s of internal memory at its fullest moment were blocks of 4 KiB and more that ask for no DMA and that no "
                                           "interrupt makes; %s of them of this call stack. Warned where less than 30 %% of internal "
                                           "memory were left, or a request was refused.",
                                           health_bytes(health, saving), health_bytes(health, most)),
                   .recommendation = health_text(health, "Allocate them in external memory: it saves %s of internal memory.", health_bytes(health, saving)),
                   .value = saving,
                   .unit = "B",
                   .has_stack = true,
                   .stack = (uint32_t)health_number(input, "placement", row, "stack"),
                   .table = "placement"});
}

static void misplaced_tell(struct health *health, const struct health_input *input)
{
    struct told told = {0};
    uint32_t stack = 0;
    double bytes = 0;
    for (size_t i = 0; i < rows_of(input, "placement"); i++) {
        if (strcmp(health_word(input, "placement", i, "advice"), "to internal"))
            continue;
        stack = told.count ? stack : (uint32_t)health_number(input, "placement", i, "stack");
        bytes += health_number(input, "placement", i, "at_peak_bytes");
        told_add(health, &told,
                 health_text(health, "%s of %s on average (%s)", health_blocks(health, health_number(input, "placement", i, "allocations")),
                             health_bytes(health, health_number(input, "placement", i, "mean_bytes")), health_word(input, "placement", i, "why")));
    }
    if (!told.count)
        return;
    health_add(health,
               (struct health_finding){.id = "misplaced",
                                       .title = "Blocks in external memory belong in internal memory",
                                       .severity = HEALTH_WARN,
                                       .evidence = health_text(health, "%s. Warned from 1 call stack.", told_end(health, &told)),
                                       .recommendation = health_text(health, "Allocate them in internal memory: %s at most.", health_bytes(health, bytes)),
                                       .value = bytes,
                                       .unit = "B",
                                       .has_stack = true,
                                       .stack = stack,
                                       .table = "placement"});
}

void health_rule_placement(struct health *health, const struct health_input *input)
{
    saving_tell(health, input);
    misplaced_tell(health, input);
}

/* What they warn of has findings of its own. */
void health_rule_alerts(struct health *health, const struct health_input *input)
{
    enum health_severity severity = HEALTH_OK;
    size_t count = rows_of(input, "alerts");
    struct told told = {0};
    for (size_t i = 0; i < count; i++) {
        severity = worse(severity, level_of(health_word(input, "alerts", i, "level")));
        told_add(health, &told, health_text(health, "%s, %s", health_word(input, "alerts", i, "rule"), health_word(input, "alerts", i, "level")));
    }
    if (!severity)
        return;
    health_add(health, (struct health_finding){.id = "alerts",
                                               .title = "The firmware raised alerts",
                                               .severity = severity,
                                               .evidence = health_text(health, "%zu: %s.", count, told_end(health, &told)),
                                               .value = (double)count,
                                               .unit = "count",
                                               .is_detail = true,
                                               .table = "alerts"});
}
