/* table: the four shapes, sorting, cutting, notes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <heaptracer/table.h>

static const struct column columns[] = {
    {"name", "Name", "", "a name", COLUMN_TEXT},
    {"bytes", "Bytes", "", "bytes", COLUMN_BYTES},
    {"growth", "Growth", "", "change", COLUMN_SIGNED_BYTES},
    {"share", "Share", "", "of all", COLUMN_RATIO},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void fill(struct table *table, int rows)
{
    for (int i = 0; i < rows; i++) {
        union cell *row = table_row(table);
        row[0].text = table_text(table, "row %d", i);
        row[1].u = (uint64_t)(i * 7919) % 100;
        row[2].i = 50 - (int64_t)row[1].u;
        row[3].f = (double)row[1].u / 100;
    }
}

static void rows_sort_by_each_kind(void **state)
{
    (void)state;
    for (size_t column = 0; column < COLUMNS; column++) {
        struct table table;
        table_init(&table, "t", "T", "about", TABLE_ROWS, columns, COLUMNS);
        fill(&table, 1000);
        table_sort(&table, column, true, 0);
        assert_int_equal(table.row_count, 1000);
        for (size_t i = 1; i < table.row_count; i++) {
            union cell *a = table_at(&table, i - 1), *b = table_at(&table, i);
            assert_true(column == 0 ? strcmp(a[0].text, b[0].text) > 0 : column == 1 ? a[1].u >= b[1].u : column == 2 ? a[2].i >= b[2].i : a[3].f >= b[3].f);
            assert_int_equal(a[1].u, 50 - a[2].i);
        }
        table_done(&table);
    }
}

static void a_cell_of_each_kind_is_a_real_number(void **state)
{
    (void)state;
    struct table table;
    table_init(&table, "t", "T", "about", TABLE_ROWS, columns, COLUMNS);
    fill(&table, 10);
    union cell *row = table_at(&table, 9);
    assert_int_equal(row[1].u, 71);
    assert_true(table_real(&columns[0], row[0]) == 0);
    assert_true(table_real(&columns[1], row[1]) == 71);
    assert_true(table_real(&columns[2], row[2]) == -21);
    assert_true(table_real(&columns[3], row[3]) == 0.71);
    table_done(&table);
}

static void a_cut_table_says_so(void **state)
{
    (void)state;
    struct table table;
    table_init(&table, "t", "T", "about", TABLE_ROWS, columns, COLUMNS);
    assert_string_equal(table.note, "");
    table_note(&table, "%d lost", 3);
    fill(&table, 100);
    table_sort(&table, 1, false, 10);
    assert_int_equal(table.row_count, 10);
    assert_int_equal(table_at(&table, 0)[1].u, 0);
    assert_string_equal(table.note, "3 lost; the first 10 of 100 rows");
    fill(&table, 5);
    assert_int_equal(table.row_count, 15);
    assert_string_equal(table_at(&table, 14)[0].text, "row 4");
    table_done(&table);
}

static void equal_rows_keep_their_order(void **state)
{
    (void)state;
    struct table table;
    table_init(&table, "t", "T", "about", TABLE_ROWS, columns, COLUMNS);
    for (uint64_t i = 0; i < 500; i++) {
        union cell *row = table_row(&table);
        row[1].u = i % 3;
        row[2].i = (int64_t)i;
    }
    table_sort(&table, 1, true, 0);
    for (size_t i = 1; i < 500; i++)
        if (table_at(&table, i)[1].u == table_at(&table, i - 1)[1].u)
            assert_true(table_at(&table, i)[2].i > table_at(&table, i - 1)[2].i);
    table_done(&table);
}

static void a_tree_keeps_parents(void **state)
{
    (void)state;
    struct table table;
    table_init(&table, "t", "T", "about", TABLE_TREE, columns, COLUMNS);
    table_row(&table)[1].u = 1;
    for (uint32_t i = 0; i < 99; i++)
        table_child(&table, i)[1].u = i + 2;
    table_sort(&table, 1, true, 1);
    assert_int_equal(table.row_count, 100);
    assert_int_equal(table.parents[0], TABLE_NO_PARENT);
    for (uint32_t i = 1; i < 100; i++)
        assert_int_equal(table.parents[i], i - 1);
    assert_string_equal(table_at(&table, 50)[0].text, "");
    table_done(&table);
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    struct table table;
    table_init(&table, "t", "T", "about", TABLE_SERIES, columns, COLUMNS);
    assert_int_equal(table_find_column(&table, "growth"), 2);
    assert_int_equal(table_find_column(&table, "none"), -1);
    table_sort(&table, 1, true, 3);
    assert_int_equal(table.row_count, 0);
    table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_sort_by_each_kind),
        cmocka_unit_test(a_cell_of_each_kind_is_a_real_number), cmocka_unit_test(a_cut_table_says_so),       cmocka_unit_test(equal_rows_keep_their_order),
        cmocka_unit_test(a_tree_keeps_parents),   cmocka_unit_test(columns_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
