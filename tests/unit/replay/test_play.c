/* test_play: replays of a few requests on an allocator that is known by hand. */
#include "toy.h"

#include "host/base/str.h"
#include "host/replay/arena_text.h"
#include "host/replay/fit.h"

static void figures_are_those_by_hand(void **state)
{
    struct told told;
    struct play_result result;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 10, 1); /* 8 + 16: cells 0-2 */
    tell_alloc(&told, 200, 24, 2); /* 8 + 24: cells 3-6 */
    tell_alloc(&told, 300, 1, 3);  /* 8 + 8: cells 7, 8; of 16 are free 9-15 */
    tell_free(&told, 200);
    tell_alloc(&told, 400, 8, 4); /* cells 3, 4; free are 5, 6 and 9-15 */
    toy_play(&told, 128, &result);
    assert_int_equal(result.requests, 5);
    assert_int_equal(result.peak_asked, 35);
    assert_int_equal(result.peak_asked_request, 2);
    assert_int_equal(result.peak_taken, 24 + 32 + 16);
    assert_int_equal(result.reach, 72);
    assert_int_equal(result.refusals, 0);
    assert_int_equal(result.end.free, 8 + 48);
    assert_int_equal(result.end.largest, 48);
    assert_true(result.fragmentation_end > 0.1428 && result.fragmentation_end < 0.1429); /* 1 - 48/56 */
    /* 1 - 48/72 behind the free */
    assert_true(result.fragmentation_worst > 0.3333 && result.fragmentation_worst < 0.3334);
    assert_int_equal(result.worst_request, 3);
    assert_true(result.fragmentation_at_peak == 0);
    assert_int_equal(result.samples.count, 5);
    assert_int_equal(result.samples.at[4].asked, 19);
    play_result_done(&result);
    requests_done(&told.requests);
}

static void the_first_refusal_says_who_when_and_why(void **state)
{
    struct told told;
    struct play_result result;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 16, 1); /* cells 0-2 */
    tell_alloc(&told, 200, 16, 1); /* cells 3-5; 6, 7 are free */
    tell_free(&told, 100);
    tell_alloc(&told, 300, 24, 7); /* 16 and 8 bytes are free: refused */
    tell_resize(&told, 300, 310, 30, 8); /* skipped */
    tell_free(&told, 310);               /* skipped */
    tell_resize(&told, 200, 210, 40, 9); /* refused, stays */
    tell_alloc(&told, 400, 24, 7);
    tell_free(&told, 210);
    toy_play(&told, 64, &result);
    assert_int_equal(result.refusals, 3);
    assert_int_equal(result.resizes_refused, 1);
    assert_int_equal(result.refused_bytes, 24 + 40 + 24);
    assert_int_equal(result.skipped, 2);
    assert_true(result.first.is_there && !result.first.is_resize);
    assert_int_equal(result.first.request, 3);
    assert_int_equal(result.first.time_ns, 4000);
    assert_int_equal(result.first.size, 24);
    assert_int_equal(result.first.stack, 7);
    assert_int_equal(result.first.use.free, 24);
    assert_int_equal(result.first.use.largest, 16);
    assert_int_equal(result.first.asked, 16);
    assert_int_equal(result.losers.count, 2);
    assert_int_equal(result.losers.at[0].stack, 7);
    assert_int_equal(result.losers.at[0].refusals, 2);
    assert_int_equal(result.end.used, 0);
    play_result_done(&result);
    requests_done(&told.requests);
}

static void a_realloc_moves_or_fails_as_it_must(void **state)
{
    struct told told;
    struct play_result result;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 8, 1);
    tell_resize(&told, 100, 100, 24, 1); /* no realloc of its own: a copy, cells 2-5 */
    tell_resize(&told, 100, 0, 4000, 1); /* failed then, fails now: neither a refusal nor granted */
    tell_free(&told, 100);
    toy_play(&told, 64, &result);
    assert_int_equal(result.moves, 1);
    assert_int_equal(result.moved_bytes, 8);
    assert_int_equal(result.refusals, 0);
    assert_int_equal(result.granted, 0);
    assert_int_equal(told.requests.tries, 1);
    assert_int_equal(result.end.blocks, 0);
    assert_int_equal(result.skipped, 0);
    play_result_done(&result);
    requests_done(&told.requests);
}

