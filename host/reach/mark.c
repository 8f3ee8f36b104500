/* mark: from the roots along pointers to starts, then along those into blocks; what is left is lost, and parted by the circles in it. */
#include "mark.h"

#include <string.h>

#include "heuristic.h"

/* A pointer into a block that nothing else kept alive when it was seen. */
struct candidate {
    uint32_t block, offset, keeper;
};

struct marking {
    struct mark *mark;
    const struct edges *edges;
    struct window *window;
    const struct mappings *mappings;
    VEC(uint32_t) stack;
    VEC(struct candidate) candidates;
};

static void mark_take(struct marking *marking, uint32_t block, uint32_t keeper, enum block_class class)
{
    marking->mark->class[block] = (uint8_t)class;
    marking->mark->keeper[block] = keeper;
    vec_push(&marking->stack, block);
}

static void mark_see(struct marking *marking, const struct edge *edge, uint32_t keeper)
{
    if (marking->mark->class[edge->to] == CLASS_REACHABLE)
        return;
    if (edge->offset)
        vec_push(&marking->candidates, ((struct candidate){edge->to, edge->offset, keeper}));
    else
        mark_take(marking, edge->to, keeper, CLASS_REACHABLE);
}

static void mark_drain(struct marking *marking)
{
    while (marking->stack.count) {
        uint32_t block = marking->stack.at[--marking->stack.count];
        uint64_t at = marking->edges->first[block];
        for (struct edge edge; edges_next(marking->edges, block, &at, &edge);)
            mark_see(marking, &edge, block);
    }
}

/* What the C library alone knows comes last, so that its name in a chain says that nobody else leads there. */
static void mark_from_roots(struct marking *marking, bool is_keeper)
{
    const struct edges *edges = marking->edges;
    for (size_t i = 0; i < edges->roots.count; i++)
        if (edges->roots.at[i].is_keeper == is_keeper)
            mark_see(marking, &(struct edge){edges->roots.at[i].to, edges->roots.at[i].offset}, MARK_ROOT | (uint32_t)i);
    mark_drain(marking);
}

static void mark_reachable(struct marking *marking)
{
    const struct edges *edges = marking->edges;
    mark_from_roots(marking, false);
    mark_from_roots(marking, true);
    for (size_t i = 0; i < marking->candidates.count; i++) {
        struct candidate seen = marking->candidates.at[i];
        if (marking->mark->class[seen.block] == CLASS_REACHABLE ||
            !heuristic_is_start(edges->lookup->blocks + seen.block, seen.offset, marking->window, marking->mappings))
            continue;
        mark_take(marking, seen.block, seen.keeper, CLASS_REACHABLE);
        mark_drain(marking);
    }
}

static void mark_possible(struct marking *marking)
{
    uint8_t *class = marking->mark->class;
    for (size_t i = 0; i < marking->candidates.count; i++)
        if (class[marking->candidates.at[i].block] == CLASS_NONE)
            mark_take(marking, marking->candidates.at[i].block, marking->candidates.at[i].keeper, CLASS_POSSIBLE);
    while (marking->stack.count) {
        uint32_t block = marking->stack.at[--marking->stack.count];
        uint64_t at = marking->edges->first[block];
        for (struct edge edge; edges_next(marking->edges, block, &at, &edge);)
            if (class[edge.to] == CLASS_NONE)
                mark_take(marking, edge.to, block, CLASS_POSSIBLE);
    }
}

/* Circles among the lost blocks: Tarjan's way, with a stack of its own. Numbers of blocks and of visits are from 1 on; a circle is known by its root. */
struct circles {
    uint32_t *visit, *low, *root, count;
    VEC(uint32_t) open;
    struct place {
        uint32_t block;
        uint64_t at;
    } *path;
    size_t depth, room;
};

static void circles_enter(struct circles *circles, const struct edges *edges, uint32_t block)
{
    if (circles->depth == circles->room) {
        circles->room = circles->room ? circles->room * 2 : 1024;
        circles->path = memory_resize(circles->path, circles->room, sizeof *circles->path);
    }
    circles->path[circles->depth++] = (struct place){block, edges->first[block]};
    circles->visit[block] = circles->low[block] = ++circles->count;
    vec_push(&circles->open, block);
}

static void circles_close(struct circles *circles, struct mark *mark, uint32_t block)
{
    size_t from = circles->open.count;
    while (circles->open.at[--from] != block)
        ;
    uint32_t size = (uint32_t)(circles->open.count - from), lowest = block;
    for (size_t i = from; i < circles->open.count; i++)
        lowest = circles->open.at[i] < lowest ? circles->open.at[i] : lowest;
    for (size_t i = from; i < circles->open.count; i++) {
        circles->root[circles->open.at[i]] = lowest + 1;
        mark->cycle[circles->open.at[i]] = size > 1 ? size : 0;
    }
    circles->open.count = from;
}

