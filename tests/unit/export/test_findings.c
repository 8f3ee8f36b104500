/* findings: as SARIF and as JUnit: what must be escaped, which names are relative, what fails, what is skipped, and what tells two findings apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/export/junit.h"
#include "host/export/sarif.h"

static const struct finding_rule lost = {"leak/lost", "Lost", "A block was lost", "Free it.", FINDING_ERROR};
static const struct finding_rule budget = {"budget/peak", "PeakBudget", "The peak is too high", "Use less.", FINDING_ERROR};
static const struct finding_rule quiet = {"leak/quiet", "Quiet", "Nothing of the kind", "Nothing.", FINDING_NOTE};

static void stack_add(struct findings *findings, const char *title, const char *function, const char *file, unsigned line)
{
    size_t first = findings->frames.count;
    vec_push(&findings->frames, ((struct finding_frame){function, file, "a.out", line, FRAME_PROGRAM}));
    vec_push(&findings->frames, ((struct finding_frame){"main", "/src/main.c", "a.out", 9, FRAME_PROGRAM}));
    vec_push(&findings->stacks, ((struct finding_stack){title, first, 2, 0}));
    findings->list.at[findings->list.count - 1].stack_count++;
}

static void begin(struct findings *findings)
{
    findings_begin(findings, &(struct trace_header){.start_unix_ns = 86400000000000, .command = "./a \"<&>\""}, "/src/x/..//");
}

static char *written(void (*put)(FILE *out, const struct findings *findings), const struct findings *findings)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    put(out, findings);
    fclose(out);
    return text;
}

static void expect(void (*put)(FILE *out, const struct findings *findings), const struct findings *findings, const char *wanted)
{
    char *text = written(put, findings);
    if (!strstr(text, wanted))
        fail_msg("not '%s' in:\n%s", wanted, text);
    free(text);
}

static void sources_below_the_root_are_relative(void **state)
{
    (void)state;
    struct findings findings;
    begin(&findings);
    findings_add(&findings, &lost, "1 block");
    stack_add(&findings, "allocated here", "make", "/src/a b/\303\244.c", 3);
    stack_add(&findings, "freed here", "drop", "/srcs/b.c", 0);
    stack_add(&findings, "found here", "look", "../csu/c.c", 4);
    expect(sarif_put, &findings, "\"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": \"a%20b/%C3%A4.c\", \"uriBaseId\": \"%SRCROOT%\"}, "
                                 "\"region\": {\"startLine\": 3}}");
    expect(sarif_put, &findings, "{\"uri\": \"file:///srcs/b.c\"}}, \"logicalLocations\"");
    expect(sarif_put, &findings, "{\"uri\": \"../csu/c.c\"}, \"region\"");
    expect(junit_put, &findings, "name=\"lost: make (\303\244.c:3) &#60;- main (main.c:9)\" file=\"a b/\303\244.c\" line=\"3\"");
    findings_done(&findings);
}

static void what_is_not_known_has_its_module_as_its_place(void **state)
{
    (void)state;
    struct findings findings;
    begin(&findings);
    findings_add(&findings, &lost, "1 block");
    stack_add(&findings, "allocated here", "make", NULL, 0);
    expect(sarif_put, &findings, "\"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": \"a.out\", \"uriBaseId\": \"%SRCROOT%\"}}");
    expect(junit_put, &findings, "name=\"lost: make (a.out) &#60;- main");
    findings_done(&findings);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    struct findings findings;
    begin(&findings);
    findings_add(&findings, &lost, "by operator[](int) of {lambda}");
    findings_text(&findings, "chain", "a<b>\"c\"&\001");
    findings_text(&findings, "nothing", "");
    findings_number(&findings, "bytes", 12345678901234.0);
    expect(sarif_put, &findings, "\"text\": \"by operator\\\\[](int) of {{lambda}}\"");
    expect(sarif_put, &findings, "\"properties\": {\"chain\": \"a<b>\\\"c\\\"&\\u0001\", \"bytes\": 12345678901234}");
    expect(junit_put, &findings, "chain: a&#60;b&#62;&#34;c&#34;&#38;?\nbytes: 12345678901234\n");
    expect(junit_put, &findings, "value=\"./a &#34;&#60;&#38;&#62;&#34;\"");
    findings_done(&findings);
}

static void what_is_suppressed_is_skipped_and_a_note_fails_nothing(void **state)
{
    (void)state;
    struct findings findings;
    begin(&findings);
    findings_look(&findings, &quiet);
    findings_add(&findings, &lost, "one");
    findings_add(&findings, &lost, "two")->suppressed = "known";
    findings_add(&findings, &lost, "three")->level = FINDING_NOTE;
    findings_add(&findings, &budget, "four");
    expect(junit_put, &findings, "<testsuites name=\"heaptracer\" tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"1\" time=\"0.000\">");
    expect(junit_put, &findings, "<testsuite name=\"heaptracer.leak\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\" timestamp=\"1970-01-02T00:00:00\"");
    expect(junit_put, &findings, "<testsuite name=\"heaptracer.budget\" tests=\"1\" failures=\"1\"");
    expect(junit_put, &findings, "<testcase classname=\"heaptracer.leak\" name=\"quiet\" time=\"0\"/>");
    expect(junit_put, &findings, "<skipped message=\"known\">two");
    expect(junit_put, &findings, "<system-out>three");
    expect(sarif_put, &findings, "\"suppressions\": [{\"kind\": \"external\", \"status\": \"accepted\", \"justification\": \"known\"}]");
    expect(sarif_put, &findings, "\"ruleId\": \"budget/peak\", \"ruleIndex\": 2, \"level\": \"error\"");
    findings_done(&findings);
}

static void prints_tell_findings_apart_but_not_lines(void **state)
{
    (void)state;
    struct findings findings;
    struct map seen = {0};
    struct str prints[4] = {{0}};
    begin(&findings);
    for (unsigned i = 0; i < 4; i++) {
        findings_add(&findings, i == 3 ? &budget : &lost, "one");
        stack_add(&findings, "allocated here", i == 2 ? "other" : "make", "/src/a.c", 3 + i);
        finding_print(&findings, findings.list.at + i, &seen, prints + i);
    }
    assert_int_equal(prints[0].count, 34);
    assert_memory_equal(prints[0].at, prints[1].at, 32);
    assert_string_equal(prints[0].at + 32, ":1");
    assert_string_equal(prints[1].at + 32, ":2");
    assert_memory_not_equal(prints[0].at, prints[2].at, 32);
    assert_memory_not_equal(prints[0].at, prints[3].at, 32);
    for (unsigned i = 0; i < 4; i++)
        str_done(prints + i);
    map_done(&seen);
    findings_done(&findings);
}

static void there_is_a_limit_and_it_is_said(void **state)
{
    (void)state;
    struct findings findings;
    begin(&findings);
    for (int i = 0; i < FINDINGS_MOST + 7; i++)
        if (findings_have_room(&findings))
            findings_add(&findings, &lost, "%d", i);
    assert_int_equal(findings.list.count, FINDINGS_MOST);
    expect(sarif_put, &findings, "\"leftOut\": 7");
    expect(junit_put, &findings, "<property name=\"left out\" value=\"7\"/>");
    findings_done(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_below_the_root_are_relative),
        cmocka_unit_test(what_is_not_known_has_its_module_as_its_place),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(what_is_suppressed_is_skipped_and_a_note_fails_nothing),
        cmocka_unit_test(prints_tell_findings_apart_but_not_lines),
        cmocka_unit_test(there_is_a_limit_and_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