/* What no trace should have is bounded and said. */
/* Bands of 8 bytes on both sides; two freed blocks wait, or as many as have 40 bytes. */
static void guards_and_quarantine_shift_blocks(void **state)
{
    static const uint64_t wanted[] = {16, 48, 16, 48, 80, 80, 16, 112, 112, 48, 80};
    struct told told;
    struct play_arena arena = {.regions = {{TOY_BASE, 512}}, .region_count = 1};
    struct play_config config = {.simulator = &toy_simulator, .guards = {8, 8, 2, 40}};
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 8, 1); /* 8 bytes of header, then the first band */
    tell_alloc(&told, 200, 8, 1);
    tell_free(&told, 100); /* waits */
    tell_free(&told, 200); /* waits */
    tell_alloc(&told, 300, 8, 1);
    tell_free(&told, 300); /* waits; the first goes back */
    tell_alloc(&told, 400, 8, 1);
    tell_alloc(&told, 500, 40, 1);
    tell_free(&told, 500); /* waits alone, as it has all the bytes */
    tell_alloc(&told, 600, 8, 1);
    tell_alloc(&told, 700, 8, 1);
    struct play *play = play_new(&told.requests, 0, &arena, &config, NULL);
    assert_non_null(play);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_int_equal(play_step(play, i), TOY_BASE + wanted[i]);
    assert_int_equal(play_usable(play, told.requests.list.at[9].block), 8);
    play_free(play);
    requests_done(&told.requests);
}

static void what_was_refused_then_is_asked_for(void **state)
{
    struct told told;
    struct play_result result;
    struct event event;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 16, 1);
    for (uint64_t size = 8; size <= 800; size *= 100) {
        told_event(&event, &told, EVENT_REFUSE)->size = size;
        requests_put(&told.requests, &event);
    }
    toy_play(&told, 64, &result);
    assert_int_equal(result.granted, 1);
    assert_int_equal(result.refusals, 0); /* of those that were granted then */
    assert_int_equal(result.end.blocks, 1);
    play_result_done(&result);
    requests_done(&told.requests);
}

static void guards_are_read_from_the_head(void **state)
{
    static const char *const bad[] = {"", "HT_WITH_GUARD=", "HT_WITH_GUARD=16,4", "HT_WITH_GUARD=16,4,x,0", "X_HT_WITH_GUARD=16,4,0,0", "HT_WITH_GUARD=99999,4,0,0",
                                      "HT_WITH_GUARD=16,4,99999999,0"};
    struct guards guards;
    (void)state;
    assert_true(guards_take(&guards, &(struct trace_header){.environment = "A=1\nHT_WITH_GUARD=16,4,3,64\n"}));
    assert_true(guards.head_bytes == 16 && guards.tail_bytes == 4 && guards.held_most == 3 && guards.held_bytes == 64);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(guards_take(&guards, &(struct trace_header){.environment = bad[i]}));
        assert_true(!guards.head_bytes && !guards.held_most);
    }
    assert_false(guards_take(&guards, &(struct trace_header){0}));
}

static void doubtful_events_are_said(void **state)
{
    struct told told;
    struct event event;
    struct play_result result;
    struct str notes = {0};
    (void)state;
    told_begin(&told);
    tell_free(&told, 100);
    tell_alloc(&told, 200, 8, 1);
    tell_alloc(&told, 200, 8, 1);
    tell_resize(&told, 300, 301, 8, 1);
    told_event(&event, &told, EVENT_GAP)->size = 17;
    requests_put(&told.requests, &event);
    told_event(&event, &told, EVENT_ALLOC)->address = 500;
    event.flags = EVENT_INHERITED;
    requests_put(&told.requests, &event);
    assert_int_equal(told.requests.unknown_frees, 2);
    assert_int_equal(told.requests.vanished, 1);
    assert_int_equal(told.requests.gaps, 1);
    assert_int_equal(told.requests.lost_events, 17);
    assert_int_equal(told.requests.inherited, 1);
    requests_say(&told.requests, &notes);
    assert_non_null(strstr(str_text(&notes), "17 events are missing there\n"));
    assert_non_null(strstr(str_text(&notes), "2 frees or reallocs of blocks that the trace does not know were skipped\n"));
    toy_play(&told, 512, &result);
    assert_int_equal(result.end.blocks, 3);
    str_done(&notes);
    play_result_done(&result);
    requests_done(&told.requests);
}

