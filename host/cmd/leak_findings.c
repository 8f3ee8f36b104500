/* leak_findings: in a row of the table reach, out a finding. A block that only lost blocks lead to is no defect of its own: its owner's finding is the error. */
#include "leak_findings.h"

#include <string.h>

#include "host/base/number.h"

static const struct finding_rule rules[CLASS_COUNT] = {
    [CLASS_DIRECT] = {"leak/direct", "DirectLeak", "A block was lost: no pointer leads to it any more",
                      "When the process was looked at, no register, stack, variable or living block held a pointer to the block: it can never be freed. Free it before the "
                      "last pointer to it goes, or keep the pointer.",
                      FINDING_ERROR},
    [CLASS_INDIRECT] = {"leak/indirect", "IndirectLeak", "A block was lost with its owner: only lost blocks lead to it",
                        "All pointers to the block lie in blocks that are lost themselves. It is freed by whoever frees its owner: mend the leak of the owner first.",
                        FINDING_NOTE},
    [CLASS_POSSIBLE] = {"leak/possible", "PossibleLeak", "A block may be lost: pointers lead only into its middle",
                        "No pointer leads to the start of the block, only into it. The program may know how to come back to its start; if it does not, the block is lost.",
                        FINDING_WARNING},
    [CLASS_REACHABLE] = {"leak/reachable", "PilingUp", "Blocks can still be found, but pile up",
                         "A pointer leads to each of these blocks, but they behave like a leak: new ones come all the time and none go, or they outlived the phase or the "
                         "thread that made them. The chain says who keeps them.",
                         FINDING_WARNING},
};

void leak_findings_look(struct findings *findings)
{
    for (int class = CLASS_DIRECT; class < CLASS_COUNT; class++)
        findings_look(findings, rules + class);
}

static const struct finding_rule *rule_of(const char *class)
{
    for (int i = CLASS_DIRECT; i < CLASS_COUNT; i++)
        if (!strcmp(rules[i].id + strlen("leak/"), class))
            return rules + i;
    return rules + CLASS_DIRECT;
}

static enum finding_level level_of(const struct finding_rule *rule, double confidence)
{
    if (rule == rules + CLASS_INDIRECT)
        return FINDING_NOTE;
    return confidence > LEAK_SURE ? FINDING_ERROR : FINDING_WARNING;
}

static void put_amount(struct str *out, const char *before, uint64_t bytes, uint64_t count)
{
    char text[NUMBER_ROOM];
    str_add_format(out, "%s%s", before, number_bytes(text, bytes));
    str_add_format(out, " in %s block%s", number_count(text, count), count == 1 ? "" : "s");
}

static void put_message(struct str *out, const struct leak_columns *at, const union cell *row, const struct finding_rule *rule)
{
    static const char *const said[CLASS_COUNT] = {[CLASS_DIRECT] = "lost", [CLASS_INDIRECT] = "lost with their owner", [CLASS_POSSIBLE] = "possibly lost",
                                                  [CLASS_REACHABLE] = "still reachable, but probably not needed"};
    put_amount(out, "", row[at->bytes].u, row[at->count].u);
    str_add_format(out, " %s", said[rule - rules]);
    if (row[at->retained_count].u)
        put_amount(out, ", and with them ", row[at->retained].u, row[at->retained_count].u);
    str_add_format(out, " (%s%sconfidence %.0f %%)", row[at->pattern].text, *row[at->pattern].text ? "; " : "", row[at->confidence].f * 100);
}

void leak_findings_add(struct findings *findings, const struct leak_columns *at, const union cell *row, struct symbols *symbols, const char *suppressed)
{
    const struct finding_rule *rule = rule_of(row[at->class].text);
    struct str message = {0};
    put_message(&message, at, row, rule);
    struct finding *finding = findings_add(findings, rule, "%s", str_text(&message));
    finding->level = level_of(rule, row[at->confidence].f);
    finding->rank = row[at->confidence].f * 100;
    finding->suppressed = suppressed;
    findings_stack(findings, "allocated here", symbols, (uint32_t)row[at->stack].u);
    findings_text(findings, "class", row[at->class].text);
    findings_text(findings, "pattern", row[at->pattern].text);
    findings_text(findings, "evidence", row[at->evidence].text);
    findings_text(findings, "kind", row[at->kind].text);
    findings_text(findings, "resource", row[at->resource].text);
    findings_number(findings, "confidence", row[at->confidence].f);
    findings_number(findings, "bytes", (double)row[at->bytes].u);
    findings_number(findings, "blocks", (double)row[at->count].u);
    findings_text(findings, "chain", row[at->chain].text);
    str_done(&message);
}
