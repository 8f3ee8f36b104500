/* junit: in findings, out a JUnit report. A group of rules is a suite. A rule that found nothing is a test that passed; each finding is a test of its own: one
 * that failed, one that was skipped if it is suppressed, or one that passed and has something to say if it is no error. */
#include "junit.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "host/base/path.h"
#include "host/view/svg.h"

struct counts {
    size_t tests, failures, skipped;
};

static size_t group_length(const struct finding_rule *rule)
{
    return strcspn(rule->id, "/");
}

static bool is_in_group(const struct finding_rule *rule, const struct finding_rule *first)
{
    size_t count = group_length(first);
    return group_length(rule) == count && !memcmp(rule->id, first->id, count);
}

static bool is_first_of_group(const struct findings *findings, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (is_in_group(findings->rules.at[i], findings->rules.at[number]))
            return false;
    return true;
}

static size_t count_of_rule(const struct findings *findings, const struct finding_rule *rule)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->list.count; i++)
        count += findings->list.at[i].rule == rule;
    return count;
}

/* Of one group; NULL: of all. */
static struct counts count_tests(const struct findings *findings, const struct finding_rule *group)
{
    struct counts counts = {0};
    for (size_t i = 0; i < findings->rules.count; i++)
        counts.tests += (!group || is_in_group(findings->rules.at[i], group)) && !count_of_rule(findings, findings->rules.at[i]);
    for (size_t i = 0; i < findings->list.count; i++) {
        const struct finding *finding = findings->list.at + i;
        if (group && !is_in_group(finding->rule, group))
            continue;
        counts.tests++;
        counts.skipped += finding->suppressed != NULL;
        counts.failures += !finding->suppressed && finding->level == FINDING_ERROR;
    }
    return counts;
}

static void attribute_put(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    svg_escape(out, value);
    putc('"', out);
}

static void counts_put(FILE *out, struct counts counts)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", counts.tests, counts.failures, counts.skipped);
}

static void stack_put(FILE *out, const struct findings *findings, const struct finding_stack *stack)
{
    fprintf(out, "%s:\n", stack->title);
    for (size_t i = 0; i < stack->count; i++) {
        const struct finding_frame *frame = finding_frame(findings, stack, i);
        const char *name = frame->module;
        fprintf(out, "    #%zu ", i);
        svg_escape(out, frame->function);
        fputs(" (", out);
        if (frame->file)
            findings_is_below(findings, frame->file, &name);
        svg_escape(out, name);
        if (frame->file && frame->line)
            fprintf(out, ":%u", frame->line);
        fputs(")\n", out);
    }
}

static void body_put(FILE *out, const struct findings *findings, const struct finding *finding)
{
    svg_escape(out, finding->message);
    putc('\n', out);
    for (size_t i = 0; i < finding->detail_count; i++) {
        const struct finding_detail *detail = findings->details.at + finding->first_detail + i;
        fprintf(out, "%s: ", detail->name);
        if (detail->text)
            svg_escape(out, detail->text);
        else
            fprintf(out, "%.15g", detail->number);
        putc('\n', out);
    }
    for (size_t i = 0; i < finding->stack_count; i++)
        stack_put(out, findings, finding_stack(findings, finding, i));
}

static void outcome_put(FILE *out, const struct findings *findings, const struct finding *finding)
{
    const char *element = finding->suppressed ? "skipped" : finding->level == FINDING_ERROR ? "failure" : "system-out";
    fprintf(out, "      <%s", element);
    if (finding->suppressed)
        attribute_put(out, "message", finding->suppressed);
    else if (finding->level == FINDING_ERROR) {
        attribute_put(out, "message", finding->message);
        attribute_put(out, "type", finding->rule->id);
    }
    putc('>', out);
    body_put(out, findings, finding);
    fprintf(out, "</%s>\n", element);
}

/* "make (cases.c:17)" */
static void place_add(struct str *name, const struct finding_frame *frame)
{
    str_add_format(name, "%s (%s", frame->function, frame->file ? path_name(frame->file) : frame->module);
    str_add_format(name, frame->file && frame->line ? ":%u)" : ")", frame->line);
}

