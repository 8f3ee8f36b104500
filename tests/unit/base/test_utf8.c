/* utf8: every sequence of bytes becomes valid text without control characters; columns and cuts agree with each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/utf8.h"

static void assert_clean(const char *text, const char *right)
{
    struct str clean = {0};
    utf8_add_clean(&clean, text);
    assert_string_equal(str_text(&clean), right);
    str_done(&clean);
}

#define WRONG "\xEF\xBF\xBD"

static void wrong_bytes_and_controls_are_replaced(void **state)
{
    (void)state;
    assert_clean("plain", "plain");
    assert_clean("é…漢🙂", "é…漢🙂");
    assert_clean("a\033[31m\n\tb\x7f", "a?[31m??b?");
    assert_clean("\xff", WRONG);
    assert_clean("\xc3", WRONG);
    assert_clean("\xc0\x80", WRONG WRONG);                 /* overlong */
    assert_clean("\xed\xa0\x80", WRONG WRONG WRONG);       /* surrogate */
    assert_clean("\xf4\x90\x80\x80", WRONG WRONG WRONG WRONG); /* beyond the last code point */
    assert_clean("\xe2\x80\xae" "evil", "?evil");           /* turns the direction of what follows */
    assert_clean("\xc2\x9b" "31m", "?31m");                 /* the one-byte form of ESC [ */
}

static void columns_are_counted(void **state)
{
    (void)state;
    assert_int_equal(utf8_columns(""), 0);
    assert_int_equal(utf8_columns("aé…"), 3);
    assert_int_equal(utf8_columns("漢🙂"), 4);
    assert_int_equal(utf8_columns("e\xcc\x81"), 1);
}

static void a_cut_is_never_inside_a_character(void **state)
{
    (void)state;
    const char *text = "aé漢🙂b";
    for (size_t columns = 0; columns < 10; columns++) {
        char copy[32];
        size_t count = utf8_fit(text, columns);
        memcpy(copy, text, count);
        copy[count] = 0;
        assert_true(utf8_columns(copy) <= columns);
        assert_clean(copy, copy);
    }
    assert_int_equal(utf8_fit(text, 10), strlen(text));
}

static void any_bytes_become_valid_text(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        struct str clean = {0}, again = {0};
        size_t count = (size_t)rand() % (sizeof bytes - 1);
        for (size_t i = 0; i < count; i++)
            bytes[i] = (char)(1 + rand() % 255);
        bytes[count] = 0;
        utf8_add_clean(&clean, bytes);
        utf8_add_clean(&again, str_text(&clean));
        assert_string_equal(str_text(&clean), str_text(&again));
        assert_null(strpbrk(str_text(&clean), "\n\r\t\033"));
        str_done(&clean);
        str_done(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_bytes_and_controls_are_replaced),
        cmocka_unit_test(columns_are_counted),
        cmocka_unit_test(a_cut_is_never_inside_a_character),
        cmocka_unit_test(any_bytes_become_valid_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
