/* leak_pattern: what is concluded from classes, courses, phases, threads, looks and lifetimes; and the stories that these come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/analysis/leak_pattern.h"
#include "host/analysis/pins.h"
#include "host/base/memory.h"

static struct leak_pattern find(struct leak_evidence evidence, const char *wanted)
{
    struct str said = {0};
    struct leak_pattern pattern = leak_pattern_find(&evidence, &said);
    if (wanted ? !strstr(str_text(&said), wanted) : said.count)
        fail_msg("said '%s'", str_text(&said));
    str_done(&said);
    return pattern;
}

static void the_class_alone_tells_lost_from_found(void **state)
{
    (void)state;
    static const double sure[CLASS_COUNT] = {[CLASS_DIRECT] = 0.95, [CLASS_INDIRECT] = 0.85, [CLASS_POSSIBLE] = 0.4, [CLASS_REACHABLE] = 0.1};
    for (int class = CLASS_DIRECT; class < CLASS_COUNT; class++) {
        double confidence = find((struct leak_evidence){.class = class}, NULL).confidence;
        assert_true(confidence > sure[class] - 1e-9 && confidence < sure[class] + 1e-9);
    }
    assert_string_equal(find((struct leak_evidence){.class = CLASS_DIRECT}, NULL).name, "orphaned");
    assert_string_equal(find((struct leak_evidence){.class = CLASS_INDIRECT}, NULL).name, "goes with its owner");
    assert_string_equal(find((struct leak_evidence){.class = CLASS_REACHABLE}, NULL).name, "");
    assert_string_equal(find((struct leak_evidence){.class = CLASS_DIRECT, .cycle = 3}, "a circle of 3").name, "circular reference");
}

/* What rises, what fills up to a bound, what goes up and down, and what rises too little. */
static void only_what_rises_to_the_end_grows(void **state)
{
    (void)state;
    const struct leak_story story = {.count = 3};
    double rises[32], bound[32], saw[32], little[32], late[32], creeps[32], shakes[32];
    for (int i = 0; i < 32; i++) {
        rises[i] = 1000.0 * (i + 1);
        bound[i] = 1000.0 * (i < 10 ? i + 1 : 10);
        saw[i] = 1000.0 * (i % 8);
        little[i] = 10.0 * i;
        late[i] = i < 28 ? 1000 : 90000;
        creeps[i] = i < 16 ? 1000.0 * (i + 1) : 16000 + i;
        shakes[i] = i < 16 ? 1000.0 * (i + 1) : 18000 + 400.0 * i + (i % 2 ? 6000 : 0);
    }
    struct leak_evidence evidence = {.class = CLASS_REACHABLE, .story = &story, .course = rises, .course_count = 32};
    struct leak_pattern pattern = find(evidence, "its live bytes rose by 30.3 KiB, in 100 % of all pairs of moments");
    assert_string_equal(pattern.name, "growing");
    assert_true(pattern.confidence > 0.72 && pattern.confidence < 0.74);
    evidence.class = CLASS_POSSIBLE;
    assert_true(find(evidence, "rose").confidence > 0.8);
    double *const others[] = {bound, saw, little, late, creeps, shakes};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        evidence.course = others[i];
        assert_true(find(evidence, NULL).confidence < 0.5);
    }
}

static void phases_count_when_each_leaves_something(void **state)
{
    (void)state;
    struct leak_evidence evidence = {.class = CLASS_REACHABLE, .windows_active = 6, .windows_left = 6};
    assert_true(find(evidence, "blocks of 6 of 6 phases").confidence > 0.5);
    assert_string_equal(find(evidence, "phases").name, "outlived its mark");
    evidence.windows_left = 2; /* a cache: the latest ones are there */
    assert_true(find(evidence, NULL).confidence < 0.5);
    evidence.windows_active = evidence.windows_left = 1; /* what a phase of loading made */
    assert_true(find(evidence, "1 of 1").confidence < 0.5);
}

static void threads_that_ended_and_looks_add_up(void **state)
{
    (void)state;
    double rises[32];
    for (int i = 0; i < 32; i++)
        rises[i] = 1000.0 * (i + 1);
    struct leak_story story = {.count = 4, .ended_threads = 4, .thread_count = 4};
    struct leak_evidence evidence = {.class = CLASS_REACHABLE, .story = &story, .course = rises, .course_count = 32};
    assert_string_equal(find(evidence, "threads that made them ended").name, "thread leak");
    assert_true(find(evidence, "threads").confidence > 0.8);
    story.ended_threads = 3; /* one of them still runs */
    struct leak_looks looks = {.bytes = {1000, 2000, 3000}, .count = 3};
    evidence.looks = looks;
    assert_true(find(evidence, "each of 3 looks at the process found more").confidence > 0.8);
    evidence.looks.bytes[2] = 2000;
    assert_true(find(evidence, "rose").confidence < 0.8);
}

