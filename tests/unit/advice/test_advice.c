/* test_advice: in runs in which a mistake of each kind was planted, the change that mends it is said with its gain; in the twin of each, nothing of that kind is. */
#include "../replay/toy.h"

#include "host/advice/advice.h"
#include "host/replay/fit.h"

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


/* A run in which something is wrong, or, with `is_mended`, nothing. */
typedef void (*tale)(struct told *told, bool is_mended);

enum { BIG = 0x100000, SMALL = 0x10000, STAYING = 0x400000 };

/* One block at a time, of any size, and something small that lives on while it does. Mended: it is made once. */
static void tell_again_and_again(struct told *told, bool is_mended)
{
    for (uint64_t i = 0; i < 600; i++) {
        if (!is_mended || !i)
            tell_alloc(told, BIG, 300 + i * 37 % 200, 1);
        tell_alloc(told, SMALL + 16 * i, 24, 2);
        if (!is_mended || i == 599)
            tell_free(told, BIG);
        if (i >= 20)
            tell_free(told, SMALL + 16 * (i - 20));
    }
}

/* A head and its body, made and freed together. Mended: in one block. */
static void tell_heads_and_bodies(struct told *told, bool is_mended)
{
    for (uint64_t i = 0; i < 400; i++) {
        tell_alloc(told, BIG + 256 * i, is_mended ? 56 : 16, 1);
        if (!is_mended)
            tell_alloc(told, BIG + 256 * i + 64, 40, 2);
        if (i < 20)
            continue;
        tell_free(told, BIG + 256 * (i - 20));
        if (!is_mended)
            tell_free(told, BIG + 256 * (i - 20) + 64);
    }
}

/* What stays is made between large blocks that go, and parts what is free. Mended: it is made first. */
static void tell_what_stays(struct told *told, bool is_mended)
{
    enum { ROUNDS = 30 };
    for (uint64_t i = 0; is_mended && i < ROUNDS; i++)
        tell_alloc(told, STAYING + 256 * i, 100, 2);
    for (uint64_t i = 0; i < 2 * ROUNDS; i++) {
        tell_alloc(told, BIG, 500 + 50 * i, (uint32_t)i + 3); /* each of a place of its own: no block can be kept */
        if (!is_mended && i >= ROUNDS)
            tell_alloc(told, STAYING + 256 * (i - ROUNDS), 100, 2);
        tell_free(told, BIG);
    }
}

/* A block that grows by a little each time. Mended: twofold. */
static void tell_growth(struct told *told, bool is_mended)
{
    uint64_t size = 64;
    tell_alloc(told, BIG, size, 1);
    for (uint64_t i = 0; i < 300; i++) {
        tell_alloc(told, SMALL + 16 * i, 24, 3);
        if (i >= 10)
            tell_free(told, SMALL + 16 * (i - 10));
        if (is_mended && i * 32 + 64 <= size)
            continue;
        size = is_mended ? size * 2 : i * 32 + 64;
        tell_resize(told, BIG, BIG, size, 2);
    }
}

/* Sizes that hardly differ, parted by what stays, so that what comes later seldom fits what was left. Mended: all are of one size. */
static void tell_uneven(struct told *told, bool is_mended)
{
    enum { BLOCKS = 100 };
    for (uint64_t i = 0; i < BLOCKS; i++) {
        tell_alloc(told, BIG + 256 * i, is_mended ? 64 : 40 + i % 4 * 8, (uint32_t)i + 10); /* each of a place of its own: no pool */
        tell_alloc(told, STAYING + 256 * i, 24, 2);
    }
    for (uint64_t i = 0; i < BLOCKS; i++)
        tell_free(told, BIG + 256 * i);
    for (uint64_t i = 0; i < BLOCKS; i++)
        tell_alloc(told, BIG + 256 * i, 64, (uint32_t)i + 200);
}

