/* number: sizes, times and counts as people write them, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/number.h"

typedef bool number_parse(const char *, const char *, uint64_t *, struct error *);

static void assert_parsed(number_parse *parse, const char *text, uint64_t right)
{
    uint64_t value = 0;
    struct error error = {0};
    if (!parse("--x", text, &value, &error))
        fail_msg("'%s' is refused: %s", text, error.text);
    assert_int_equal(value, right);
}

static void assert_refused(number_parse *parse, const char *text)
{
    uint64_t value = 0;
    struct error error = {0};
    assert_false(parse("--x", text, &value, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_memory_equal(error.text, "--x: '", 6);
}

static void sizes_are_parsed(void **state)
{
    (void)state;
    assert_parsed(number_parse_size, "0", 0);
    assert_parsed(number_parse_size, "4096", 4096);
    assert_parsed(number_parse_size, "512K", 524288);
    assert_parsed(number_parse_size, "1.5M", 1572864);
    assert_parsed(number_parse_size, "2 GiB", 2147483648u);
    assert_parsed(number_parse_size, "1mb", 1048576);
    assert_parsed(number_parse_size, "18446744073709551615", UINT64_MAX);
    const char *const bad[] = {"", "x", "-1", "1X", "1.5.5K", "K", "18446744073709551616", "99999999T", "1 K B", ","};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(number_parse_size, bad[i]);
}

static void times_are_parsed(void **state)
{
    (void)state;
    assert_parsed(number_parse_time, "90", 90000000000);
    assert_parsed(number_parse_time, "1.5s", 1500000000);
    assert_parsed(number_parse_time, "200ms", 200000000);
    assert_parsed(number_parse_time, "3min", 180000000000);
    assert_parsed(number_parse_time, "00:01:02", 62000000000);
    assert_parsed(number_parse_time, "1:02.5", 62500000000);
    assert_parsed(number_parse_time, "100:00:00", 360000000000000);
    const char *const bad[] = {"", "1:", ":1", "1:60", "1:2:3:4", "1.5:2", "1x", "1:2s", "-1", "99999999999999:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(number_parse_time, bad[i]);
}

static void counts_are_parsed(void **state)
{
    (void)state;
    assert_parsed(number_parse_count, "1,204", 1204);
    assert_parsed(number_parse_count, "10k", 10000);
    assert_parsed(number_parse_count, "2.5M", 2500000);
    assert_refused(number_parse_count, "10KiB");
}

static void shares_are_parsed(void **state)
{
    static const char *const bad[] = {"", "%", "x", "5x", "5%%", "nan", "inf", "1e999", "5 %"};
    struct error error = {0};
    double share;
    (void)state;
    assert_true(number_parse_share("--max-growth", "25%", &share, &error) && share == 0.25);
    assert_true(number_parse_share("--max-growth", "0.25", &share, &error) && share == 0.25);
    assert_true(number_parse_share("--max-growth", "-3%", &share, &error) && share == -0.03);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error = (struct error){0};
        assert_false(number_parse_share("--max-growth", bad[i], &share, &error));
        assert_non_null(strstr(error.text, "--max-growth: '"));
    }
}

static void numbers_are_worded(void **state)
{
    (void)state;
    char text[NUMBER_ROOM];
    assert_string_equal(number_bytes(text, 0), "0 B");
    assert_string_equal(number_bytes(text, 1023), "1023 B");
    assert_string_equal(number_bytes(text, 1048575), "1.0 MiB");
    assert_string_equal(number_bytes(text, 536870912), "512.0 MiB");
    assert_string_equal(number_bytes(text, UINT64_MAX), "16.0 EiB");
    assert_string_equal(number_signed_bytes(text, -1536), "-1.5 KiB");
    assert_string_equal(number_signed_bytes(text, INT64_MIN), "-8.0 EiB");
    assert_string_equal(number_signed_bytes(text, 5), "+5 B");
    assert_string_equal(number_count(text, 999), "999");
    assert_string_equal(number_count(text, 1204), "1,204");
    assert_string_equal(number_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(number_signed_count(text, -1000), "-1,000");
    assert_string_equal(number_time(text, 1234567890), "1.234 s");
    assert_string_equal(number_time(text, 62500000000), "00:01:02.500");
    assert_string_equal(number_duration(text, 320), "320 ns");
    assert_string_equal(number_duration(text, 999960), "1.0 ms");
    assert_string_equal(number_duration(text, 150000000000), "2 min 30 s");
    assert_string_equal(number_ratio(text, 0.42), "42 %");
    assert_string_equal(number_ratio(text, 0.0382), "3.8 %");
    assert_string_equal(number_ratio(text, 0.0001), "<0.1 %");
    assert_string_equal(number_ratio(text, 0.0 / 0.0), "-");
    assert_string_equal(number_real(text, 12400000), "12.4 M");
    assert_string_equal(number_real(text, 5150257), "5.15 M");
    assert_string_equal(number_real(text, 9999), "9999");
    assert_string_equal(number_real(text, 162616), "163 k");
    assert_string_equal(number_real(text, 3.14159), "3.14");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_parsed),
        cmocka_unit_test(times_are_parsed),
        cmocka_unit_test(counts_are_parsed),
        cmocka_unit_test(shares_are_parsed),
        cmocka_unit_test(numbers_are_worded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