/* "direct: make (cases.c:17) <- make_cases (cases.c:33) <- main (cases.c:74)": enough to tell most findings from one another. */
static void test_name(const struct findings *findings, const struct finding *finding, struct str *name)
{
    enum { NAMED = 3 };
    const struct finding_stack *stack = finding_stack(findings, finding, 0);
    str_add_format(name, "%s: %s", finding->rule->id + group_length(finding->rule) + 1, finding->stack_count ? "" : finding->message);
    if (!finding->stack_count)
        return;
    for (size_t i = stack->top; i < stack->count && i < stack->top + NAMED; i++) {
        if (i > stack->top && finding_frame(findings, stack, i)->role == FRAME_START)
            break;
        str_add(name, i > stack->top ? " <- " : "");
        place_add(name, finding_frame(findings, stack, i));
    }
}

/* Of tests with one name readers show but one. */
static void name_number(struct str *name, struct map *seen)
{
    uint64_t times = ++*map_put(seen, XXH3_64bits(str_text(name), name->count), NULL);
    if (times > 1)
        str_add_format(name, " #%llu", (unsigned long long)times);
}

static void finding_put(FILE *out, const struct findings *findings, const struct finding *finding, struct map *seen)
{
    const struct finding_frame *top = finding_top(findings, finding);
    struct str name = {0};
    test_name(findings, finding, &name);
    name_number(&name, seen);
    fprintf(out, "    <testcase classname=\"heaptracer.%.*s\"", (int)group_length(finding->rule), finding->rule->id);
    attribute_put(out, "name", str_text(&name));
    if (top && top->file) {
        const char *file;
        findings_is_below(findings, top->file, &file);
        attribute_put(out, "file", file);
        fprintf(out, " line=\"%u\"", top->line);
    }
    fputs(" time=\"0\">\n", out);
    outcome_put(out, findings, finding);
    fputs("    </testcase>\n", out);
    str_done(&name);
}

static void time_put(FILE *out, const struct findings *findings)
{
    char text[64];
    time_t seconds = (time_t)(findings->start_unix_ns / 1000000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts))
        attribute_put(out, "timestamp", text);
    fprintf(out, " time=\"%.3f\"", (double)findings->duration_ns / 1e9);
}

static void suite_put(FILE *out, const struct findings *findings, const struct finding_rule *group)
{
    struct map seen = {0};
    fprintf(out, "  <testsuite name=\"heaptracer.%.*s\"", (int)group_length(group), group->id);
    counts_put(out, count_tests(findings, group));
    time_put(out, findings);
    fputs(">\n    <properties>\n      <property name=\"program\"", out);
    attribute_put(out, "value", findings->about);
    fputs("/>\n", out);
    if (findings->left_out)
        fprintf(out, "      <property name=\"left out\" value=\"%" PRIu64 "\"/>\n", findings->left_out);
    fputs("    </properties>\n", out);
    for (size_t i = 0; i < findings->rules.count; i++) {
        const struct finding_rule *rule = findings->rules.at[i];
        if (!is_in_group(rule, group))
            continue;
        if (!count_of_rule(findings, rule))
            fprintf(out, "    <testcase classname=\"heaptracer.%.*s\" name=\"%s\" time=\"0\"/>\n", (int)group_length(rule), rule->id, rule->id + group_length(rule) + 1);
        for (size_t j = 0; j < findings->list.count; j++)
            if (findings->list.at[j].rule == rule)
                finding_put(out, findings, findings->list.at + j, &seen);
    }
    map_done(&seen);
    fputs("  </testsuite>\n", out);
}

void junit_put(FILE *out, const struct findings *findings)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"heaptracer\"", out);
    counts_put(out, count_tests(findings, NULL));
    fprintf(out, " time=\"%.3f\">\n", (double)findings->duration_ns / 1e9);
    for (size_t i = 0; i < findings->rules.count; i++)
        if (is_first_of_group(findings, i))
            suite_put(out, findings, findings->rules.at[i]);
    fputs("</testsuites>\n", out);
}
