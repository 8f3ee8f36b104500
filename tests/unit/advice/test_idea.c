/* test_idea: what each kind of change makes of a few requests, and which changes are said. */
#include "../replay/toy.h"

#include "host/advice/advice.h"
#include "host/replay/fit.h"

/* "+2:40 *2:56 -2" and so on: births, reallocs and ends with the block's number and its size. */
static const char *list_text(const struct requests *requests)
{
    static char text[1024];
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < requests->list.count && used < sizeof text - 32; i++) {
        const struct request *request = &requests->list.at[i];
        char sign = request->kind == REQUEST_FREE ? '-' : request->kind == REQUEST_RESIZE ? '*' : '+';
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%u", used ? " " : "", sign, request->block);
        if (sign != '-')
            used += (size_t)snprintf(text + used, sizeof text - used, ":%llu", (unsigned long long)request->size);
        if (request->heap)
            used += (size_t)snprintf(text + used, sizeof text - used, "@%u", (unsigned)request->heap);
    }
    return text;
}

static void becomes(struct told *told, struct idea idea, const char *wanted)
{
    struct census census;
    struct requests changed;
    census_init(&census, &told->requests, NULL, NULL);
    idea_apply(&idea, &census, &changed);
    assert_string_equal(list_text(&changed), wanted);
    idea_done(&changed);
    census_done(&census);
}

static void a_pool_asks_once(void **state)
{
    struct told told;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 10, 1); /* group 0 */
    tell_alloc(&told, 200, 40, 2); /* group 1 */
    tell_alloc(&told, 300, 40, 2);
    tell_free(&told, 200);
    tell_alloc(&told, 400, 33, 2);
    tell_free(&told, 100);
    becomes(&told, (struct idea){.kind = IDEA_POOL, .group = 1, .size = 40, .count = 2}, "+0:10 +3:80 -0");
    becomes(&told, (struct idea){.kind = IDEA_POOL, .group = 1, .size = 40, .count = 2, .is_at_start = true}, "+3:80 +0:10 -0");
    becomes(&told, (struct idea){.kind = IDEA_POOL, .group = 1, .size = 40, .count = 1}, "+0:10 +3:40 +2:40 -0"); /* full: the second goes to the allocator */
    requests_done(&told.requests);
}

static void two_become_one(void **state)
{
    struct told told;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 10, 1);
    tell_alloc(&told, 200, 40, 2);
    tell_free(&told, 200);
    tell_free(&told, 100);
    tell_alloc(&told, 100, 10, 1); /* alone */
    tell_free(&told, 100);
    becomes(&told, (struct idea){.kind = IDEA_MERGE, .group = 0, .other = 1}, "+0:56 -0 +0:10 -0");
    becomes(&told, (struct idea){.kind = IDEA_MERGE, .group = 1, .other = 0}, "+0:10 +1:40 -1 -0 +0:10 -0");
    requests_done(&told.requests);
}

static void what_stays_comes_first(void **state)
{
    struct told told;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 10, 1);
    tell_alloc(&told, 200, 20, 2);
    tell_free(&told, 100);
    tell_alloc(&told, 300, 30, 3);
    becomes(&told, (struct idea){.kind = IDEA_EARLY, .group = 1}, "+2:20 +0:10 -0 +0:30");
    becomes(&told, (struct idea){.kind = IDEA_EARLY, .group = IDEA_ALL}, "+2:20 +3:30 +0:10 -0");
    requests_done(&told.requests);
}

static void a_block_grows_by_a_factor(void **state)
{
    struct told told;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 16, 1);
    for (uint64_t size = 32; size <= 96; size += 16)
        tell_resize(&told, 100, 100, size, 2);
    tell_free(&told, 100);
    becomes(&told, (struct idea){.kind = IDEA_GROWTH, .group = 1, .size = 4}, "+0:16 *0:32 *0:64 *0:128 -0");
    becomes(&told, (struct idea){.kind = IDEA_GROWTH, .group = 1, .size = 3}, "+0:16 *0:32 *0:48 *0:72 *0:108 -0");
    becomes(&told, (struct idea){.kind = IDEA_GROWTH, .group = 0, .size = 4}, "+0:16 *0:32 *0:48 *0:64 *0:80 *0:96 -0");
    requests_done(&told.requests);
}

