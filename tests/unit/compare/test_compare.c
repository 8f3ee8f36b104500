/* compare: rows of several traces are put together, their amounts subtracted, and told apart from noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/compare/compare.h"

static const struct column columns[] = {
    {"name", "Name", "", "who", COLUMN_TEXT},
    {"bytes", "Bytes", "", "how much", COLUMN_BYTES},
    {"count", "Count", "", "how many", COLUMN_COUNT},
    {"source", "Source", "", "where", COLUMN_TEXT},
};
enum { NAME, BYTES, COUNT, SOURCE, COLUMNS };

struct row {
    const char *name;
    uint64_t bytes;
    const char *source;
};

/* Only the first `column_count` columns. */
static void fill(struct table *table, size_t column_count, const struct row *rows)
{
    table_init(table, "t", "T", "about", TABLE_ROWS, columns, column_count);
    for (; rows->name; rows++) {
        union cell *row = table_row(table);
        row[NAME].text = rows->name;
        row[BYTES].u = rows->bytes;
        row[COUNT].u = rows->bytes / 10;
        if (column_count > SOURCE)
            row[SOURCE].text = rows->source;
    }
}

static union cell cell(const struct table *table, const char *name, const char *column)
{
    for (size_t row = 0; row < table->row_count; row++)
        if (!strcmp(table_at(table, row)[table_find_column(table, "name")].text, name))
            return table_at(table, row)[table_find_column(table, column)];
    fail_msg("no row %s", name);
    return (union cell){0};
}

/* `befores` is NULL-terminated. */
static void compare(struct table *out, const struct row *const *befores, const struct row *after)
{
    enum { MOST = 8 };
    struct table tables[MOST];
    const struct table *list[MOST];
    size_t count = 0;
    for (; befores[count]; count++)
        fill(&tables[count], SOURCE, befores[count]);
    fill(&tables[count++], SOURCE, after);
    for (size_t i = 0; i < count; i++)
        list[i] = &tables[i];
    struct same *same = same_new(NULL);
    assert_true(compare_tables(out, list, count, same));
    same_free(same);
    for (size_t i = 0; i < count; i++)
        table_done(&tables[i]);
}

static void each_row_has_its_verdict(void **state)
{
    (void)state;
    static const struct row before[] = {{"kept", 50, ""}, {"grows", 100, ""}, {"shrinks", 300, ""}, {"gone", 70, ""}, {0}};
    static const struct row after[] = {{"grows", 600, ""}, {"shrinks", 200, ""}, {"kept", 50, ""}, {"fresh", 10, ""}, {0}};
    struct table table;
    compare(&table, (const struct row *const[]){before, NULL}, after);
    assert_int_equal(table.row_count, 4);
    assert_string_equal(table.note, "1 row is the same");
    assert_string_equal(cell(&table, "grows", "verdict").text, "grew");
    assert_string_equal(cell(&table, "shrinks", "verdict").text, "shrank");
    assert_string_equal(cell(&table, "gone", "verdict").text, "gone");
    assert_string_equal(cell(&table, "fresh", "verdict").text, "new");
    assert_int_equal(cell(&table, "grows", "bytes_change").i, 500);
    assert_int_equal(cell(&table, "shrinks", "bytes_change").i, -100);
    assert_int_equal(cell(&table, "shrinks", "count_before").u, 30);
    assert_int_equal(cell(&table, "shrinks", "count_after").u, 20);
    assert_string_equal(table_at(&table, 0)[table_find_column(&table, "name")].text, "grows"); /* the largest change comes first */
    table_done(&table);
}

static void what_lies_within_the_runs_before_is_noise(void **state)
{
    (void)state;
    static const struct row one[] = {{"a", 100, ""}, {"b", 100, ""}, {0}}, two[] = {{"a", 180, ""}, {"b", 120, ""}, {0}};
    static const struct row three[] = {{"a", 120, ""}, {"b", 110, ""}, {0}}, after[] = {{"a", 170, ""}, {"b", 170, ""}, {0}};
    struct table table;
    compare(&table, (const struct row *const[]){one, two, three, NULL}, after);
    assert_string_equal(cell(&table, "a", "verdict").text, "noise");
    assert_string_equal(cell(&table, "b", "verdict").text, "grew");
    assert_int_equal(cell(&table, "a", "bytes_before").u, 120); /* the median */
    assert_int_equal(cell(&table, "b", "bytes_before").u, 110);
    assert_int_equal(cell(&table, "a", "bytes_change").i, 50);
    table_done(&table);
}

