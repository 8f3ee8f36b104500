/* heap_signs: ranges become signs: how full, from which address, how old; ranges that stand apart follow each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/view/heap_signs.h"

enum { START, END, FILL, AGE };
static const struct column columns[] = {
    {"start", "", "", "", COLUMN_ADDRESS}, {"end", "", "", "", COLUMN_ADDRESS}, {"fill", "", "", "", COLUMN_RATIO}, {"age_ns", "", "", "", COLUMN_DURATION}};

static void row_add(struct table *table, uint64_t start, uint64_t bytes, double fill, uint64_t age_ns)
{
    union cell *row = table_row(table);
    row[START].u = start;
    row[END].u = start + bytes;
    row[FILL].f = fill;
    row[AGE].u = age_ns;
}

static void ranges_become_signs(void **state)
{
    struct table table;
    struct heap_signs signs;
    (void)state;
    table_init(&table, "t", "T", "", TABLE_ROWS, columns, 4);
    row_add(&table, 0x1000, 64, 1, 5);
    row_add(&table, 0x1040, 32, 0, 0);
    row_add(&table, 0x9000, 32, 1, 7);
    row_add(&table, 0x9020, 128, 0.5, 9);
    assert_true(heap_signs_fit(&table));
    heap_signs_take(&signs, &table, 0, table.row_count, 5);
    assert_true(signs.bytes == 256 && signs.each_bytes == 64);
    assert_int_equal(signs.count, 4);
    assert_true(signs.at[0].fill == 1 && signs.at[0].start == 0x1000 && signs.at[0].age_ns == 5);
    assert_true(signs.at[1].fill == 0.5 && signs.at[1].start == 0x1040 && signs.at[1].age_ns == 7);
    assert_true(signs.at[2].fill == 0.5 && signs.at[2].start == 0x9020 && signs.at[3].start == 0x9060);
    heap_signs_done(&signs);
    table_done(&table);
}

static void steps_go_from_nothing_to_full(void **state)
{
    (void)state;
    assert_int_equal(heap_sign_step(0), 0);
    assert_int_equal(heap_sign_step(0.1), 1);
    assert_int_equal(heap_sign_step(1), HEAP_SIGN_STEPS - 1);
    assert_string_equal(heap_sign_text(4, false), "#");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges_become_signs), cmocka_unit_test(steps_go_from_nothing_to_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