static void sizes_are_rounded(void **state)
{
    struct told told;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 17, 1);
    tell_alloc(&told, 200, 9000, 1);
    becomes(&told, (struct idea){.kind = IDEA_ROUND, .size = 32}, "+0:32 +1:9000");
    becomes(&told, (struct idea){.kind = IDEA_ROUND, .size = 0}, "+0:32 +1:9000");
    requests_done(&told.requests);
}

static void a_phase_has_one_piece(void **state)
{
    struct told told;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 10, 1);
    tell_alloc(&told, 200, 20, 2); /* 1: the phase begins */
    tell_alloc(&told, 300, 30, 3); /* outlives it */
    tell_free(&told, 200);
    tell_free(&told, 100); /* 4: it is over */
    becomes(&told, (struct idea){.kind = IDEA_PHASE, .from = 1, .to = 4, .size = 32}, "+0:10 +3:32 +2:30 -3 -0");
    becomes(&told, (struct idea){.kind = IDEA_COMPACT, .from = 4}, "+0:10 +1:20 +2:30 -1 -0 -2 +0:10 +2:30 -0");
    requests_done(&told.requests);
}

static void blocks_go_to_another_heap(void **state)
{
    struct told told;
    struct event event;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 10, 1);
    told_event(&event, &told, EVENT_ALLOC)->address = 0x100;
    event.heap = 2;
    event.size = 7;
    requests_put(&told.requests, &event);
    tell_alloc(&told, 300, 30, 3);
    tell_free(&told, 300);
    tell_alloc(&told, 300, 30, 3);
    becomes(&told, (struct idea){.kind = IDEA_MOVE, .group = 2, .heap = 1}, "+0:10 +0:7@1 +1:30@1 -1@1 +1:30@1");
    requests_done(&told.requests);
}

/* Small blocks that stay among large ones that go: on heap_4 each leaves a hole that the next, larger one does not fit. */
static void tell_holes(struct told *told, bool has_small)
{
    enum { ROUNDS = 40 };
    for (uint64_t i = 0; i < ROUNDS; i++) {
        tell_alloc(told, 0x10000, 200 + 24 * i, 1);
        for (uint64_t k = 0; has_small && k < 2; k++)
            tell_alloc(told, 0x100 + 16 * (2 * i + k), 40, 2);
        tell_free(told, 0x10000);
        if (has_small && i > 3)
            tell_free(told, 0x100 + 16 * (2 * i - 7));
    }
}

static bool advise_on_heap_4(struct told *told, uint64_t bytes, struct advice *advice)
{
    struct arena_wishes wishes = {0};
    struct error error = {0};
    struct advice_config config = {.play = {.simulator = simulator_find("heap_4")}, .name = "heap_4", .wishes = &wishes, .threads = 1};
    vec_push(&wishes.list, ((struct arena_wish){.arena = {.regions = {{0x20000000, bytes}}, .region_count = 1}}));
    bool is_good = advice_make(advice, &told->requests, &config, &error);
    arena_wishes_done(&wishes);
    return is_good;
}

static const struct advice_row *row_of(const struct advice *advice, enum idea_kind kind)
{
    for (size_t i = 0; i < advice->kept; i++)
        if (advice->rows.at[i].idea.kind == kind)
            return &advice->rows.at[i];
    return NULL;
}

static void a_pool_avoids_refusals(void **state)
{
    struct told told;
    struct advice advice;
    (void)state;
    told_begin(&told);
    tell_holes(&told, true);
    assert_true(advise_on_heap_4(&told, 128 << 10, &advice));
    uint64_t too_small = advice.base.need - FIT_STEP;
    advice_done(&advice);
    assert_true(advise_on_heap_4(&told, too_small, &advice));
    assert_true(advice.base.refusals > 0);
    const struct advice_row *pool = row_of(&advice, IDEA_POOL);
    assert_non_null(pool);
    assert_int_equal(advice.census.groups.at[pool->idea.group].stack, 2);
    assert_int_equal(pool->figures.refusals, 0);
    assert_true(pool->figures.need < advice.base.need);
    advice_done(&advice);
    requests_done(&told.requests);
}

static void nothing_is_said_where_nothing_helps(void **state)
{
    struct told told;
    struct advice advice;
    (void)state;
    told_begin(&told);
    for (uint64_t i = 0; i < 60; i++)
        tell_alloc(&told, 0x1000 * (i + 1), 1000 + 8 * i, (uint32_t)i);
    assert_true(advise_on_heap_4(&told, 128 << 10, &advice));
    assert_true(advice.rows.count > 0); /* they were tried */
    assert_int_equal(advice.kept, 0);
    advice_done(&advice);
    requests_done(&told.requests);
}

