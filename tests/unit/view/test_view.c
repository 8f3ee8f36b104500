/* view: tables of every shape as text at three widths, as JSON and as CSV, against accepted pages; HT_ACCEPT=1 accepts what is there now.
 * Names of stacks come from a table in this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/memory.h"
#include "host/view/cell.h"
#include "host/view/frames.h"
#include "host/view/view_csv.h"
#include "host/view/view_json.h"
#include "host/view/view_text.h"

/* Stack id -> parent and frame. 1 _start <- 2 main <- 3 load <- 4 parse_row <- 5 operator new; 6 a deep C++ name below 3; 7 without a file below 2. */
static const struct {
    uint32_t parent;
    struct frame_text text;
} stacks[] = {
    {0, {"?", NULL, 0, "?", false}},
    {0, {"_start", NULL, 0, "server", false}},
    {1, {"main", "/src/server/main.c", 31, "server", false}},
    {2, {"load", "/src/server/csv.c", 140, "server", false}},
    {3, {"parse_row", "/src/server/csv.c", 88, "server", false}},
    {4, {"operator new(unsigned long)", NULL, 0, "libstdc++.so.6", false}},
    {3, {"std::unordered_map<std::string, std::vector<int, std::allocator<int> >, std::hash<std::string> >::operator[](std::string const&)",
         "/usr/include/c++/12/bits/unordered_map.h", 986, "server", false}},
    {2, {"libpng16.so.16+0x1234", NULL, 0, "libpng16.so.16", false}},
    {2, {"evil\033[31m\n\xff" "name", "/src/\"quoted\", path.c", 1, "mod\xc3\xa9", false}},
    {10, {"nameless+0x12", NULL, 0, "libdb.so.1", false}},
    {11, {"dbMallocRaw", NULL, 0, "libdb.so.1", false}},
    {12, {"other+0x34", NULL, 0, "libdb.so.1", false}},
    {13, {"db_open", NULL, 0, "libdb.so.1", false}},
    {14, {"server+0x99", NULL, 0, "server", false}},
    {15, {"__libc_start_main", NULL, 0, "libc.so.6", false}},
    {0, {"server+0x11", NULL, 0, "server", false}},
    {17, {"std::__new_allocator<int>::allocate(unsigned long, void const*)", NULL, 0, "server", true}},
    {18, {"std::__detail::grow<int>()", NULL, 0, "server", true}},
    {19, {"void std::vector<int>::push_back<int&>(int&)", NULL, 0, "server", true}},
    {20, {"std_user", "/src/a.cc", 3, "server", false}},
    {2, {"std::thread::run()", NULL, 0, "libstdc++.so.6", false}},
    {3, {"visit", "/src/walk.c", 7, "server", false}},
    {21, {"visit", "/src/walk.c", 7, "server", false}},
    {22, {"visit", "/src/walk.c", 7, "server", false}},
    {23, {"visit", "/src/walk.c", 8, "server", false}},
};

size_t symbols_frame(struct symbols *symbols, uint32_t stack, const struct frame_text **texts)
{
    (void)symbols;
    *texts = &stacks[stack].text;
    return 1;
}

uint32_t symbols_parent(const struct symbols *symbols, uint32_t stack)
{
    (void)symbols;
    return stacks[stack].parent;
}

size_t symbols_notes(const struct symbols *symbols, const char *const **notes)
{
    static const char *const all[] = {"libdb.so.1 is not here: name its folder"};
    (void)symbols;
    *notes = all;
    return 1;
}

static struct symbols *const fake_symbols = (struct symbols *)(uintptr_t)1;

static const struct column leak_columns[] = {
    {"bytes", "Bytes", "", "bytes never freed", COLUMN_BYTES},   {"share", "Share", "", "of all", COLUMN_RATIO},
    {"count", "Blocks", "", "blocks never freed", COLUMN_COUNT}, {"stack", "Where", "", "the stack that made them", COLUMN_STACK},
};

static void leaks_make(struct table *table)
{
    static const struct {
        uint64_t bytes, count;
        uint32_t stack;
    } rows[] = {{536870912, 1204, 5}, {3250586, 7, 6}, {1023, 1, 7}, {12, 1, 8}, {1, 1, 0}};
    table_init(table, "leaks", "Never freed", "Blocks that nobody freed before the end, by the stack that made them.", TABLE_ROWS, leak_columns, 4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        union cell *row = table_row(table);
        row[0].u = rows[i].bytes;
        row[1].f = (double)rows[i].bytes / 540122534.0;
        row[2].u = rows[i].count;
        row[3].u = rows[i].stack;
    }
    table_note(table, "3 events are missing in 1 gap");
}

