/* nearest: slips of the finger find their word, other words find nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/base/nearest.h"

static const char *nearest_of(const char *typed)
{
    static const char *const words[] = {"analyze", "run", "info", "completion", "man", "dump", "output"};
    struct nearest nearest = {.wanted = typed};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        nearest_offer(&nearest, words[i]);
    return nearest.best;
}

static void slips_find_their_word(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("anaylze"), "analyze");
    assert_string_equal(nearest_of("analyse"), "analyze");
    assert_string_equal(nearest_of("rn"), "run");
    assert_string_equal(nearest_of("inof"), "info");
    assert_string_equal(nearest_of("ouput"), "output");
    assert_string_equal(nearest_of("comp"), "completion");
}

static void other_words_find_nothing(void **state)
{
    (void)state;
    assert_null(nearest_of("frobnicate"));
    assert_null(nearest_of(""));
    assert_null(nearest_of("a word that is longer than any that is compared, by far, so that it fits no table"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slips_find_their_word), cmocka_unit_test(other_words_find_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
