/* route: which path asks for what, and what a query says of it; odd ones lead nowhere, or are taken for nothing said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/serve/route.h"

static void test_paths(void **unused)
{
    (void)unused;
    static const struct {
        const char *path;
        enum route_kind kind;
        unsigned source;
    } known[] = {{"/", ROUTE_PAGE, 0},
                 {"/api/sources", ROUTE_SOURCES, 0},
                 {"/api/stream", ROUTE_STREAM, 0},
                 {"/api/say", ROUTE_SAY, 0},
                 {"/api/source/7/report.json", ROUTE_REPORT_JSON, 7},
                 {"/api/source/999/blocks.json", ROUTE_BLOCKS_JSON, 999},
                 {"/api/source/1/blocks.csv", ROUTE_BLOCKS_CSV, 1},
                 {"/api/source/1/table/leaks.csv", ROUTE_TABLE_CSV, 1},
                 {"/api/source/1/blocks", ROUTE_NONE, 1},
                 {"/api/source/1/blocks.json/x", ROUTE_NONE, 1},
                 {"/api/source/0/blocks.json", ROUTE_NONE, 0},
                 {"/api/say/x", ROUTE_NONE, 0},
                 {"", ROUTE_NONE, 0}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct route route = route_find(known[i].path, NULL);
        assert_int_equal(route.kind, known[i].kind);
        assert_int_equal(route.source, known[i].source);
    }
}

static struct route_window window_of(const char *query)
{
    return route_find("/api/source/1/blocks.json", query).window;
}

static void test_windows(void **unused)
{
    (void)unused;
    struct route_window window = window_of("from=0x7f00&to=0x7fff&process=3&most=12");
    assert_int_equal(window.from, 0x7f00);
    assert_int_equal(window.to, 0x7fff);
    assert_int_equal(window.process, 3);
    assert_int_equal(window.most, 12);
    static const char *const odd[] = {"", "from", "from=", "from=-1&to=-1&most=-1", "fromage=4&tower=4", "most=0", "most=99999999999999999999999"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        window = window_of(odd[i]);
        assert_int_equal(window.from, 0);
        assert_int_equal(window.to, 0);
        assert_int_equal(window.most, ROUTE_BLOCKS_MOST);
    }
    assert_int_equal(window_of(NULL).most, ROUTE_BLOCKS_MOST);
}

static void test_keys(void **unused)
{
    (void)unused;
    char query[400] = "key=";
    for (size_t i = 4; i + 1 < sizeof query; i++)
        query[i] = 'k';
    assert_string_equal(route_find("/api/say", "x=1&key=abc&y=2").key, "abc");
    assert_string_equal(route_find("/api/say", "key=").key, "");
    assert_string_equal(route_find("/api/say", NULL).key, "");
    assert_true(route_find("/api/say", query).key[ROUTE_NAME_MOST - 1] == 0);
    assert_true(route_find("/api/stream", "say=1").is_spoken_for && !route_find("/api/stream", "say=0").is_spoken_for);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_windows), cmocka_unit_test(test_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
