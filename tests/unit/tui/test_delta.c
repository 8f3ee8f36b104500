/* delta: what changed between two answers of a table, whose rows may have moved, come or gone; and the key by which a row is found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/tui/delta.h"
#include "host/tui/grid.h"

enum { NAME, THREAD, BYTES, COUNT, SHARE, STACK, COLUMNS };

static const struct column columns[COLUMNS] = {
    [NAME] = {"name", "Name", "", "", COLUMN_TEXT},       [THREAD] = {"thread", "Thread", "id", "", COLUMN_COUNT}, [BYTES] = {"bytes", "Bytes", "", "", COLUMN_BYTES},
    [COUNT] = {"count", "Count", "", "", COLUMN_COUNT},   [SHARE] = {"share", "Share", "", "", COLUMN_RATIO},      [STACK] = {"stack", "Site", "", "", COLUMN_STACK},
};

static void row_add(struct table *table, const char *name, uint64_t thread, uint64_t bytes, uint64_t count, uint64_t stack)
{
    union cell *row = table_row(table);
    row[NAME].text = table_text(table, "%s", name);
    row[THREAD].u = thread;
    row[BYTES].u = bytes;
    row[COUNT].u = count;
    row[SHARE].f = 0.5;
    row[STACK].u = stack;
}

static void test_rows_that_moved_came_and_went(void **state)
{
    (void)state;
    struct table then, kept, now, delta;
    table_init(&then, "t", "T", "", TABLE_ROWS, columns, COLUMNS);
    row_add(&then, "same", 1, 100, 1, 11);
    row_add(&then, "grew", 2, 100, 1, 12);
    row_add(&then, "gone", 3, 70, 7, 13);
    row_add(&then, "shrank", 4, 50, 5, 14);
    delta_keep(&kept, &then);
    table_done(&then);
    table_init(&now, "t", "T", "", TABLE_ROWS, columns, COLUMNS);
    row_add(&now, "new", 5, 9, 3, 15);
    row_add(&now, "shrank", 4, 20, 5, 14);
    row_add(&now, "grew", 2, 300, 4, 12);
    row_add(&now, "same", 1, 100, 1, 11);
    row_add(&now, "same", 9, 100, 1, 11); /* of another thread: another row */
    delta_make(&delta, &now, &kept);
    assert_int_equal(delta.column_count, COLUMNS - 1); /* a share says nothing here */
    assert_int_equal(table_find_column(&delta, "share"), -1);
    assert_int_equal(delta.columns[BYTES].kind, COLUMN_SIGNED_BYTES);
    assert_int_equal(delta.columns[COUNT].kind, COLUMN_SIGNED_COUNT);
    assert_int_equal(delta.columns[THREAD].kind, COLUMN_COUNT);
    static const struct {
        const char *name;
        int64_t thread, bytes, count;
    } wanted[] = {{"new", 5, 9, 3}, {"shrank", 4, -30, 0}, {"grew", 2, 200, 3}, {"same", 9, 100, 1}, {"gone", 3, -70, -7}};
    assert_int_equal(delta.row_count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < delta.row_count; i++) {
        const union cell *row = table_at(&delta, i);
        assert_string_equal(row[NAME].text, wanted[i].name);
        assert_int_equal(row[THREAD].i, wanted[i].thread);
        assert_int_equal(row[BYTES].i, wanted[i].bytes);
        assert_int_equal(row[COUNT].i, wanted[i].count);
    }
    table_done(&delta);
    table_done(&now);
    table_done(&kept);
}

static void test_nothing_changed(void **state)
{
    (void)state;
    struct table now, kept, delta;
    table_init(&now, "t", "T", "", TABLE_ROWS, columns, COLUMNS);
    row_add(&now, "a", 1, 1, 1, 1);
    delta_keep(&kept, &now);
    delta_make(&delta, &now, &kept);
    assert_int_equal(delta.row_count, 0);
    assert_int_equal(grid_key(&now, 0), grid_key(&kept, 0));
    table_at(&now, 0)[BYTES].u = 2;
    assert_int_equal(grid_key(&now, 0), grid_key(&kept, 0)); /* amounts name nothing */
    table_at(&now, 0)[STACK].u = 2;
    assert_int_not_equal(grid_key(&now, 0), grid_key(&kept, 0));
    table_done(&delta);
    table_done(&now);
    table_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_moved_came_and_went),
        cmocka_unit_test(test_nothing_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