static const struct column series_columns[] = {
    {"time_ns", "Time", "", "", COLUMN_TIME}, {"live_bytes", "Live", "", "", COLUMN_BYTES},
    {"events", "Events/s", "events/s", "", COLUMN_REAL}, {"change", "Change", "", "", COLUMN_SIGNED_BYTES}};

static void series_make(struct table *table)
{
    table_init(table, "timeline", "Live bytes over time", "Live bytes at the end of each slice.", TABLE_SERIES, series_columns, 4);
    for (uint64_t i = 0; i < 50; i++) {
        union cell *row = table_row(table);
        row[0].u = i * 1500000000;
        row[1].u = i < 40 ? i * i * 10000 : 100000;
        row[2].f = i % 7 * 1000.5;
        row[3].i = i == 40 ? -15110000 : 10000;
    }
}

static const struct column tree_columns[] = {{"frame", "Frame", "", "", COLUMN_FRAME}, {"bytes", "Bytes", "", "", COLUMN_BYTES}, {"self_bytes", "Self", "", "", COLUMN_BYTES}};

static void tree_make(struct table *table)
{
    static const struct {
        uint32_t parent, stack;
        uint64_t bytes;
    } rows[] = {{TABLE_NO_PARENT, 1, 1000000}, {0, 2, 1000000}, {1, 7, 200000}, {1, 3, 790000}, {3, 4, 700000}, {3, 6, 90000}, {1, 8, 900}};
    table_init(table, "flame", "Flame", "Allocated bytes by call path.", TABLE_TREE, tree_columns, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        union cell *row = table_child(table, rows[i].parent);
        row[0].u = rows[i].stack;
        row[1].u = rows[i].bytes;
    }
}

static const struct column map_columns[] = {
    {"start", "Start", "", "", COLUMN_ADDRESS}, {"end", "End", "", "", COLUMN_ADDRESS}, {"name", "Name", "", "", COLUMN_TEXT}, {"held", "Held for", "", "", COLUMN_DURATION}};

static void map_make(struct table *table)
{
    table_init(table, "maps", "Mapped pages", "Ranges of pages.", TABLE_MAP, map_columns, 4);
    union cell *row = table_row(table);
    row[0].u = 0x7f0000000000;
    row[1].u = 0x7f0000100000;
    row[2].text = table_text(table, "%s", "a name, with \"quotes\" and\na second line \033[2J");
    row[3].u = 1500;
    row = table_row(table);
    row[0].u = 0x1000;
    row[1].u = UINT64_MAX;
    row[2].text = table_text(table, "%0200d", 7);
    row[3].u = 100000000000;
    row = table_row(table);
    row[2].text = "/usr/lib/x86_64-linux-gnu/a-long-folder-name/and-another-one-below-it/libsomething.so.6";
}

enum { CARD_COLUMNS = 7 };
static const struct column card_columns[CARD_COLUMNS] = {
    {"events", "Events", "", "", COLUMN_COUNT},       {"duration_ns", "Duration", "", "", COLUMN_DURATION}, {"peak_bytes", "Peak", "", "", COLUMN_BYTES},
    {"peak_time_ns", "Time of peak", "", "", COLUMN_TIME}, {"leaked_bytes", "Never freed", "", "", COLUMN_BYTES}, {"cost", "Our cost", "", "", COLUMN_RATIO},
    {"command", "Command", "", "", COLUMN_TEXT}};

static void card_make(struct table *table)
{
    table_init(table, "summary", "Summary", "The whole run.", TABLE_ROWS, card_columns, CARD_COLUMNS);
    union cell *row = table_row(table);
    row[0].u = 12400000;
    row[1].u = 41000000000;
    row[2].u = 851863142;
    row[3].u = 39200000000;
    row[4].u = 3250586;
    row[5].f = 0.038;
    row[6].text = "./server --port 8080";
}

static void empty_make(struct table *table)
{
    table_init(table, "leaks", "Never freed", "", TABLE_ROWS, leak_columns, 4);
}

typedef void table_make(struct table *);

static const struct view plain_view = {.symbols = (struct symbols *)(uintptr_t)1, .width = 80, .has_unicode = true};

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = memory_new(1, 1 << 20);
    if (file) {
        size_t count = fread(text, 1, (1 << 20) - 1, file);
        text[count] = 0;
        fclose(file);
    }
    return text;
}

static void assert_page(const char *name, const char *page)
{
    char path[512];
    snprintf(path, sizeof path, "%s/unit/view/golden/%s", TEST_DATA, name);
    if (getenv("HT_ACCEPT")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(page, file);
        fclose(file);
        return;
    }
    char *right = file_read(path);
    if (strcmp(page, right))
        fail_msg("%s differs; it is now:\n%s\nHT_ACCEPT=1 accepts it", path, page);
    memory_free(right);
}

