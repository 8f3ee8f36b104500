/* test_door: who is let in by the names in Host and Origin, and by a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/serve/door.h"

static const char *const names[] = {"heap.example", NULL};
static const struct door near = {.address = "127.0.0.1", .port = 7777}, any = {.names = names, .address = "0.0.0.0", .port = 7777, .token = "0123456789"};

static void test_hosts(void **state)
{
    (void)state;
    assert_true(door_knows_host(&near, "127.0.0.1:7777") && door_knows_host(&near, "LocalHost:7777") && door_knows_host(&near, "[::1]:7777"));
    static const char *const strange[] = {
        "", "127.0.0.1", "127.0.0.1:7778", "127.0.0.1:07777", "127.0.0.1:7777x", "localhost.evil.example:7777", "evil.example:7777", "[::1:7777", "127.0.0.2:7777",
        "heap.example", "localhost:", ":7777", "[]:7777", "127.0.0.1:18446744073709559393"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        if (door_knows_host(&near, strange[i]))
            fail_msg("let in: %s", strange[i]);
    assert_false(door_knows_host(&near, NULL));
    assert_true(door_knows_host(&any, "192.168.1.10:7777") && door_knows_host(&any, "[fe80::1]:7777"));
    assert_true(door_knows_host(&any, "Heap.Example") && door_knows_host(&any, "heap.example:443"));
    assert_false(door_knows_host(&any, "evil.example:7777") || door_knows_host(&any, "192.168.1.10:80") || door_knows_host(&any, "heap.example.evil:7777"));
    char large[600];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = 0;
    assert_false(door_knows_host(&near, large));
}

static void test_origins(void **state)
{
    (void)state;
    assert_true(door_knows_origin(&near, NULL, "localhost:7777") && door_knows_origin(&near, "http://localhost:7777", "localhost:7777"));
    assert_true(door_knows_origin(&any, "https://heap.example", "192.168.1.10:7777"));
    assert_false(door_knows_origin(&near, "http://evil.example", "localhost:7777") || door_knows_origin(&near, "null", "localhost:7777"));
    assert_false(door_knows_origin(&near, "http://localhost:8080", "localhost:7777") || door_knows_origin(&near, "file://", "localhost:7777"));
    assert_false(door_knows_origin(&any, "http://10.0.0.1:7777", "192.168.1.10:7777") || door_knows_origin(&near, "http://", NULL));
}

static void test_tokens(void **state)
{
    (void)state;
    char token[DOOR_TOKEN_MOST], other[DOOR_TOKEN_MOST];
    assert_true(door_knows_token(&near, NULL) && door_knows_bearer(&near, NULL) && door_knows_token(&any, "0123456789") && door_knows_bearer(&any, "bearer 0123456789"));
    static const char *const wrong[] = {"", "012345678", "01234567890", "0123456780", "1123456789"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(door_knows_token(&any, wrong[i]));
    assert_false(door_knows_token(&any, NULL) || door_knows_bearer(&any, NULL) || door_knows_bearer(&any, "0123456789") || door_knows_bearer(&any, "Basic 0123456789"));
    assert_true(door_make_token(token) && door_make_token(other) && strcmp(token, other) && door_suits_token(token));
    assert_false(door_suits_token("short") || door_suits_token("white space in it") || door_suits_token("with&a=sign") || door_suits_token(""));
}

static void test_addresses(void **state)
{
    (void)state;
    assert_true(door_is_loopback("127.0.0.1") && door_is_loopback("127.8.9.1") && door_is_loopback("::1") && door_is_loopback("localhost"));
    assert_false(door_is_loopback("0.0.0.0") || door_is_loopback("::") || door_is_loopback("128.0.0.1") || door_is_loopback("127.0.0.1.evil.example"));
    assert_true(door_is_any("0.0.0.0") && door_is_any("::"));
    assert_false(door_is_any("127.0.0.1") || door_is_any("::1") || door_is_any("any"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts), cmocka_unit_test(test_origins), cmocka_unit_test(test_tokens), cmocka_unit_test(test_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
