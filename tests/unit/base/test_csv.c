/* csv: quotes where a field needs them, and doubled quotes in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/base/csv.h"

static void check(void (*put)(FILE *out, const char *text), const char *text, const char *wanted)
{
    char *field = NULL;
    size_t count;
    FILE *out = open_memstream(&field, &count);
    assert_non_null(out);
    put(out, text);
    fclose(out);
    assert_string_equal(field, wanted);
    free(field);
}

static void a_field_is_quoted_where_it_must_be(void **state)
{
    (void)state;
    check(csv_put, "", "");
    check(csv_put, "parse (csv.c:88)", "parse (csv.c:88)");
    check(csv_put, "map<int, int>", "\"map<int, int>\"");
    check(csv_put, "two\nlines", "\"two\nlines\"");
    check(csv_put, "say \"no\"", "\"say \"\"no\"\"\"");
}

static void a_quoted_field_always_is(void **state)
{
    (void)state;
    check(csv_put_quoted, "", "\"\"");
    check(csv_put_quoted, "plain", "\"plain\"");
    check(csv_put_quoted, "\"", "\"\"\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_quoted_where_it_must_be),
        cmocka_unit_test(a_quoted_field_always_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
