/* test_sink_text: frames in any pieces become lines "HT:" and base64. */
#define HT_FIRMWARE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/sink/sink_text.c"

static char lines[4096];

static void lines_add(void *context, const char *letters, size_t count)
{
    (void)context;
    strncat(lines, letters, count);
}

static void test_lines(void **state)
{
    struct ht_text text = {.print = lines_add};
    const struct ht_sink *sink = ht_text_begin(&text);
    static const uint8_t frames[] = {'f', 'o', 'o', 'b', 'a', 0, 'x', 0};
    (void)state;
    for (size_t piece = 1; piece <= sizeof frames; piece++) {
        lines[0] = 0;
        for (size_t at = 0; at < sizeof frames; at += piece) {
            size_t count = sizeof frames - at < piece ? sizeof frames - at : piece;
            assert_int_equal(sink->write(sink->context, frames + at, count), count);
        }
        assert_string_equal(lines, "HT:Zm9vYmE=\nHT:eA==\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
