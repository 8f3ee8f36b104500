/* test_sha256: the examples of the standard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/sha256.h"

static void sum_of(const char *text, size_t times, char sum_text[SHA256_TEXT_ROOM])
{
    struct sha256 sum;
    sha256_init(&sum);
    for (size_t i = 0; i < times; i++)
        sha256_add(&sum, (const uint8_t *)text, strlen(text));
    sha256_text(&sum, sum_text);
}

static void test_examples(void **state)
{
    (void)state;
    char sum[SHA256_TEXT_ROOM];
    sum_of("abc", 1, sum);
    assert_string_equal(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sum_of("", 1, sum);
    assert_string_equal(sum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, sum);
    assert_string_equal(sum, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    sum_of("aaaaaaaaaa", 100000, sum);
    assert_string_equal(sum, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