static void circles_leave(struct circles *circles, struct mark *mark)
{
    uint32_t block = circles->path[--circles->depth].block;
    if (circles->low[block] == circles->visit[block])
        circles_close(circles, mark, block);
    if (!circles->depth)
        return;
    uint32_t above = circles->path[circles->depth - 1].block;
    if (circles->low[block] < circles->low[above])
        circles->low[above] = circles->low[block];
}

static void circles_from(struct circles *circles, const struct marking *marking, uint32_t block)
{
    circles_enter(circles, marking->edges, block);
    while (circles->depth) {
        struct place *place = circles->path + circles->depth - 1;
        struct edge edge;
        if (!edges_next(marking->edges, place->block, &place->at, &edge)) {
            circles_leave(circles, marking->mark);
            continue;
        }
        if (marking->mark->class[edge.to] != CLASS_NONE)
            continue;
        if (!circles->visit[edge.to])
            circles_enter(circles, marking->edges, edge.to);
        else if (!circles->root[edge.to] && circles->visit[edge.to] < circles->low[place->block])
            circles->low[place->block] = circles->visit[edge.to];
    }
}

/* Circles into which a lost block outside leads; `low`, which is not needed any more, is by the circle's root. */
static void circles_find_led_to(struct circles *circles, const struct marking *marking)
{
    uint32_t count = marking->edges->lookup->count;
    memset(circles->low, 0, count * sizeof *circles->low);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = marking->edges->first[i];
        for (struct edge edge; marking->mark->class[i] == CLASS_NONE && edges_next(marking->edges, i, &at, &edge);)
            if (circles->root[edge.to] && circles->root[edge.to] != circles->root[i])
                circles->low[circles->root[edge.to] - 1] = 1;
    }
}

static void mark_own(struct marking *marking, uint32_t owner)
{
    struct mark *mark = marking->mark;
    vec_push(&marking->stack, owner);
    while (marking->stack.count) {
        uint32_t block = marking->stack.at[--marking->stack.count];
        uint64_t at = marking->edges->first[block];
        for (struct edge edge; edges_next(marking->edges, block, &at, &edge);) {
            if (mark->class[edge.to] != CLASS_INDIRECT || mark->owner[edge.to] != MARK_NOBODY)
                continue;
            mark->owner[edge.to] = owner;
            mark->keeper[edge.to] = block;
            mark->retained_bytes[owner] += marking->edges->lookup->blocks[edge.to].size;
            mark->retained_count[owner]++;
            vec_push(&marking->stack, edge.to);
        }
    }
}

/* Of a circle that nothing leads to, the block of the lowest address stands for all. */
static void mark_lost(struct marking *marking)
{
    struct mark *mark = marking->mark;
    uint32_t count = marking->edges->lookup->count;
    struct circles circles = {.visit = memory_new(count, sizeof(uint32_t)), .low = memory_new(count, sizeof(uint32_t)), .root = memory_new(count, sizeof(uint32_t))};
    for (uint32_t i = 0; i < count; i++)
        if (mark->class[i] == CLASS_NONE && !circles.visit[i])
            circles_from(&circles, marking, i);
    circles_find_led_to(&circles, marking);
    for (uint32_t i = 0; i < count; i++)
        if (mark->class[i] == CLASS_NONE)
            mark->class[i] = circles.root[i] == i + 1 && !circles.low[i] ? CLASS_DIRECT : CLASS_INDIRECT;
    for (uint32_t i = 0; i < count; i++)
        if (mark->class[i] == CLASS_DIRECT)
            mark_own(marking, i);
    memory_free(circles.visit);
    memory_free(circles.low);
    memory_free(circles.root);
    memory_free(circles.path);
    vec_done(&circles.open);
}

void mark_run(struct mark *mark, const struct edges *edges, struct window *window, const struct mappings *mappings)
{
    size_t count = edges->lookup->count;
    struct marking marking = {.mark = mark, .edges = edges, .window = window, .mappings = mappings};
    *mark = (struct mark){
        .class = memory_new(count, 1),
        .keeper = memory_new(count, sizeof *mark->keeper),
        .owner = memory_new(count, sizeof *mark->owner),
        .cycle = memory_new(count, sizeof *mark->cycle),
        .retained_bytes = memory_new(count, sizeof *mark->retained_bytes),
        .retained_count = memory_new(count, sizeof *mark->retained_count),
    };
    memset(mark->keeper, 0xff, count * sizeof *mark->keeper);
    memset(mark->owner, 0xff, count * sizeof *mark->owner);
    mark_reachable(&marking);
    mark_possible(&marking);
    mark_lost(&marking);
    vec_done(&marking.stack);
    vec_done(&marking.candidates);
}

void mark_done(struct mark *mark)
{
    memory_free(mark->class);
    memory_free(mark->keeper);
    memory_free(mark->owner);
    memory_free(mark->cycle);
    memory_free(mark->retained_bytes);
    memory_free(mark->retained_count);
}