static char *text_of(const struct view *view, table_make *make)
{
    char *page = NULL;
    size_t count;
    FILE *out = open_memstream(&page, &count);
    struct table table;
    make(&table);
    view_text(out, view, &table);
    table_done(&table);
    fclose(out);
    return page;
}

static void assert_text(const char *name, const struct view *view, table_make *make)
{
    char *page = text_of(view, make);
    assert_page(name, page);
    free(page);
}

static void every_shape_is_shown_at_three_widths(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        table_make *make;
    } shapes[] = {{"rows", leaks_make}, {"series", series_make}, {"tree", tree_make}, {"map", map_make}, {"card", card_make}};
    static const size_t widths[] = {40, 80, 120, 200};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            struct view view = plain_view;
            char name[64];
            view.width = widths[j];
            snprintf(name, sizeof name, "%s.%zu.txt", shapes[i].name, view.width);
            assert_text(name, &view, shapes[i].make);
        }
}

static void wishes_change_the_page(void **state)
{
    (void)state;
    struct view view = plain_view;
    view.has_unicode = false;
    assert_text("rows.ascii.txt", &view, leaks_make);
    assert_text("series.ascii.txt", &view, series_make);
    assert_text("tree.ascii.txt", &view, tree_make);
    view = plain_view;
    view.has_colour = true;
    assert_text("rows.colour.txt", &view, leaks_make);
    assert_text("tree.colour.txt", &view, tree_make);
    view = plain_view;
    view.stacks = VIEW_STACKS_FULL;
    view.shows_about = true;
    assert_text("rows.stacks.txt", &view, leaks_make);
    view.shows_all_frames = true;
    assert_text("rows.all_frames.txt", &view, leaks_make);
    view = plain_view;
    view.is_exact = true;
    view.row_limit = 2;
    assert_text("rows.exact.txt", &view, leaks_make);
    view.symbols = NULL;
    assert_text("rows.no_symbols.txt", &view, leaks_make);
    assert_text("rows.empty.txt", &plain_view, empty_make);
}

static void no_byte_of_a_trace_controls_the_terminal(void **state)
{
    (void)state;
    table_make *const makes[] = {leaks_make, tree_make, map_make};
    for (size_t i = 0; i < 3; i++) {
        struct view view = plain_view;
        view.stacks = i == 0 ? VIEW_STACKS_FULL : VIEW_STACKS_SHORT;
        char *page = text_of(&view, makes[i]);
        assert_null(strchr(page, '\033'));
        assert_null(strchr(page, '\xff'));
        free(page);
    }
}

static void lines_stay_within_the_width(void **state)
{
    (void)state;
    table_make *const makes[] = {leaks_make, tree_make, map_make, series_make, card_make};
    for (size_t i = 0; i < 5; i++)
        for (size_t width = 40; width < 220; width += 3) {
            struct view view = plain_view;
            view.width = width;
            view.has_unicode = false;
            char *page = text_of(&view, makes[i]);
            for (char *rest = page, *line; (line = strsep(&rest, "\n"));)
                if (strlen(line) > width + 4)
                    fail_msg("shape %zu at width %zu: %s", i, width, line);
            free(page);
        }
}

static void json_holds_every_table_and_each_stack_once(void **state)
{
    (void)state;
    table_make *const makes[] = {leaks_make, series_make, tree_make, map_make, card_make, empty_make};
    char *page = NULL;
    size_t count;
    FILE *out = open_memstream(&page, &count);
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 100000, .command = "./server \"x\"", .machine = "x86_64", .system = "Linux",
                                  .directory = "/", .recorder = "heaptracer 0.1.0"};
    struct view_json *json = view_json_new(out, &plain_view, "server.htrc", &header);
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        struct table table;
        makes[i](&table);
        view_json_table(json, &table);
        table_done(&table);
    }
    view_json_end(json, "server.htrc: cut at byte 17");
    fclose(out);
    assert_page("tables.json", page);
    free(page);
}

static void csv_holds_every_cell(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        table_make *make;
    } shapes[] = {{"rows.csv", leaks_make}, {"series.csv", series_make}, {"tree.csv", tree_make}, {"map.csv", map_make}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char *page = NULL;
        size_t count;
        FILE *out = open_memstream(&page, &count);
        struct table table;
        shapes[i].make(&table);
        view_csv(out, &plain_view, &table);
        table_done(&table);
        fclose(out);
        assert_page(shapes[i].name, page);
        free(page);
    }
}