static void rows_with_the_same_key_are_paired_in_order(void **state)
{
    (void)state;
    static const struct row before[] = {{"a", 10, ""}, {"a", 20, ""}, {0}}, after[] = {{"a", 10, ""}, {"a", 25, ""}, {"a", 7, ""}, {0}};
    struct table table;
    compare(&table, (const struct row *const[]){before, NULL}, after);
    assert_int_equal(table.row_count, 2);
    assert_int_equal(table_at(&table, 0)[table_find_column(&table, "bytes_change")].i, 7);
    assert_int_equal(table_at(&table, 1)[table_find_column(&table, "bytes_change")].i, 5);
    table_done(&table);
}

/* A program that learns to tell its sources is compared with itself before; and lines move. */
static void sources_go_along_but_tell_no_row_apart(void **state)
{
    (void)state;
    static const struct row before[] = {{"a", 10, "a.c:1"}, {"b", 20, "a.c:9"}, {0}}, after[] = {{"a", 15, "a.c:3"}, {"b", 20, "a.c:11"}, {0}};
    struct same *same = same_new(NULL);
    for (size_t known = SOURCE; known <= COLUMNS; known++) {
        struct table tables[2], table;
        fill(&tables[0], known, before);
        fill(&tables[1], COLUMNS, after);
        assert_true(compare_tables(&table, (const struct table *const[]){&tables[0], &tables[1]}, 2, same));
        assert_int_equal(table.row_count, 1);
        assert_string_equal(cell(&table, "a", "verdict").text, "grew");
        assert_string_equal(cell(&table, "a", "source").text, "a.c:3");
        table_done(&table);
        table_done(&tables[0]);
        table_done(&tables[1]);
    }
    same_free(same);
}

static void columns_are_the_same_by_name(void **state)
{
    (void)state;
    static const struct column other[] = {{"name", "Name", "", "who", COLUMN_TEXT},
                                          {"count", "Count", "", "how many", COLUMN_COUNT},
                                          {"bytes", "Bytes", "", "how much", COLUMN_BYTES}};
    static const struct row after[] = {{"a", 50, ""}, {0}};
    struct table tables[2], table;
    struct same *same = same_new(NULL);
    table_init(&tables[0], "t", "T", "about", TABLE_ROWS, other, SOURCE);
    union cell *row = table_row(&tables[0]);
    row[0].text = "a";
    row[1].u = 3;
    row[2].u = 30;
    fill(&tables[1], SOURCE, after);
    assert_true(compare_tables(&table, (const struct table *const[]){&tables[0], &tables[1]}, 2, same));
    assert_int_equal(cell(&table, "a", "bytes_before").u, 30);
    assert_int_equal(cell(&table, "a", "count_change").i, 2);
    table_done(&table);
    table_done(&tables[0]);
    table_done(&tables[1]);
    same_free(same);
}

static void maps_of_addresses_have_nothing_in_common(void **state)
{
    (void)state;
    static const struct column addresses[] = {{"address", "Address", "", "where", COLUMN_ADDRESS}, {"bytes", "Bytes", "", "how much", COLUMN_BYTES}};
    struct table map, table;
    struct same *same = same_new(NULL);
    table_init(&map, "t", "T", "about", TABLE_MAP, addresses, 2);
    assert_false(compare_tables(&table, (const struct table *const[]){&map, &map}, 2, same));
    table_done(&map);
    same_free(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_has_its_verdict),
        cmocka_unit_test(what_lies_within_the_runs_before_is_noise),
        cmocka_unit_test(rows_with_the_same_key_are_paired_in_order),
        cmocka_unit_test(sources_go_along_but_tell_no_row_apart),
        cmocka_unit_test(columns_are_the_same_by_name),
        cmocka_unit_test(maps_of_addresses_have_nothing_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
