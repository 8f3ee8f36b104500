/* test_idea: what each kind of change makes of a few requests. */
#include "../replay/toy.h"

#include "host/advice/idea.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
