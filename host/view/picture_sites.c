/* picture_sites: in call stacks and what they did, out a flame graph, a treemap, and bars. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "frames.h"
#include "host/base/arena.h"
#include "host/base/map.h"
#include "picture.h"
#include "svg_tree.h"

enum { WIDTH = 1200, BARS = 20, FLAME_LEVELS = 60 };

struct tree_build {
    const struct picture *picture;
    VEC(struct svg_node) nodes;
    struct map children; /* hash of parent and name -> node + 1; the next key where two are equal */
    struct arena texts;
};

/* The child of that name, made when there is none. */
static uint32_t node_find(struct tree_build *build, uint32_t parent, const char *name)
{
    for (uint64_t key = XXH3_64bits_withSeed(name, strlen(name), parent + 1ull);; key++) {
        bool is_new;
        uint64_t *place = map_put(&build->children, key, &is_new);
        if (is_new) {
            vec_push(&build->nodes, ((struct svg_node){parent, arena_copy_text(&build->texts, name, strlen(name)), 0}));
            *place = build->nodes.count;
        }
        struct svg_node *node = build->nodes.at + *place - 1;
        if (node->parent == parent && !strcmp(node->name, name))
            return (uint32_t)*place - 1;
    }
}

static void tree_done(struct tree_build *build)
{
    vec_done(&build->nodes);
    map_done(&build->children);
    arena_done(&build->texts);
}

static bool frame_is_shown(const struct view *view, const struct frame *frame)
{
    return view->shows_all_frames || frame->role == FRAME_PROGRAM || frame->role == FRAME_LIBRARY;
}

/* One node for each frame of the address that is shown, outermost first; the amount counts in each. Returns the innermost one. */
static uint32_t address_add(struct tree_build *build, uint32_t parent, uint32_t stack, double value, struct frames *frames)
{
    struct str name = {0};
    frames->list.count = 0;
    if (stack && build->picture->view->symbols)
        frames_of_address(frames, build->picture->view->symbols, stack);
    for (size_t i = frames->list.count; i-- > 0;) {
        if (!frame_is_shown(build->picture->view, &frames->list.at[i]))
            continue;
        str_clear(&name);
        frames_add_name(&name, frames->list.at[i].text.function, true);
        parent = node_find(build, parent, str_text(&name));
        build->nodes.at[parent].value += value;
    }
    if (!stack) {
        parent = node_find(build, parent, "(no stack)");
        build->nodes.at[parent].value += value;
    }
    str_done(&name);
    return parent;
}

/* The rows of the table `flame` without the frames that views hide; functions of one name below one caller are one. */
static void flame_build(struct tree_build *build, const struct table *flame, const char *column)
{
    struct frames frames = {0};
    uint32_t *nodes = memory_new(flame->row_count + 1, sizeof *nodes); /* by row */
    int frame = table_find_column(flame, "frame");
    for (size_t i = 0; i < flame->row_count; i++) {
        uint32_t parent = flame->parents[i] == TABLE_NO_PARENT ? SVG_NO_PARENT : nodes[flame->parents[i]];
        double value = picture_number(flame, i, column);
        nodes[i] = value > 0 ? address_add(build, parent, (uint32_t)table_at(flame, i)[frame].u, value, &frames) : parent;
    }
    memory_free(nodes);
    frames_done(&frames);
}

static void about_make(struct str *about, const struct picture *picture, const char *more)
{
    char text[NUMBER_ROOM];
    const struct picture_amount *amount = picture_amounts + picture->metric;
    const struct table *table = picture_table(picture, amount->table);
    double whole = 0;
    for (size_t i = 0; i < table->row_count; i++)
        whole += picture_number(table, i, amount->column);
    str_add_format(about, "%s %s%s · %s", svg_value(text, amount->unit, whole), amount->words, more, picture->run);
}

void picture_flame(FILE *out, const struct picture *picture)
{
    const struct picture_amount *amount = picture_amounts + picture->metric;
    struct tree_build build = {.picture = picture};
    struct str about = {0};
    struct svg svg;
    flame_build(&build, picture_table(picture, "flame"), amount->flame_column);
    about_make(&about, picture, "");
    struct svg_tree tree = {"Flame graph", str_text(&about), amount->unit, build.nodes.at, build.nodes.count};
    size_t levels = svg_flame_levels(&tree, picture->width > 0 ? picture->width : WIDTH);
    levels = levels < FLAME_LEVELS ? levels : FLAME_LEVELS;
    picture_begin(&svg, out, picture, WIDTH, SVG_HEAD + SVG_MARGIN + 18 + SVG_FLAME_ROW * (double)levels, tree.title, tree.about);
    svg_flame_draw(&svg, &tree);
    svg_end(&svg);
    tree_done(&build);
    str_done(&about);
}

