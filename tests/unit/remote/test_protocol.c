/* protocol: what is put is taken; what is short, long or odd is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/remote/protocol.h"

static const struct remote_request request = {
    .kind = REMOTE_READ, .pid = 7, .count = 1000, .wait_ms = 100, .offset = 1ull << 40, .key = {(const uint8_t *)"key", 3}, .text = {(const uint8_t *)"name", 4}};

static void a_request_comes_back(void **state)
{
    (void)state;
    remote_buffer out = {0};
    struct remote_request back;
    remote_request_put(&request, &out);
    assert_int_equal(remote_length(out.at, REMOTE_REQUEST_MOST), out.count - REMOTE_LENGTH_BYTES);
    assert_true(remote_request_take(out.at + REMOTE_LENGTH_BYTES, out.count - REMOTE_LENGTH_BYTES, &back));
    assert_int_equal(back.kind, REMOTE_READ);
    assert_int_equal(back.pid, 7);
    assert_int_equal(back.count, 1000);
    assert_int_equal(back.wait_ms, 100);
    assert_int_equal(back.offset, 1ull << 40);
    assert_memory_equal(back.key.at, "key", 3);
    assert_int_equal(back.text.count, 4);
    vec_done(&out);
}

static void an_answer_comes_back(void **state)
{
    (void)state;
    remote_buffer out = {0};
    struct remote_answer back, answer = {.flags = REMOTE_WRITTEN, .pid = 9, .offset = 5, .size = 6, .text = {(const uint8_t *)"t", 1}, .data = {(const uint8_t *)"data", 4}};
    remote_answer_put(&answer, &out);
    assert_true(remote_answer_take(out.at + REMOTE_LENGTH_BYTES, out.count - REMOTE_LENGTH_BYTES, &back));
    assert_int_equal(back.flags, REMOTE_WRITTEN);
    assert_int_equal(back.size, 6);
    assert_int_equal(back.data.count, 4);
    assert_memory_equal(back.data.at, "data", 4);
    vec_done(&out);
}

static void every_shorter_or_longer_request_is_none(void **state)
{
    (void)state;
    remote_buffer out = {0};
    struct remote_request back;
    remote_request_put(&request, &out);
    size_t whole = out.count - REMOTE_LENGTH_BYTES;
    for (size_t count = 0; count < whole; count++)
        assert_false(remote_request_take(out.at + REMOTE_LENGTH_BYTES, count, &back));
    vec_push(&out, 0);
    assert_false(remote_request_take(out.at + REMOTE_LENGTH_BYTES, whole + 1, &back));
    vec_done(&out);
}

static void odd_requests_are_none(void **state)
{
    (void)state;
    const struct remote_request odd[] = {
        {.kind = 0},
        {.kind = REMOTE_KINDS},
        {.kind = REMOTE_READ, .count = REMOTE_DATA_MOST + 1},
        {.kind = REMOTE_OPEN, .text = {(const uint8_t *)"a\0b", 3}},
    };
    remote_buffer out = {0};
    struct remote_request back;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        remote_request_put(odd + i, &out);
        assert_false(remote_request_take(out.at + REMOTE_LENGTH_BYTES, out.count - REMOTE_LENGTH_BYTES, &back));
    }
    vec_done(&out);
}

static void lengths_have_a_limit(void **state)
{
    (void)state;
    assert_int_equal(remote_length((const uint8_t *)"\xff\xff\xff\xff", REMOTE_ANSWER_MOST), 0);
    assert_int_equal(remote_length((const uint8_t *)"\x01\x20\x00\x00", 0x2000), 0);
    assert_int_equal(remote_length((const uint8_t *)"\x00\x20\x00\x00", 0x2000), 0x2000);
}

static void a_greeting_is_known_by_its_first_bytes(void **state)
{
    (void)state;
    uint8_t bytes[REMOTE_GREETING_BYTES];
    struct remote_greeting back, greeting = {.version = 1, .flags = REMOTE_WITH_TLS, .nonce = {1, 2, 3}};
    remote_greeting_put(&greeting, bytes);
    assert_true(remote_greeting_take(bytes, &back));
    assert_memory_equal(&back, &greeting, sizeof back);
    assert_true(remote_is_agent(bytes, 16));
    assert_false(remote_is_agent(bytes, 15));
    bytes[3] ^= 1;
    assert_false(remote_greeting_take(bytes, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_comes_back),
        cmocka_unit_test(an_answer_comes_back),
        cmocka_unit_test(every_shorter_or_longer_request_is_none),
        cmocka_unit_test(odd_requests_are_none),
        cmocka_unit_test(lengths_have_a_limit),
        cmocka_unit_test(a_greeting_is_known_by_its_first_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
