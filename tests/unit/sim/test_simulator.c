/* test_simulator: arenas and options that make no sense are refused with a sentence, by every model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sim/simulator.h"

static void refused(const struct simulator *simulator, const struct simulator_arena *arena, const char *word)
{
    struct error error = {0};
    assert_null(simulator_begin(simulator, arena, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.text, word));
}

static void arenas_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct arena_region wrong[] = {{0x1000, 0}, {0, 65536}, {UINT64_MAX - 10, 100}, {0x1000, UINT64_C(1) << 63}};
    for (const struct simulator *const *at = simulators; *at; at++) {
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
            refused(*at, &(struct simulator_arena){.regions = &wrong[i], .region_count = 1}, "region");
        refused(*at, &(struct simulator_arena){.regions = wrong, .region_count = 0}, "regions");
        struct arena_region good = {0x1000, 0x1000};
        refused(*at, &(struct simulator_arena){.regions = &good, .region_count = 1, .pointer_bytes = 3}, "pointers");
        refused(*at, &(struct simulator_arena){.regions = &good, .region_count = 1, .align_bytes = 24}, "alignment");
        refused(*at, &(struct simulator_arena){.regions = &good, .region_count = 1, .options = "nonsense=1"}, "nonsense");
    }
}

static void options_have_values_and_words(void **state)
{
    (void)state;
    struct simulator_arena arena = {.options = "room=0x20,fast,kind=second"};
    assert_int_equal(simulator_option(&arena, "room", 7), 32);
    assert_int_equal(simulator_option(&arena, "fast", 0), 1);
    assert_int_equal(simulator_option(&arena, "roo", 7), 7);
    assert_int_equal(simulator_option_word(&arena, "kind", "first|second"), 2);
    assert_int_equal(simulator_option_word(&arena, "kind", "first|seconds"), 0);
    assert_int_equal(simulator_option_word(&arena, "none", "first|second"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_that_cannot_be_are_refused),
        cmocka_unit_test(options_have_values_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
