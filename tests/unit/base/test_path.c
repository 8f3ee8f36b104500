/* path: names of files below folders, and paths that have none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/base/path.h"

static void the_name_stands_behind_the_last_slash(void **state)
{
    (void)state;
    assert_string_equal(path_name("/usr/lib/libc.so.6"), "libc.so.6");
    assert_string_equal(path_name("./a"), "a");
    assert_string_equal(path_name("a.htrc"), "a.htrc");
}

static void a_path_without_a_name_stays_whole(void **state)
{
    (void)state;
    assert_string_equal(path_name("/usr/lib/"), "/usr/lib/");
    assert_string_equal(path_name("/"), "/");
    assert_string_equal(path_name(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_stands_behind_the_last_slash),
        cmocka_unit_test(a_path_without_a_name_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
