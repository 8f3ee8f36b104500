/* test_demangle: in mangled names of C++, Rust and D, and ones made to harm, out whether each becomes the name in the source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "host/base/str.h"
#include "host/symbol/demangle.h"

static void languages(void **state)
{
    (void)state;
    static const struct {
        const char *mangled, *clear;
    } names[] = {
        {"main", "main"},
        {"malloc", "malloc"},
        {"", ""},
        {"_", "_"},
        {"_start", "_start"},
        {"_Z", "_Z"},
        {"_Zebra", "_Zebra"},
        {"malloc@@GLIBC_2.2.5", "malloc"},
        {"_ZN3foo3barEi@VERSION_1", "foo::bar(int)"},
        {"__GI___libc_malloc", "__libc_malloc"},
        {"_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)"},
        {"_ZL6hiddeni.part.0", "hidden(int) [clone .part.0]"},
        {"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"},
        {"_RNvCskwGfYPst2Cb_7mycrate3foo", "mycrate::foo"},
        {"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
        {"_D3std5stdio8writeInIAyaZ8writelnFAyaZv", NULL},
        {"_D4test3fooAa", "test.foo"},
        {"_D8demangle4testFaZv", "demangle.test(char)"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].clear)
            assert_string_equal(demangle_name(&arena, names[i].mangled), names[i].clear);
        else
            assert_non_null(demangle_name(&arena, names[i].mangled));
    arena_done(&arena);
}

/* pair<pair<..., ...>, same again>: each level doubles the text; 60 levels are 2^60 characters. */
static void a_bomb_is_cut(void **state)
{
    (void)state;
    struct str name = {0};
    struct arena arena = {0};
    str_add(&name, "_Z1f4pairIiiE");
    for (int i = 0; i < 60; i++) {
        static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        int last = i; /* S_ is the template name; S0_, S1_, ... are its instances in order */
        char reference[4] = {digits[last % 36], 0};
        if (last >= 36)
            strcpy(reference, (char[]){'1', digits[last - 36], 0});
        str_add_format(&name, "S_IS%s_S%s_E", reference, reference);
    }
    const char *clear = demangle_name(&arena, name.at);
    assert_int_equal(strlen(clear), DEMANGLE_OUTPUT_BYTES);
    assert_string_equal(clear + DEMANGLE_OUTPUT_BYTES - 3, "...");
    str_done(&name);
    arena_done(&arena);
}

static void long_names(void **state)
{
    (void)state;
    static char name[DEMANGLE_INPUT_BYTES * 2];
    struct arena arena = {0};
    static const char *const heads[] = {"_Z", "_ZN", "_R", "_RNv", "_D", "_ZSt", "C"};
    static const char fill[] = "IPNZS1aX_T3";
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (const char *one = fill; *one; one++)
            for (size_t count = 1000; count < sizeof name; count += 7000) {
                memset(name, *one, count);
                name[count] = 0;
                memcpy(name, heads[i], strlen(heads[i]));
                assert_true(strlen(demangle_name(&arena, name)) <= DEMANGLE_OUTPUT_BYTES);
            }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(languages), cmocka_unit_test(a_bomb_is_cut), cmocka_unit_test(long_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
