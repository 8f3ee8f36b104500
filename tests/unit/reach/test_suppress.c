/* suppress: rules of both forms are read, matched and counted; what is none is told with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host/reach/suppress.h"

static const struct suppress_frame stack[] = {
    {"make_node", "/src/list.c", "libshop.so.1"}, {"list_add", "/src/list.c", "libshop.so.1"}, {"serve", "/src/serve.c", "shop"}, {"main", "/src/main.c", "shop"}};

static struct suppress *read_rules(struct suppress *suppress, const char *text, bool wanted)
{
    struct error error = {0};
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    *suppress = (struct suppress){0};
    assert_int_equal(suppress_read(suppress, in, "file", &error), wanted);
    fclose(in);
    return suppress;
}

static bool matches(const char *rules, enum block_class class)
{
    struct suppress suppress;
    bool found = suppress_find(read_rules(&suppress, rules, true), class, stack, sizeof stack / sizeof *stack);
    suppress_done(&suppress);
    return found;
}

static void one_line_rules(void **state)
{
    (void)state;
    assert_true(matches("leak:list_add\n", CLASS_DIRECT));
    assert_true(matches("# words\n\nleak:shop.so\n", CLASS_POSSIBLE));
    assert_true(matches("leak:^serve$\n", CLASS_DIRECT));
    assert_true(matches("leak:src/*st.c\n", CLASS_DIRECT));
    assert_false(matches("leak:^erve\n", CLASS_DIRECT));
    assert_false(matches("race:list_add\n", CLASS_DIRECT));
}

static void rules_in_braces(void **state)
{
    (void)state;
    assert_true(matches("{\n name\n Memcheck:Leak\n fun:malloc\n fun:make_node\n fun:list_*\n}\n", CLASS_DIRECT));
    assert_true(matches("{\n name\n Memcheck:Leak\n fun:*alloc\n ...\n obj:/usr/bin/shop\n}\n", CLASS_DIRECT));
    assert_true(matches("{\nname\nMemcheck:Leak\nmatch-leak-kinds: possible,indirect\n...\nfun:main\n}\n", CLASS_INDIRECT));
    assert_false(matches("{\nname\nMemcheck:Leak\nmatch-leak-kinds: possible\n...\nfun:main\n}\n", CLASS_DIRECT));
    assert_false(matches("{\nname\nMemcheck:Leak\nfun:malloc\nfun:list_add\n}\n", CLASS_DIRECT));
    assert_false(matches("{\nname\nMemcheck:Addr4\nfun:make_node\n}\n", CLASS_DIRECT));
    assert_true(matches("{\nname\nAddrcheck,Memcheck:Leak\nfun:make_node\n}\n", CLASS_DIRECT));
    assert_true(matches("{\nparameter\nMemcheck:Param\nwrite(buf)\nfun:x\n}\n{\nname\nMemcheck:Leak\nfun:make_node\n}\n", CLASS_DIRECT));
    assert_false(matches("{\nname\nHelgrind:Leak\nfun:make_node\n}\n", CLASS_DIRECT));
}

static void mistakes_are_told(void **state)
{
    (void)state;
    struct suppress suppress;
    suppress_done(read_rules(&suppress, "leak:x\nnothing\n", false));
    suppress_done(read_rules(&suppress, "{\nname\nMemcheck:Leak\nnothing\n}\n", false));
    suppress_done(read_rules(&suppress, "{\nname\nMemcheck:Leak\n", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_line_rules), cmocka_unit_test(rules_in_braces), cmocka_unit_test(mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
