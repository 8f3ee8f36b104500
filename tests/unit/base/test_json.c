/* json: documents are exact byte by byte: nesting, commas, escapes, numbers at their limits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/base/json.h"

struct page {
    struct json json;
    char *text;
    size_t count;
};

static void page_start(struct page *page, unsigned line_depth)
{
    *page = (struct page){0};
    page->json = (struct json){.out = open_memstream(&page->text, &page->count), .line_depth = line_depth};
}

static void assert_page(struct page *page, const char *right)
{
    fclose(page->json.out);
    assert_string_equal(page->text, right);
    free(page->text);
}

static void every_kind_of_value_is_written(void **state)
{
    (void)state;
    struct page page;
    page_start(&page, 0);
    json_object(&page.json, NULL);
    json_text(&page.json, "t", "q\"\\\n\x01\xff" "é");
    json_text(&page.json, "n", NULL);
    json_unsigned(&page.json, "u", UINT64_MAX);
    json_signed(&page.json, "i", INT64_MIN);
    json_real(&page.json, "r", 0.1);
    json_real(&page.json, "nan", NAN);
    json_real(&page.json, "inf", INFINITY);
    json_bool(&page.json, "b", true);
    json_hex(&page.json, "h", 0x7f00);
    json_array(&page.json, "a");
    json_unsigned(&page.json, NULL, 1);
    json_object(&page.json, NULL);
    json_end(&page.json);
    json_end(&page.json);
    json_end(&page.json);
    assert_page(&page, "{\"t\": \"q\\\"\\\\\\u000a\\u0001\\ufffdé\", \"n\": null, \"u\": 18446744073709551615, \"i\": -9223372036854775808, \"r\": 0.1, "
                       "\"nan\": null, \"inf\": null, \"b\": true, \"h\": \"0x7f00\", \"a\": [1, {}]}\n");
}

static void outer_containers_have_lines(void **state)
{
    (void)state;
    struct page page;
    page_start(&page, 2);
    json_object(&page.json, NULL);
    json_array(&page.json, "rows");
    for (unsigned i = 0; i < 2; i++) {
        json_object(&page.json, NULL);
        json_unsigned(&page.json, "x", i);
        json_unsigned(&page.json, "y", i);
        json_end(&page.json);
    }
    json_end(&page.json);
    json_array(&page.json, "none");
    json_end(&page.json);
    json_end(&page.json);
    assert_page(&page, "{\n \"rows\": [\n  {\"x\": 0, \"y\": 0},\n  {\"x\": 1, \"y\": 1}\n ],\n \"none\": []\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_of_value_is_written), cmocka_unit_test(outer_containers_have_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