/* The frame that stands for a stack: the innermost that is shown. */
static const struct frame *frame_choose(const struct picture *picture, uint32_t stack, struct frames *frames)
{
    frames->list.count = 0;
    if (stack && picture->view->symbols)
        frames_of_stack(frames, picture->view->symbols, stack);
    for (size_t i = 0; i < frames->list.count; i++)
        if (picture->view->shows_all_frames || frames->list.at[i].role == FRAME_PROGRAM)
            return frames->list.at + i;
    return NULL;
}

static void tile_add(struct tree_build *build, const struct frame *frame, double value)
{
    struct str name = {0};
    if (frame)
        frames_add_name(&name, frame->text.function, true);
    uint32_t group = node_find(build, SVG_NO_PARENT, frame ? frame->text.module : "(no stack)");
    build->nodes.at[group].value += value;
    uint32_t tile = node_find(build, group, frame ? str_text(&name) : "(no stack)");
    build->nodes.at[tile].value += value;
    str_done(&name);
}

void picture_treemap(FILE *out, const struct picture *picture)
{
    const struct picture_amount *amount = picture_amounts + picture->metric;
    const struct table *table = picture_table(picture, amount->table);
    struct tree_build build = {.picture = picture};
    struct frames frames = {0};
    struct str about = {0};
    struct svg svg;
    for (size_t i = 0; i < table->row_count; i++)
        tile_add(&build, frame_choose(picture, (uint32_t)picture_number(table, i, "stack"), &frames), picture_number(table, i, amount->column));
    about_make(&about, picture, ", by module and function");
    picture_begin(&svg, out, picture, 960, 600, "Functions", str_text(&about));
    svg_treemap_draw(&svg, &(struct svg_tree){"Functions", str_text(&about), amount->unit, build.nodes.at, build.nodes.count});
    svg_end(&svg);
    frames_done(&frames);
    tree_done(&build);
    str_done(&about);
}

static int value_order(const void *left, const void *right, void *context)
{
    const double *values = context, a = values[*(const size_t *)left], b = values[*(const size_t *)right];
    return a != b ? (a < b) - (a > b) : (*(const size_t *)left > *(const size_t *)right) - (*(const size_t *)left < *(const size_t *)right);
}

/* The rows with the largest values, the largest first. */
static size_t rows_choose(const struct table *table, const char *column, size_t *rows, double *whole)
{
    double *values = memory_new(table->row_count + 1, sizeof *values);
    size_t *order = memory_new(table->row_count + 1, sizeof *order), count = 0;
    *whole = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        order[i] = i;
        *whole += values[i] = picture_number(table, i, column);
    }
    qsort_r(order, table->row_count, sizeof *order, value_order, values);
    while (count < BARS && count < table->row_count && values[order[count]] > 0) {
        rows[count] = order[count];
        count++;
    }
    memory_free(values);
    memory_free(order);
    return count;
}

void picture_sites(FILE *out, const struct picture *picture)
{
    enum { STACK_COLUMNS = 64 };
    const struct picture_amount *amount = picture_amounts + picture->metric;
    const struct table *table = picture_table(picture, amount->table);
    struct svg_bar bars[BARS];
    char *labels[BARS];
    size_t rows[BARS];
    double whole;
    size_t count = rows_choose(table, amount->column, rows, &whole);
    struct str about = {0};
    struct svg svg;
    for (size_t i = 0; i < count; i++) {
        labels[i] = picture_stack(picture, (uint32_t)picture_number(table, rows[i], "stack"), STACK_COLUMNS);
        bars[i] = (struct svg_bar){labels[i] ? labels[i] : "", picture_number(table, rows[i], amount->column), 0};
    }
    about_make(&about, picture, "");
    picture_begin(&svg, out, picture, WIDTH, SVG_HEAD + SVG_MARGIN + 20 + 26 * (double)(count ? count : 4), "Call stacks that matter most", str_text(&about));
    svg_bars_draw(&svg, &(struct svg_bars){"Call stacks that matter most", str_text(&about), amount->unit, bars, count, whole, amount->words, NULL});
    svg_end(&svg);
    for (size_t i = 0; i < count; i++)
        free(labels[i]);
    str_done(&about);
}