/* Many small blocks for a while, all of which go. Mended: in one piece. */
static void tell_phase(struct told *told, bool is_mended)
{
    for (uint64_t i = 0; i < 10; i++)
        tell_alloc(told, STAYING + 1024 * i, 200, 1);
    if (is_mended)
        tell_alloc(told, BIG, 64 * 600, 2);
    for (uint64_t i = 0; i < 600 && !is_mended; i++)
        tell_alloc(told, SMALL + 256 * i, 20 + i % 40, 3 + (uint32_t)(i % 50));
    if (is_mended)
        tell_free(told, BIG);
    for (uint64_t i = 600; i-- > 0 && !is_mended;)
        tell_free(told, SMALL + 256 * i);
    for (uint64_t i = 0; i < 10; i++)
        tell_free(told, STAYING + 1024 * i);
}

/* Every other block goes, then a large one is wanted. Mended: the others go, too. */
static void tell_sieve(struct told *told, bool is_mended)
{
    for (uint64_t i = 0; i < 64; i++)
        tell_alloc(told, SMALL + 4096 * i, 200, (uint32_t)i % 8 + 1);
    for (uint64_t i = 0; i < 64; i += is_mended ? 1 : 2)
        tell_free(told, SMALL + 4096 * i);
    tell_alloc(told, BIG, 5000, 20);
}

static void advise(tale told_by, bool is_mended, const char *allocator, uint64_t bytes, struct told *told, struct advice *advice)
{
    struct arena_wishes wishes = {0};
    struct error error = {0};
    struct advice_config config = {.play = {.simulator = simulator_find(allocator)}, .name = allocator, .wishes = &wishes, .threads = 1};
    told_begin(told);
    told_by(told, is_mended);
    vec_push(&wishes.list, ((struct arena_wish){.arena = {.regions = {{0x20000000, bytes}}, .region_count = 1}}));
    assert_true(advice_make(advice, &told->requests, &config, &error));
    arena_wishes_done(&wishes);
}

/* What the first advice of a kind gains; all zero: there is none. Its site must be `stack`, if that is not 0. */
static struct advice_figures gain_of(tale told_by, bool is_mended, const char *allocator, uint64_t bytes, enum idea_kind kind, uint32_t stack)
{
    struct told told;
    struct advice advice = {0};
    struct advice_figures gain = {0};
    advise(told_by, is_mended, allocator, bytes, &told, &advice);
    const struct advice_row *row = row_of(&advice, kind);
    for (size_t i = 0; i < advice.kept; i++)
        assert_true(advice.rows.at[i].priority > 0);
    if (row) {
        gain = (struct advice_figures){.need = advice.base.need - row->figures.need, .refusals = advice.base.refusals - row->figures.refusals,
                                       .calls = advice.base.calls - row->figures.calls, .copied = advice.base.copied - row->figures.copied};
        assert_true(!stack || advice.census.groups.at[row->idea.group].stack == stack);
        assert_true(row->priority > 0 && row->idea.sites > 0 && row->idea.lines > 0);
    }
    advice_done(&advice);
    requests_done(&told.requests);
    return gain;
}

static void nothing_of(tale told_by, const char *allocator, uint64_t bytes, enum idea_kind kind)
{
    struct advice_figures gain = gain_of(told_by, true, allocator, bytes, kind, 0);
    assert_int_equal(gain.need | gain.refusals | gain.calls | gain.copied, 0);
}

static void one_block_is_kept(void **state)
{
    (void)state;
    assert_int_equal(gain_of(tell_again_and_again, false, "heap_4", 64 << 10, IDEA_BUFFER, 1).calls, 1199);
    nothing_of(tell_again_and_again, "heap_4", 64 << 10, IDEA_BUFFER);
}