static void what_is_older_than_its_kind_ever_became_is_overdue(void **state)
{
    (void)state;
    struct leak_story story = {.count = 10, .freed = 100, .lives = {[3] = 60, [5] = 40}, .ages = {[4] = 2, [20] = 8}};
    assert_true(leak_story_overdue(&story) > 0.79 && leak_story_overdue(&story) < 0.81);
    assert_string_equal(find((struct leak_evidence){.class = CLASS_REACHABLE, .story = &story}, "80 % of them are older").name, "overdue");
    assert_string_equal(find((struct leak_evidence){.class = CLASS_DIRECT, .story = &story}, "80 %").name, "orphaned");
    story.freed = 19;
    assert_true(leak_story_overdue(&story) == 0);
}

/* A model with marks in time; sizes are 100 bytes. */
struct world {
    struct model *model;
    struct leak_stories stories;
};

static void world_see(void *context, const struct changes *changes)
{
    leak_stories_see(&((struct world *)context)->stories, changes);
}

static void put(struct world *world, enum event_kind kind, uint64_t time_ns, ht_addr address, uint32_t stack)
{
    model_put(world->model, &(struct event){.kind = (uint8_t)kind, .process = 1, .thread = 1, .time_ns = time_ns, .address = address, .size = 100, .stack = stack});
}

static void stories_know_courses_and_windows(void **state)
{
    (void)state;
    struct world world = {0};
    double course[STORY_SLOTS];
    unsigned active, left;
    world.model = model_new(&(struct model_config){.see = world_see, .context = &world});
    leak_stories_begin(&world.stories, world.model);
    model_put(world.model, &(struct event){.kind = EVENT_PROCESS, .process = 1, .define = &(struct process_definition){.id = 1, .pid = 7, .command = "a"}});
    model_put(world.model, &(struct event){.kind = EVENT_FRAME, .process = 1, .define = &(struct frame_definition){.id = 1}});
    for (uint64_t i = 0; i < 1000; i++) {
        put(&world, EVENT_ALLOC, i * 1000000, 0x10000 + i * 128, 1);
        if (i >= 10 && i % 2)
            put(&world, EVENT_FREE, i * 1000000 + 500000, 0x10000 + (i - 10) * 128, 1);
    }
    model_finish(world.model, 1000000000);
    struct leak_stories now;
    leak_stories_take(&world.stories, &now);
    size_t sites, count;
    model_sites(world.model, &sites);
    const struct leak_story *story = leak_stories_find(&now, (uint32_t)sites - 1, 1);
    assert_non_null(story);
    assert_null(leak_stories_find(&now, (uint32_t)sites - 1, 2));
    count = leak_story_course(&now, story, 1, course);
    assert_in_range(count, STORY_SLOTS / 2, STORY_SLOTS);
    for (size_t i = 1; i < count; i++)
        assert_true(course[i] >= course[i - 1]);
    assert_true(course[count - 1] == 505 * 100);
    assert_int_equal(story->freed, 495);
    assert_int_equal(story->count, 505);
    leak_story_windows(&now, story, &active, &left);
    assert_int_equal(active, 0);
    leak_stories_done(&now);
    leak_stories_done(&world.stories);
    model_free(world.model);
}

static void pages_with_one_stack_only_are_pinned(void **state)
{
    (void)state;
    struct pins pins = {0};
    const struct block blocks[] = {{.address = 0x10000, .size = 96, .usable = 96, .site = 1, .process = 1},
                                   {.address = 0x10100, .size = 100, .usable = 104, .site = 1, .process = 1},
                                   {.address = 0x20000, .size = 50, .usable = 50, .site = 1, .process = 1},
                                   {.address = 0x20100, .size = 50, .usable = 50, .site = 2, .process = 1},
                                   {.address = 0x20000, .size = 46, .usable = 46, .site = 2, .process = 2},
                                   {.address = 0x30F00, .size = 0x2200, .usable = 0x2200, .site = 3, .process = 1}};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        pins_add(&pins, blocks + i);
    pins_sum(&pins);
    assert_int_equal(pins_of(&pins, 1), 4096 - 200);
    assert_int_equal(pins_of(&pins, 2), 4096 - 46);
    assert_int_equal(pins_of(&pins, 3), 0xF00 + 0xF00);
    assert_int_equal(pins_of(&pins, 9), 0);
    pins_done(&pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_alone_tells_lost_from_found),
        cmocka_unit_test(only_what_rises_to_the_end_grows),
        cmocka_unit_test(phases_count_when_each_leaves_something),
        cmocka_unit_test(threads_that_ended_and_looks_add_up),
        cmocka_unit_test(what_is_older_than_its_kind_ever_became_is_overdue),
        cmocka_unit_test(stories_know_courses_and_windows),
        cmocka_unit_test(pages_with_one_stack_only_are_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
