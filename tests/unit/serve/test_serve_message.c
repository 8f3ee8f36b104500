/* test_serve_message: what pages say is understood; each way to be broken is refused with its own sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/serve/serve_message.h"

static struct serve_message message;
static const char *problem;

static bool hear(const char *text)
{
    return serve_message_read(text, strlen(text), &message, &problem);
}

static void test_understood(void **state)
{
    (void)state;
    assert_true(hear(" { \"type\" : \"subscribe\", \"source\":1 ,\"id\":18446744073709551615, \"newer\": null}\n"));
    assert_int_equal(message.want, SERVE_SUBSCRIBE);
    assert_true(message.source == 1 && message.has_id && message.id == UINT64_MAX && !message.has_on);
    assert_true(hear("{\"type\":\"mark\",\"label\":\"a\\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00\u20ac\"}"));
    assert_string_equal(message.label, "a\"\\/\n\u00e9\U0001F600\u20ac");
    assert_true(hear("{\"type\":\"record\",\"on\":true}") && message.want == SERVE_RECORD && message.has_on && message.on);
    assert_true(hear("{\"type\":\"dump\",\"address\":\"0x7fFF\",\"bytes\":16}") && message.want == SERVE_DUMP && message.address == 0x7fff && message.bytes == 16);
    assert_true(hear("{\"type\":\"dump\",\"address\":4096}") && message.address == 4096 && !message.has_bytes);
    assert_true(hear("{}") && message.want == SERVE_UNKNOWN);
    assert_true(hear("{\"type\":\"frobnicate\"}") && message.want == SERVE_UNKNOWN);
}

static void test_broken(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "", "{", "}", "[]", "1", "null", "{}x", "{\"type\"}", "{\"type\":}", "{\"type\":\"mark\"", "{\"type\":\"mark\",}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":-1}", "{\"a\":1.5}",
        "{\"a\":01}", "{\"a\":1e3}", "{\"a\":18446744073709551616}", "{\"a\":{}}", "{\"a\":[1]}", "{\"a\":tru}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ud83d\\u0041\"}", "{\"a\":\"\\ude00\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{'a':1}", "{\"type\":1}",
        "{\"source\":\"1\"}", "{\"on\":1}", "{\"address\":\"7f\"}", "{\"address\":\"0x\"}", "{\"address\":\"0x12345678123456781\"}", "{\"label\":null}", "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        if (hear(broken[i]) || !problem || strlen(problem) < 10)
            fail_msg("taken: %s", broken[i]);
    assert_false(serve_message_read("{\"a\":\"\0\"}", 9, &message, &problem));
}

static void test_limits(void **state)
{
    (void)state;
    char text[SERVE_MESSAGE_MOST + 2];
    int count = snprintf(text, sizeof text, "{\"label\":\"%0255d\"}", 0);
    assert_true(serve_message_read(text, (size_t)count, &message, &problem) && strlen(message.label) == 255);
    count = snprintf(text, sizeof text, "{\"label\":\"%0256d\"}", 0);
    assert_false(serve_message_read(text, (size_t)count, &message, &problem));
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    assert_true(serve_message_read(text, SERVE_MESSAGE_MOST, &message, &problem));
    assert_false(serve_message_read(text, SERVE_MESSAGE_MOST + 1, &message, &problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_understood), cmocka_unit_test(test_broken), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
