/* test_embedded: golden vectors of the embedded allocators, taken from the real ones: addresses, refusals and the largest request at the end. */
#include "sim_vector.h"

struct golden {
    const char *name, *options;
    uint32_t pointer_bytes, align_bytes;
    uint64_t base;
    uint32_t hash, fails, largest;
};

static const struct golden golden[] = {
    {"tlsf-esp", NULL, 4, 0, 0x3fc88000, 0x68632f53, 0, 7680},
    {"tlsf", NULL, 4, 0, 0x20000000, 0x525dc0af, 0, 4736},
    {"heap_4", NULL, 4, 4, 0x20000000, 0x7fab28eb, 0, 8084},
    {"heap_4", NULL, 4, 8, 0x20000000, 0xccb092c7, 0, 7792},
    {"heap_4", "protector", 4, 16, 0x20000000, 0xeb1b692f, 0, 7024},
    {"heap_4", NULL, 4, 16, 0x20000008, 0xeb1b692f, 0, 7008},
    {"heap_5", NULL, 4, 8, 0x20000000, 0xccb092c7, 0, 7792},
    {"heap_2", NULL, 4, 8, 0x20000000, 0xbb767fcf, 94, 312},
    {"heap_2", NULL, 4, 4, 0x20000000, 0xf4a79d42, 111, 300},
    {"heap_2", NULL, 4, 16, 0x20000000, 0x7443a4f0, 7, 400},
    {"o1heap", NULL, 4, 0, 0x20000000, 0x7f8b5db5, 2, 2032},
    {"umm", NULL, 4, 0, 0x20000000, 0x864c5737, 0, 8748},
    {"umm-first", NULL, 4, 0, 0x20000000, 0x8065391f, 0, 6132},
};

static void the_golden_vectors_are_equal(void **state)
{
    (void)state;
    for (const struct golden *at = golden; at < golden + sizeof golden / sizeof *golden; at++) {
        struct arena_region region = {at->base, 16384};
        struct simulator_arena arena = {.regions = &region, .region_count = 1, .pointer_bytes = at->pointer_bytes, .align_bytes = at->align_bytes, .options = at->options};
        struct sim_vector vector = sim_vector_run(at->name, &arena, 64, 400, UINT32_MAX);
        if (vector.hash != at->hash || vector.largest != at->largest)
            print_error("%s: %08x %u, not %08x %u\n", at->name, vector.hash, vector.largest, at->hash, at->largest);
        assert_int_equal(vector.hash, at->hash);
        assert_int_equal(vector.fails, at->fails);
        assert_int_equal(vector.largest, at->largest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vectors_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