static void the_list_is_bounded(void **state)
{
    struct told told;
    struct play_result result;
    (void)state;
    told_begin(&told);
    told.requests.most = 2;
    for (ht_addr i = 1; i < 10; i++)
        tell_alloc(&told, i * 100, 8, 1);
    tell_free(&told, 100);
    assert_int_equal(told.requests.list.count, 2);
    assert_int_equal(told.requests.left_out, 8);
    toy_play(&told, 512, &result);
    assert_int_equal(result.end.blocks, 2);
    play_result_done(&result);
    requests_done(&told.requests);
}

static void the_smallest_arena_holds_and_less_does_not(void **state)
{
    struct told told;
    struct fit fit;
    struct play_result result;
    (void)state;
    told_begin(&told);
    tell_alloc(&told, 100, 16, 1);
    tell_alloc(&told, 200, 16, 1);
    tell_free(&told, 100);
    tell_alloc(&told, 300, 30, 1); /* behind both: 24 + 24 + 40 */
    fit_search(&told.requests, 0, TOY_BASE, &(struct play_config){.simulator = &toy_simulator}, 0, &fit);
    assert_int_equal(fit.bytes, 96); /* 88 as a multiple of FIT_STEP */
    assert_int_equal(fit.below, 80);
    toy_play(&told, fit.bytes, &result);
    assert_int_equal(result.refusals, 0);
    play_result_done(&result);
    toy_play(&told, fit.below, &result);
    assert_int_equal(result.refusals, 1);
    play_result_done(&result);
    requests_done(&told.requests);
}

static void each_heap_has_an_arena(void **state)
{
    struct told told;
    struct event event;
    struct play_result result;
    struct arena_wishes wishes = {0};
    struct play_arena arena;
    bool is_open;
    struct error error = {0};
    (void)state;
    told_begin(&told);
    told_event(&event, &told, EVENT_HEAP)->define = &(struct heap_definition){.id = 2, .process = 1, .base = 0x3000, .size = 512, .name = "PSRAM"};
    requests_put(&told.requests, &event);
    tell_alloc(&told, 100, 16, 1);
    told_event(&event, &told, EVENT_ALLOC)->address = 100; /* the same address in another heap */
    event.heap = 2;
    event.size = 400;
    requests_put(&told.requests, &event);
    assert_int_equal(told.requests.heaps.count, 2);
    assert_int_equal(told.requests.vanished, 0);
    toy_play(&told, 64, &result);
    assert_int_equal(result.requests, 1);
    assert_int_equal(result.peak_asked, 16);
    play_result_done(&result);
    assert_true(arena_choose(&wishes, &told.requests.heaps.at[1], &(struct play_config){.simulator = &toy_simulator}, &arena, &is_open));
    assert_int_equal(arena.regions[0].base, 0x3000);
    assert_int_equal(arena.regions[0].bytes, 512);
    assert_false(arena_choose(&wishes, &told.requests.heaps.at[0], &(struct play_config){.simulator = &toy_simulator}, &arena, &is_open));
    assert_true(arena_wish_add(&wishes, "--arena", "PSRAM=4K@0x8000,1K@0x4000", &error));
    assert_true(arena_wish_add(&wishes, "--arena", "2K", &error));
    assert_true(arena_choose(&wishes, &told.requests.heaps.at[1], &(struct play_config){.simulator = &toy_simulator}, &arena, &is_open));
    assert_int_equal(arena.region_count, 2);
    assert_int_equal(arena.regions[0].base, 0x4000);
    assert_true(arena_choose(&wishes, &told.requests.heaps.at[0], &(struct play_config){.simulator = &toy_simulator}, &arena, &is_open));
    assert_int_equal(arena.regions[0].bytes, 2048);
    assert_true(arena_wishes_check(&wishes, &told.requests, &error));
    assert_true(arena_wish_add(&wishes, "--arena", "IRAM=1K", &error));
    assert_false(arena_wishes_check(&wishes, &told.requests, &error));
    arena_wishes_done(&wishes);
    requests_done(&told.requests);
}

