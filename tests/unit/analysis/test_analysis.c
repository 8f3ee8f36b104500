/* analysis: the list is sound, and docs/analyses.md says of every table and column what the code says. HT_WRITE_DOCS=1 writes that part anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <heaptracer/analysis.h>

#include "host/base/memory.h"
#include "host/base/str.h"

static const char *const path = TEST_DATA "/../docs/analyses.md";
static const char *const marker = "<!-- from here on written by tests/unit/analysis/test_analysis.c from the code -->\n";

static const char *kind_name(enum column_kind kind)
{
    static const char *const names[] = {
        [COLUMN_TEXT] = "text",   [COLUMN_COUNT] = "count", [COLUMN_BYTES] = "bytes",     [COLUMN_TIME] = "time, ns", [COLUMN_DURATION] = "duration, ns",
        [COLUMN_RATIO] = "ratio", [COLUMN_REAL] = "number", [COLUMN_ADDRESS] = "address", [COLUMN_STACK] = "stack",   [COLUMN_FRAME] = "frame",
    };
    return names[kind];
}

static void put_table(struct str *text, const struct analysis *analysis)
{
    static const char *const shapes[] = {"rows", "series", "tree", "map"};
    str_add_format(text, "\n## %s\n%s (%s)\n\n| column | kind | what it is |\n|---|---|---|\n", analysis->name, analysis->about, shapes[analysis->shape]);
    for (size_t i = 0; i < analysis->column_count; i++) {
        const struct column *column = analysis->columns + i;
        bool sampled = i + analysis->sampled_column_count >= analysis->column_count;
        str_add_format(text, "| `%s` | %s%s%s | %s%s |\n", column->name, kind_name(column->kind), *column->unit ? ", " : "", column->unit, column->about,
                       sampled ? " (sampled traces only)" : "");
    }
}

static char *read_file(void)
{
    FILE *file = fopen(path, "r");
    struct str text = {0};
    char piece[4096];
    assert_non_null(file);
    for (size_t count; (count = fread(piece, 1, sizeof piece, file));)
        str_add_bytes(&text, piece, count);
    fclose(file);
    return text.at;
}

static void write_file(const char *head, const char *tables)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s%s", head, tables);
    assert_int_equal(fclose(file), 0);
}

static void the_document_says_what_the_code_says(void **state)
{
    (void)state;
    struct str tables = {0};
    for (const struct analysis *const *at = analysis_list(); *at; at++)
        put_table(&tables, *at);
    char *document = read_file(), *rest = strstr(document, marker);
    assert_non_null(rest);
    rest += strlen(marker);
    if (getenv("HT_WRITE_DOCS")) {
        *rest = 0;
        write_file(document, str_text(&tables));
    } else {
        assert_string_equal(rest, str_text(&tables));
    }
    memory_free(document);
    str_done(&tables);
}

static void names_are_sound(void **state)
{
    (void)state;
    for (const struct analysis *const *at = analysis_list(); *at; at++) {
        const struct analysis *analysis = *at;
        assert_ptr_equal(analysis_find(analysis->name), analysis);
        assert_true(*analysis->title && *analysis->about && analysis->answer);
        assert_int_equal(!analysis->begin, !analysis->see);
        assert_int_equal(!analysis->begin, !analysis->end);
        for (size_t i = 0; i < analysis->column_count; i++) {
            const struct column *column = analysis->columns + i;
            assert_true(column->name && *column->title && column->unit && *column->about);
            assert_int_equal(strspn(column->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(column->name));
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(column->name, analysis->columns[j].name);
        }
        bool has_addresses = analysis->columns[0].kind == COLUMN_ADDRESS && analysis->columns[1].kind == COLUMN_ADDRESS;
        assert_int_equal(analysis->shape == TABLE_MAP, has_addresses);
        assert_int_equal(analysis->shape == TABLE_SERIES, analysis->columns[0].kind == COLUMN_TIME);
    }
    assert_null(analysis_find("no such table"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_sound), cmocka_unit_test(the_document_says_what_the_code_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
