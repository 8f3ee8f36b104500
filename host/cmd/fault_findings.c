/* fault_findings: in the table faults, out its findings: who found it first, then who made and who freed the block. */
#include "fault_findings.h"

#include <string.h>

#include "host/base/number.h"

struct fault_rule {
    const char *word; /* in the table */
    bool is_looked_for; /* under guard on Linux; others only firmware tells */
    bool is_at_once;    /* whoever runs when it is found did it; else only where a page was hit */
    struct finding_rule rule;
};

#define RULE(word, is_looked_for, is_at_once, id, name, title, about) {word, is_looked_for, is_at_once, {"error/" id, name, title, about, FINDING_ERROR}}
static const struct fault_rule fault_rules[] = {
    RULE("overflow", true, false, "overflow", "HeapOverflow", "Bytes behind the end of a block were written",
         "The program wrote beyond what it asked for. The stack that allocated says how large the block is; who wrote is known where a guard page was hit "
         "(`run --guard=full`), else it happened before it was found."),
    RULE("underflow", true, false, "underflow", "HeapUnderflow", "Bytes before the start of a block were written",
         "The program wrote before the first byte of the block."),
    RULE("overread", true, true, "overread", "HeapOverread", "Bytes behind the end of a block were read", "The program read beyond what it asked for."),
    RULE("underread", true, true, "underread", "HeapUnderread", "Bytes before the start of a block were read",
         "The program read before the first byte of the block."),
    RULE("double free", true, true, "double-free", "DoubleFree", "A block was freed twice",
         "The block had been freed before; the stacks say by whom, both times."),
    RULE("wild free", true, true, "wild-free", "WildFree", "An address that is no block was freed",
         "What was given to free was never returned by an allocation."),
    RULE("interior free", true, true, "interior-free", "InteriorFree", "An address inside of a block was freed",
         "What was given to free lies in a block, but is not its start."),
    RULE("use after free", true, false, "use-after-free", "UseAfterFree", "A freed block was written",
         "The program wrote into a block after it had freed it."),
    RULE("read after free", true, true, "read-after-free", "ReadAfterFree", "A freed block was read",
         "The program read from a block after it had freed it."),
    RULE("wild read", true, true, "wild-read", "WildRead", "The program crashed when it read",
         "There is no memory at the address, or none that may be read."),
    RULE("wild write", true, true, "wild-write", "WildWrite", "The program crashed when it wrote",
         "There is no memory at the address, or none that may be written."),
    RULE("mismatched free", true, true, "mismatched-free", "MismatchedFree", "A block was freed by the wrong function",
         "What new made is for delete, what new[] made for delete[], what malloc made for free."),
    RULE("size mismatch", true, true, "size-mismatch", "SizeMismatch", "A block was freed with another size than it has",
         "A sized delete was told a size that is not the block's."),
    RULE("realloc of a freed block", true, true, "freed-realloc", "ReallocOfFreed", "A freed block was given to realloc",
         "The block had been freed before; the stacks say by whom."),
    RULE("huge size", true, true, "huge-size", "HugeSize", "A huge or negative size was asked for",
         "The size is so large that it is most likely a negative number, or a product that overflowed."),
    RULE("overlap", false, false, "overlap", "Overlap", "A block was given out over another one that lives", "The allocator gave out memory that is in use."),
    RULE("stack overflow", false, false, "stack-overflow", "StackOverflow", "A task ran over the end of its stack",
         "Give the task a larger stack, or let it use less."),
    RULE("metadata broken", false, false, "metadata", "MetadataBroken", "The allocator's own words are broken",
         "Somebody wrote where only the allocator may."),
    RULE("?", false, false, "unknown", "UnknownFault", "The target found a fault that this version does not know", "Use a newer version of heaptracer."),
};
#undef RULE
enum { FAULT_RULES = sizeof fault_rules / sizeof *fault_rules };