static void wrong_arenas_are_refused(void **state)
{
    static const char *const wrong[] = {"", "0", "x", "1K@", "1K@0", "1K@zz", "1K@0x1000,1K@0x1200", "1K@0x1000,1K", "2K@0xffffffffffffff00", "PSRAM="};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct arena_wishes wishes = {0};
        struct error error = {0};
        assert_false(arena_wish_add(&wishes, "--arena", wrong[i], &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        arena_wishes_done(&wishes);
    }
}

/* Events in no lawful order: whatever the list makes of them, each block has one birth and at most one end. */
static void lawless_events_make_a_lawful_list(void **state)
{
    enum { EVENTS = 20000, ADDRESSES = 300, HEAPS = 3 };
    static const enum event_kind kinds[] = {EVENT_ALLOC, EVENT_ALLOC, EVENT_FREE, EVENT_RESIZE_BEGIN, EVENT_RESIZE_END, EVENT_REFUSE, EVENT_GAP, EVENT_MARK};
    struct told told;
    uint64_t random = 88172645463325252u;
    (void)state;
    told_begin(&told);
    for (size_t i = 0; i < EVENTS; i++) {
        struct event event;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        told_event(&event, &told, kinds[random % 8]);
        event.address = 64 * (random >> 8 & 0xFFFF) % ADDRESSES;
        event.old_address = 64 * (random >> 24 & 0xFFFF) % ADDRESSES;
        event.size = random >> 40 & 1 ? random >> 44 & 0x3FF : random;
        event.size = event.size > 1 << 20 && random >> 41 & 7 ? 100 : event.size;
        event.heap = random >> 50 & 3;
        event.thread = 1 + (random >> 52 & 1);
        event.alignment_log2 = random >> 53 & 1 ? (uint8_t)(random >> 54) : 0;
        requests_put(&told.requests, &event);
    }
    assert_true(told.requests.heaps.count == HEAPS + 1);
    for (uint32_t i = 0; i < told.requests.heaps.count; i++) {
        const struct request_heap *heap = &told.requests.heaps.at[i];
        bool *is_live = memory_new(heap->blocks + 1, 1);
        uint64_t live = 0;
        for (size_t k = 0; k < told.requests.list.count; k++) {
            const struct request *request = &told.requests.list.at[k];
            if (request->heap != i || request->kind == REQUEST_TRY)
                continue;
            assert_true(request->block < heap->blocks);
            bool is_birth = request->kind == REQUEST_ALLOC || request->kind == REQUEST_ZEROED;
            assert_int_equal(is_live[request->block], !is_birth);
            is_live[request->block] = request->kind != REQUEST_FREE;
            live += is_birth - (request->kind == REQUEST_FREE);
        }
        assert_int_equal(live, heap->live);
        memory_free(is_live);
        struct play_result result;
        struct play_arena arena = {.regions = {{0x20000000, 1 << 20}}, .region_count = 1};
        assert_true(play_run(&told.requests, i, &arena, &(struct play_config){.simulator = simulator_find("heap_4")}, &result, NULL));
        assert_true(result.refusals > 0 && result.end.blocks <= live);
        play_result_done(&result);
    }
    requests_done(&told.requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_by_hand),
        cmocka_unit_test(the_first_refusal_says_who_when_and_why),
        cmocka_unit_test(a_realloc_moves_or_fails_as_it_must),
        cmocka_unit_test(guards_and_quarantine_shift_blocks),
        cmocka_unit_test(what_was_refused_then_is_asked_for),
        cmocka_unit_test(guards_are_read_from_the_head),
        cmocka_unit_test(doubtful_events_are_said),
        cmocka_unit_test(the_list_is_bounded),
        cmocka_unit_test(the_smallest_arena_holds_and_less_does_not),
        cmocka_unit_test(each_heap_has_an_arena),
        cmocka_unit_test(wrong_arenas_are_refused),
        cmocka_unit_test(lawless_events_make_a_lawful_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
