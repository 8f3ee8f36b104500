/* test_size_form: in forms a + n * T, out the size on the target for a size on the host, and the intervals where n is not one number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/predict/size_form.h"

static const struct both pointer = {8, 4};

static struct form typed(int64_t host, int64_t target)
{
    struct form form = form_both(host, target);
    form.is_typed = true;
    return form;
}

static void a_struct_alone_must_fit(void **state)
{
    (void)state;
    struct estimate estimate;
    struct form form = typed(56, 32);
    assert_true(form_tells(&form));
    assert_true(form_solve(&form, 56, pointer, &estimate));
    assert_int_equal(estimate.likely, 32);
    assert_false(form_solve(&form, 64, pointer, &estimate));
}

static void an_array_behind_a_head_is_solved_for_its_count(void **state)
{
    (void)state;
    struct estimate estimate;
    struct form head = typed(24, 16), element = typed(16, 12), count = form_number(1, false);
    struct form array = form_join("*", 1, &count, &element), form = form_join("+", 1, &head, &array);
    assert_true(form_tells(&form));
    assert_true(form_solve(&form, 24 + 10 * 16, pointer, &estimate));
    assert_int_equal(estimate.low, 16 + 10 * 12);
    assert_int_equal(estimate.high, 16 + 10 * 12);
    assert_false(form_solve(&form, 24 + 10 * 16 + 1, pointer, &estimate));
}

static void shifts_and_rounding_are_followed(void **state)
{
    (void)state;
    struct estimate estimate;
    struct form element = typed(8, 4), count = form_number(1, false), two = form_both(2, 2), seven = form_both(7, 7),
                mask = form_both(~(int64_t)7, ~(int64_t)7);
    struct form shifted = form_join("<<", 2, &count, &two), array = form_join("*", 1, &shifted, &element);
    assert_true(form_solve(&array, 64, pointer, &estimate));
    assert_int_equal(estimate.likely, 32);
    struct form text = form_number(2, true), padded = form_join("+", 1, &text, &seven), round = form_join("&", 1, &padded, &mask);
    assert_true(form_solve(&round, 24, pointer, &estimate));
    assert_int_equal(estimate.likely, 24);
}

static void what_is_not_known_has_an_interval(void **state)
{
    (void)state;
    struct estimate estimate;
    struct form head = typed(32, 16), rest = form_number(1, false), form = form_join("+", 1, &head, &rest), alone = form_number(1, false),
                hundred = form_both(100, 100);
    assert_true(form_solve(&form, 132, pointer, &estimate));
    assert_int_equal(estimate.low, 16 + 50);
    assert_int_equal(estimate.high, 16 + 100);
    assert_false(form_tells(&alone));
    form = form_join("*", 1, &alone, &hundred);
    assert_false(form_tells(&form));
}

static void nonsense_is_no_answer(void **state)
{
    (void)state;
    struct estimate estimate;
    struct form zero = form_both(0, 0), one = form_both(INT64_MAX, 1), two = form_both(2, 2);
    struct form form = form_join("/", 1, &two, &zero);
    assert_false(form.is_known);
    form = form_join("*", 1, &one, &two);
    assert_false(form_solve(&form, 10, pointer, &estimate));
    form = form_both(-5, -5);
    assert_false(form_solve(&form, 10, pointer, &estimate));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_struct_alone_must_fit), cmocka_unit_test(an_array_behind_a_head_is_solved_for_its_count),
                                       cmocka_unit_test(shifts_and_rounding_are_followed), cmocka_unit_test(what_is_not_known_has_an_interval),
                                       cmocka_unit_test(nonsense_is_no_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