void fault_findings_look(struct findings *findings)
{
    for (size_t i = 0; i < FAULT_RULES; i++)
        if (fault_rules[i].is_looked_for)
            findings_look(findings, &fault_rules[i].rule);
}

static const struct fault_rule *rule_of(const char *word)
{
    size_t i = 0;
    while (i + 1 < FAULT_RULES && strcmp(fault_rules[i].word, word))
        i++;
    return fault_rules + i;
}

struct fault_columns {
    int fault, block_bytes, first_bad, bad_bytes, guess, found_by, around, stack, freed, found, task;
};

static struct fault_columns columns_of(const struct table *table)
{
    return (struct fault_columns){.fault = table_find_column(table, "fault"),
                                  .block_bytes = table_find_column(table, "block_bytes"),
                                  .first_bad = table_find_column(table, "first_bad"),
                                  .bad_bytes = table_find_column(table, "bad_bytes"),
                                  .guess = table_find_column(table, "guess"),
                                  .found_by = table_find_column(table, "found_by"),
                                  .around = table_find_column(table, "around"),
                                  .stack = table_find_column(table, "stack"),
                                  .freed = table_find_column(table, "free_stack"),
                                  .found = table_find_column(table, "found_stack"),
                                  .task = table_find_column(table, "task")};
}

static void put_place(struct str *out, const struct fault_columns *at, const union cell *row)
{
    int64_t bad = row[at->first_bad].i, end = (int64_t)row[at->block_bytes].u;
    if (bad < 0)
        str_add_format(out, ", %lld before its start", (long long)-bad);
    else if (bad >= end)
        str_add_format(out, ", %lld behind its end", (long long)(bad - end));
    else
        str_add_format(out, ", at its byte %lld", (long long)bad);
}

/* "overflow: block of 10 B, 1 bad byte, 0 behind its end (off by one); found by free" */
static void put_message(struct str *out, const struct fault_columns *at, const union cell *row)
{
    char text[NUMBER_ROOM];
    str_add(out, row[at->fault].text);
    if (row[at->block_bytes].u)
        str_add_format(out, ": block of %s", number_bytes(text, row[at->block_bytes].u));
    if (row[at->bad_bytes].u) {
        str_add_format(out, ", %llu bad byte%s", (unsigned long long)row[at->bad_bytes].u, row[at->bad_bytes].u == 1 ? "" : "s");
        put_place(out, at, row);
    }
    if (*row[at->guess].text)
        str_add_format(out, " (%s)", row[at->guess].text);
    if (*row[at->found_by].text)
        str_add_format(out, "; found by %s", row[at->found_by].text);
}

/* Where it was done, if that is known, comes first; else the block's maker, who knows how large it is. */
static void fault_add(struct findings *findings, const struct fault_columns *at, const union cell *row, struct symbols *symbols)
{
    const struct fault_rule *rule = rule_of(row[at->fault].text);
    bool is_guilty = rule->is_at_once || !strcmp(row[at->found_by].text, "guard page");
    struct str message = {0};
    put_message(&message, at, row);
    findings_add(findings, &rule->rule, "%s", str_text(&message));
    if (is_guilty)
        findings_stack(findings, "done here", symbols, (uint32_t)row[at->found].u);
    findings_stack(findings, "allocated here", symbols, (uint32_t)row[at->stack].u);
    findings_stack(findings, "freed here", symbols, (uint32_t)row[at->freed].u);
    if (!is_guilty)
        findings_stack(findings, "found here", symbols, (uint32_t)row[at->found].u);
    findings_text(findings, "bytes", row[at->around].text);
    findings_text(findings, "thread", row[at->task].text);
    str_done(&message);
}

void fault_findings_add(struct findings *findings, const struct table *faults, struct symbols *symbols)
{
    struct fault_columns at = columns_of(faults);
    for (size_t row = 0; row < faults->row_count; row++)
        if (findings_have_room(findings))
            fault_add(findings, &at, table_at(faults, row), symbols);
}
