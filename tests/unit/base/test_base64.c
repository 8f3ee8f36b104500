/* base64: the examples of RFC 4648, whatever the pieces; an error of the stream behind is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/base64.h"

static void assert_coded(const char *bytes, size_t count, size_t piece, const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length), *coded = base64_open(out);
    setvbuf(coded, NULL, _IONBF, 0);
    for (size_t at = 0; at < count; at += piece)
        fwrite(bytes + at, 1, count - at < piece ? count - at : piece, coded);
    assert_int_equal(fclose(coded), 0);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void test_examples(void **unused)
{
    (void)unused;
    static const char *const expected[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t count = 0; count <= 6; count++)
        for (size_t piece = 1; piece <= 6; piece++)
            assert_coded("foobar", count, piece, expected[count]);
    assert_coded("\xff\xfe\x00\x3f", 4, 4, "//4APw==");
}

static void test_full(void **unused)
{
    (void)unused;
    FILE *full = fopen("/dev/full", "w"), *coded = base64_open(full);
    setvbuf(full, NULL, _IONBF, 0);
    for (int i = 0; i < 10000; i++)
        fputs("some text ", coded);
    assert_int_not_equal(fclose(coded), 0);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