static void two_are_made_one(void **state)
{
    (void)state;
    struct advice_figures gain = gain_of(tell_heads_and_bodies, false, "heap_4", 64 << 10, IDEA_MERGE, 1);
    assert_int_equal(gain.calls, 400 + 380);
    assert_true(gain.need >= 8 * 20); /* a header of 8 bytes for each body */
    nothing_of(tell_heads_and_bodies, "heap_4", 64 << 10, IDEA_MERGE);
}

static void what_stays_is_made_first(void **state)
{
    (void)state;
    struct told told;
    struct advice advice = {0};
    size_t said = 0;
    assert_true(gain_of(tell_what_stays, false, "heap_4", 64 << 10, IDEA_EARLY, 0).need > 1000);
    advise(tell_what_stays, false, "heap_4", 64 << 10, &told, &advice);
    for (size_t i = 0; i < advice.kept; i++)
        said += advice.rows.at[i].idea.kind == IDEA_EARLY;
    assert_int_equal(said, 1); /* of the one place, and not of all such places again */
    advice_done(&advice);
    requests_done(&told.requests);
    nothing_of(tell_what_stays, "heap_4", 64 << 10, IDEA_EARLY);
}

static void realloc_grows_by_a_factor(void **state)
{
    (void)state;
    struct advice_figures gain = gain_of(tell_growth, false, "heap_4", 64 << 10, IDEA_GROWTH, 2);
    assert_true(gain.calls >= 280 && gain.copied > 1000000 && gain.need > 10000);
    nothing_of(tell_growth, "heap_4", 64 << 10, IDEA_GROWTH);
}

static void sizes_are_said_to_be_rounded(void **state)
{
    (void)state;
    assert_true(gain_of(tell_uneven, false, "heap_4", 64 << 10, IDEA_ROUND, 0).need > 2000); /* to multiples of 16: 600 */
    nothing_of(tell_uneven, "heap_4", 64 << 10, IDEA_ROUND);
}

static void a_phase_gets_an_arena(void **state)
{
    (void)state;
    assert_true(gain_of(tell_phase, false, "heap_4", 128 << 10, IDEA_PHASE, 0).calls > 500);
    nothing_of(tell_phase, "heap_4", 128 << 10, IDEA_PHASE);
}

static void blocks_are_moved_together(void **state)
{
    (void)state;
    struct told told;
    struct advice advice = {0};
    bool is_before_refusal = false;
    assert_int_equal(gain_of(tell_sieve, false, "heap_4", 15000, IDEA_COMPACT, 0).refusals, 1);
    advise(tell_sieve, false, "heap_4", 15000, &told, &advice);
    for (size_t i = 0; i < advice.rows.count; i++)
        is_before_refusal |= advice.rows.at[i].idea.kind == IDEA_COMPACT && advice.rows.at[i].idea.from == told.requests.list.count - 1;
    assert_true(is_before_refusal);
    advice_done(&advice);
    requests_done(&told.requests);
    nothing_of(tell_sieve, "heap_4", 15000, IDEA_COMPACT);
}

/* heap_1 never takes a block back; for a program that never frees one, nothing is better. */
static void another_allocator_is_said(void **state)
{
    (void)state;
    assert_true(gain_of(tell_again_and_again, false, "heap_1", 1 << 20, IDEA_ALLOCATOR, 0).need > 100000);
    nothing_of(tell_again_and_again, "heap_4", 64 << 10, IDEA_ALLOCATOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_avoids_refusals),
        cmocka_unit_test(nothing_is_said_where_nothing_helps),
        cmocka_unit_test(trials_are_limited),
        cmocka_unit_test(another_memory_avoids_refusals),
        cmocka_unit_test(one_block_is_kept),
        cmocka_unit_test(two_are_made_one),
        cmocka_unit_test(what_stays_is_made_first),
        cmocka_unit_test(realloc_grows_by_a_factor),
        cmocka_unit_test(sizes_are_said_to_be_rounded),
        cmocka_unit_test(a_phase_gets_an_arena),
        cmocka_unit_test(blocks_are_moved_together),
        cmocka_unit_test(another_allocator_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