static void assert_name(const char *function, const char *right)
{
    struct str name = {0};
    frames_add_name(&name, function, false);
    assert_string_equal(str_text(&name), right);
    str_done(&name);
}

static void names_are_shortened(void **state)
{
    (void)state;
    assert_name("parse_row", "parse_row");
    assert_name("ns::f(int, char const*)", "ns::f");
    assert_name("ns::f() const", "ns::f");
    assert_name("std::vector<int>::push_back(int&&)", "std::vector<int>::push_back");
    assert_name("std::map<std::string, std::vector<int> >::operator[](std::string const&)", "std::map<...>::operator[]");
    assert_name("A::operator()(int) const", "A::operator()");
    assert_name("std::operator<< <std::char_traits<char> >(std::ostream&)", "std::operator<< <...>");
    assert_name("A::operator->() const", "A::operator->");
    assert_name("(anonymous namespace)::load(int)", "(anonymous namespace)::load");
    assert_name("ns::(anonymous namespace)::load(int)", "ns::(anonymous namespace)::load");
    assert_name("main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()");
    assert_name("f(int)::inner(char)", "f(int)::inner");
    assert_name("<alloc::vec::Vec<T> as core::iter::Extend>::extend", "<alloc::vec::Vec<T> as core::iter::Extend>::extend");
    assert_name("libpng16.so.16+0x1234", "libpng16.so.16+0x1234");
    assert_name("void std::vector<int>::push_back<int&>(int&)", "std::vector<int>::push_back<int&>");
    assert_name("std::enable_if<true, some_type>::type f<int>(int)", "f<int>");
    assert_name("void std::thread::_Invoker<std::tuple<void (*)(int), int> >::_M_invoke<0ul, 1ul>(std::_Index_tuple<0ul, 1ul>)", "std::thread::_Invoker<...>::_M_invoke<0ul, 1ul>");
    assert_name("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::append(char const*)", "std::string::append");
    assert_name("broken<<<((", "broken<<<((");
    assert_name("broken<so that it is long((", "broken<...>");
    assert_name("", "");
}

static void assert_roles(uint32_t stack, const char *roles)
{
    struct frames frames = {0};
    frames_of_stack(&frames, fake_symbols, stack);
    assert_int_equal(frames.list.count, strlen(roles));
    for (size_t i = 0; i < frames.list.count; i++)
        if ("PRALS"[frames.list.at[i].role] != roles[i])
            fail_msg("frame %zu, %s, has role %c, not %c", i, frames.list.at[i].text.function, "PRALS"[frames.list.at[i].role], roles[i]);
    frames_done(&frames);
}

static void nameless_functions_and_libraries_are_hidden_with_their_neighbours(void **state)
{
    (void)state;
    assert_roles(9, "AAPPPSS");
    assert_roles(11, "PPPSS");
    assert_roles(16, "ALPPPPS");
    assert_roles(20, "PPS");
}

static void a_recursion_is_counted_on_the_line(void **state)
{
    (void)state;
    char *line = NULL;
    size_t count;
    FILE *out = open_memstream(&line, &count);
    cell_put_stack(out, &plain_view, 24, 100);
    fclose(out);
    assert_string_equal(line, "visit (walk.c:8) <- visit (walk.c:7) x3 <- load (csv.c:140) <- main (main.c:31)");
    free(line);
}

static void the_inner_and_outer_ends_are_hidden(void **state)
{
    (void)state;
    struct frames frames = {0};
    frames_of_stack(&frames, fake_symbols, 5);
    assert_int_equal(frames.list.count, 5);
    assert_int_equal(frames.list.at[0].role, FRAME_ALLOCATOR);
    assert_int_equal(frames.list.at[1].role, FRAME_PROGRAM);
    assert_int_equal(frames.list.at[3].role, FRAME_PROGRAM);
    assert_int_equal(frames.list.at[4].role, FRAME_START);
    frames_of_stack(&frames, fake_symbols, 1);
    assert_int_equal(frames.list.at[0].role, FRAME_PROGRAM);
    frames_done(&frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_is_shown_at_three_widths),
        cmocka_unit_test(wishes_change_the_page),
        cmocka_unit_test(no_byte_of_a_trace_controls_the_terminal),
        cmocka_unit_test(lines_stay_within_the_width),
        cmocka_unit_test(json_holds_every_table_and_each_stack_once),
        cmocka_unit_test(csv_holds_every_cell),
        cmocka_unit_test(names_are_shortened),
        cmocka_unit_test(nameless_functions_and_libraries_are_hidden_with_their_neighbours),
        cmocka_unit_test(a_recursion_is_counted_on_the_line),
        cmocka_unit_test(the_inner_and_outer_ends_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
