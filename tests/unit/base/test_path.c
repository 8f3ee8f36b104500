/* path: names of files below folders, and paths that have none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void expect_plain(const char *path, const char *plain)
{
    struct str out = {0};
    str_add(&out, "x:");
    path_add_plain(&out, path);
    assert_string_equal(str_text(&out) + 2, plain);
    str_done(&out);
}

static void a_plain_path_has_no_detours(void **state)
{
    (void)state;
    expect_plain("/a/b/../c", "/a/c");
    expect_plain("/a/./b//c/", "/a/b/c");
    expect_plain("/../../etc", "/etc");
    expect_plain("/a/..", "/");
    expect_plain("../../src/./a.c", "../../src/a.c");
    expect_plain("src/../a.c", "a.c");
    expect_plain("a/..", "");
    expect_plain("", "");
    expect_plain("/", "/");
}

static void only_a_file_is_removed(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_path.XXXXXX", file[64], pipe[64];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    assert_int_equal(mknod(file, S_IFREG | 0600, 0), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    path_remove_output(file);
    path_remove_output(pipe);
    path_remove_output(folder);
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(unlink(pipe), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_stands_behind_the_last_slash),
        cmocka_unit_test(a_path_without_a_name_stays_whole),
        cmocka_unit_test(a_plain_path_has_no_detours),
        cmocka_unit_test(only_a_file_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
