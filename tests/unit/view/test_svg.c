/* svg: round ticks with short labels, harmless text, flames and tiles whose areas are their amounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/view/svg_chart.h"
#include "host/view/svg_tree.h"

/* The labels of all ticks, parted by blanks. */
static const char *labels(char *all, enum svg_unit unit, double low, double high)
{
    char text[NUMBER_ROOM];
    struct svg_scale scale = svg_scale_make(unit, low, high, 0, 100, 5, 1);
    *all = 0;
    for (double value = scale.low; value <= scale.high * 1.0001; value += scale.step)
        strcat(strcat(all, *all ? "|" : ""), svg_scale_label(text, &scale, value));
    return all;
}

static void test_ticks(void **unused)
{
    (void)unused;
    char all[1000];
    assert_string_equal(labels(all, SVG_BYTES, 0, 35e6), "0|8 MiB|16 MiB|24 MiB|32 MiB|40 MiB");
    assert_string_equal(labels(all, SVG_BYTES, 0, 3), "0|1 B|2 B|3 B");
    assert_string_equal(labels(all, SVG_BYTES, 0, 5000), "0|1 KiB|2 KiB|3 KiB|4 KiB|5 KiB");
    assert_string_equal(labels(all, SVG_COUNT, 0, 23), "0|5|10|15|20|25");
    assert_string_equal(labels(all, SVG_COUNT, 0, 410000), "0|100 k|200 k|300 k|400 k|500 k");
    assert_string_equal(labels(all, SVG_TIME, 0, 0.9e9), "0|0.2 s|0.4 s|0.6 s|0.8 s|1 s");
    assert_string_equal(labels(all, SVG_TIME, 0, 40e3), "0|10 µs|20 µs|30 µs|40 µs");
    assert_string_equal(labels(all, SVG_RATE, 0, 4.2e6), "0|1 M/s|2 M/s|3 M/s|4 M/s|5 M/s");
    assert_string_equal(labels(all, SVG_COUNT, 0, 0), "0|1");
    assert_true(strlen(labels(all, SVG_TIME, 0, 1e18)) < 200);
    assert_true(strlen(labels(all, SVG_BYTES, 0, 1.8e19)) < 200);
}

static char *drawn(void (*draw)(struct svg *svg, const void *data), const void *data)
{
    char *text = NULL;
    size_t count;
    struct svg svg;
    FILE *out = open_memstream(&text, &count);
    svg_begin(&svg, out, 1040, 600, SVG_AUTO, "title", "about");
    draw(&svg, data);
    svg_end(&svg);
    fclose(out);
    return text;
}

static void draw_text(struct svg *svg, const void *data)
{
    svg_text(svg, 1, 2, SVG_START, "ink", data);
    svg_text_in(svg, 1, 2, 70, SVG_START, "ink", "abcdefghijklmnopqrstuvwxyz");
    svg_text_in(svg, 1, 2, 10, SVG_START, "ink", "tiny");
}

static void test_text(void **unused)
{
    (void)unused;
    char *text = drawn(draw_text, "a<b>&\"\x1b\xff");
    assert_non_null(strstr(text, ">a&#60;b&#62;&#38;&#34;?\xef\xbf\xbd<"));
    assert_non_null(strstr(text, ">abcdefghi…<"));
    assert_null(strstr(text, ">tin"));
    free(text);
}

/* The area of the first rectangle whose tip begins with `tip`. */
static double area_of(const char *text, const char *tip)
{
    double width = 0, height = 0;
    char wanted[100];
    snprintf(wanted, sizeof wanted, "<title>%s", tip);
    const char *at = strstr(text, wanted);
    assert_non_null(at);
    while (at > text && strncmp(at, "<rect", 5))
        at--;
    assert_int_equal(sscanf(strstr(at, "width="), "width=\"%lf\" height=\"%lf\"", &width, &height), 2);
    return width * height;
}

static void draw_treemap(struct svg *svg, const void *data)
{
    svg_treemap_draw(svg, data);
}

static void draw_flame(struct svg *svg, const void *data)
{
    svg_flame_draw(svg, data);
}

static void test_treemap(void **unused)
{
    (void)unused;
    const struct svg_node nodes[] = {{SVG_NO_PARENT, "one", 600}, {SVG_NO_PARENT, "two", 300}, {0, "a", 400}, {0, "b", 150}, {0, "c", 50}, {1, "d", 300}};
    struct svg_tree tree = {"tree", "about", SVG_COUNT, nodes, 6};
    char *text = drawn(draw_treemap, &tree);
    double one = area_of(text, "one"), a = area_of(text, "a:");
    assert_float_equal(area_of(text, "two") / one, 0.5, 0.01);
    assert_float_equal(area_of(text, "b:") / a, 150.0 / 400, 0.01);
    assert_float_equal(area_of(text, "c:") / a, 50.0 / 400, 0.01);
    assert_true(a + area_of(text, "b:") + area_of(text, "c:") < one);
    free(text);
}

static void test_flame(void **unused)
{
    (void)unused;
    const struct svg_node nodes[] = {{SVG_NO_PARENT, "main", 1000}, {0, "left", 250}, {0, "right", 500}, {1, "deep", 250}, {0, "speck", 0.1}};
    struct svg_tree tree = {"tree", "about", SVG_BYTES, nodes, 5};
    char *text = drawn(draw_flame, &tree);
    assert_float_equal(area_of(text, "left") / area_of(text, "main"), 0.25, 0.001);
    assert_float_equal(area_of(text, "deep") / area_of(text, "right"), 0.5, 0.001);
    assert_true(strstr(text, "right: ") < strstr(text, "left: "));
    assert_null(strstr(text, "speck"));
    assert_int_equal(svg_flame_levels(&tree, 1040), 3);
    free(text);
}

/* No figure: no division by nothing, and a sentence instead. */
static void test_nothing(void **unused)
{
    (void)unused;
    struct svg_tree tree = {"tree", "about", SVG_BYTES, NULL, 0};
    for (int i = 0; i < 2; i++) {
        char *text = drawn(i ? draw_flame : draw_treemap, &tree);
        assert_non_null(strstr(text, "nothing to show"));
        assert_null(strstr(text, "nan"));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ticks), cmocka_unit_test(test_text), cmocka_unit_test(test_treemap), cmocka_unit_test(test_flame),
                                       cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