static size_t kinds_tried(const struct advice *advice)
{
    bool has[IDEA_KINDS] = {false};
    size_t count = 0;
    for (size_t i = 0; i < advice->rows.count; i++) {
        count += !has[advice->rows.at[i].idea.kind];
        has[advice->rows.at[i].idea.kind] = true;
    }
    return count;
}

/* Of a list that may be played only a few times the best of each kind is tried. */
static void trials_are_limited(void **state)
{
    struct told told;
    struct advice advice = {0};
    struct arena_wishes wishes = {0};
    struct error error = {0};
    struct advice_config config = {.play = {.simulator = simulator_find("heap_4")}, .name = "heap_4", .wishes = &wishes, .threads = 1};
    (void)state;
    told_begin(&told);
    tell_holes(&told, true);
    vec_push(&wishes.list, ((struct arena_wish){.arena = {.regions = {{0x20000000, 1 << 20}}, .region_count = 1}}));
    assert_true(advice_make(&advice, &told.requests, &config, &error));
    size_t all = advice.rows.count, kinds = kinds_tried(&advice);
    assert_true(all > 2 * kinds && kinds > 2 && advice.has_fits && !advice.untried);
    advice_done(&advice);
    config.most_played = kinds * (told.requests.list.count + 1);
    assert_true(advice_make(&advice, &told.requests, &config, &error));
    assert_int_equal(advice.rows.count, kinds);
    assert_int_equal(kinds_tried(&advice), kinds);
    assert_int_equal(advice.untried, all - kinds);
    assert_false(advice.has_fits);
    advice_done(&advice);
    arena_wishes_done(&wishes);
    requests_done(&told.requests);
}

/* The large blocks go where there is room; that is said only as something was refused. */
static void another_memory_avoids_refusals(void **state)
{
    struct told told;
    struct event event;
    struct advice advice;
    struct arena_wishes wishes = {0};
    struct error error = {0};
    struct advice_config config = {.play = {.simulator = simulator_find("heap_4")}, .name = "heap_4", .wishes = &wishes, .threads = 2};
    (void)state;
    for (uint64_t bytes = 8192; bytes <= 65536; bytes *= 8) {
        told_begin(&told);
        for (uint32_t i = 1; i < 3; i++) {
            told_event(&event, &told, EVENT_HEAP)->define = &(struct heap_definition){
                .id = i, .process = 1, .base = 0x20000000 * i, .size = i == 1 ? bytes : 1 << 20, .name = i == 1 ? "DRAM" : "PSRAM"};
            requests_put(&told.requests, &event);
            for (uint64_t k = 0; k < (i == 1 ? 12 : 1); k++) {
                told_event(&event, &told, EVENT_ALLOC)->address = 0x20000000 * i + 0x1000 * k;
                event.heap = i;
                event.stack = k & 1 ? 5 : 6;
                event.size = k & 1 ? 2000 : 100;
                requests_put(&told.requests, &event);
            }
        }
        assert_true(advice_make(&advice, &told.requests, &config, &error));
        const struct advice_row *move = row_of(&advice, IDEA_MOVE);
        assert_int_equal(advice.base.refusals > 0, bytes == 8192);
        assert_int_equal(move != NULL, bytes == 8192);
        if (move) {
            assert_int_equal(advice.census.groups.at[move->idea.group].stack, 5);
            assert_int_equal(move->idea.heap, 1);
            assert_int_equal(move->figures.refusals, 0);
        }
        advice_done(&advice);
        requests_done(&told.requests);
    }
    arena_wishes_done(&wishes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_asks_once),
        cmocka_unit_test(two_become_one),
        cmocka_unit_test(what_stays_comes_first),
        cmocka_unit_test(a_block_grows_by_a_factor),
        cmocka_unit_test(sizes_are_rounded),
        cmocka_unit_test(a_phase_has_one_piece),
        cmocka_unit_test(blocks_go_to_another_heap),
        cmocka_unit_test(a_pool_avoids_refusals),
        cmocka_unit_test(nothing_is_said_where_nothing_helps),
        cmocka_unit_test(trials_are_limited),
        cmocka_unit_test(another_memory_avoids_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
