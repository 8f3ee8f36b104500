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

/* Of the real ones: 20,000 steps of mallocs, aligned mallocs, reallocations and frees in 64 slots. Those without reallocation got a malloc and a free, those without
 * alignment a malloc. */
struct mixed {
    const char *name, *options;
    uint32_t pointer_bytes, align_bytes, bytes, more_bytes;
    uint32_t hash, calls, fails;
};

static const struct mixed mixed[] = {
    {"tlsf-esp", NULL, 4, 0, 12292, 0, 0xe00390b4, 11451, 65},
    {"tlsf-esp", "poisoning=light", 4, 0, 12292, 0, 0xa84ffe55, 11506, 130},
    {"tlsf-esp", "poisoning=comprehensive", 4, 0, 12292, 0, 0x65a9a7ad, 11456, 92},
    {"tlsf-esp", "tracking", 4, 0, 12292, 0, 0x3a1cedb9, 11593, 378},
    {"tlsf-esp", "poisoning=light,tracking", 4, 0, 12292, 0, 0x25d98f91, 11756, 802},
    {"tlsf-esp", "poisoning=comprehensive,tracking", 4, 0, 12292, 0, 0xa8f156cf, 11624, 688},
    {"tlsf", NULL, 4, 0, 15000, 0, 0xc08d4cc1, 11439, 20},
    {"heap_2", NULL, 4, 4, 12292, 0, 0xebb5e28f, 13928, 6740},
    {"heap_2", NULL, 4, 8, 12292, 0, 0x6c0f0b51, 13772, 6394},
    {"heap_2", NULL, 4, 16, 12292, 0, 0x7f9f8b37, 12863, 4042},
    {"heap_4", NULL, 4, 4, 12292, 0, 0x458a11d1, 11471, 16},
    {"heap_4", NULL, 4, 8, 12292, 0, 0xce52edba, 11496, 21},
    {"heap_4", NULL, 4, 16, 12292, 0, 0x3772fae0, 11450, 43},
    {"heap_5", NULL, 4, 8, 12292, 0, 0xce52edba, 11496, 21},
    {"o1heap", NULL, 4, 0, 12292, 0, 0x3787bea1, 11852, 1228},
    {"umm", NULL, 4, 0, 12292, 0, 0x2af12d07, 11446, 12},
    {"umm-first", NULL, 4, 0, 12292, 0, 0x3526b259, 11457, 44},
    {"umm", "body=16", 4, 0, 12292, 0, 0xa0ed0906, 11470, 11},
    {"umm-first", "body=32", 4, 0, 12292, 0, 0x9adf1d61, 11476, 124},
    {"sys_heap", NULL, 4, 0, 12292, 0, 0x7f64f537, 11429, 8},
    {"sys_heap", "stats", 4, 0, 12292, 0, 0xcf3a369e, 11457, 43},
    {"sys_heap", "k_malloc", 4, 0, 12292, 0, 0x12f2ff10, 11462, 19},
    {"threadx-byte", NULL, 4, 0, 12292, 0, 0x2b5d83db, 11447, 20},
    {"tlsf-esp", NULL, 8, 0, 12292, 0, 0x2c542ad5, 11507, 142},
    {"tlsf-esp", "poisoning=light", 8, 0, 12292, 0, 0x8cec5634, 11605, 467},
    {"tlsf-esp", "tracking", 8, 0, 12292, 0, 0x52aba007, 11897, 1282},
    {"tlsf-esp", "poisoning=light,tracking", 8, 0, 12292, 0, 0xb1f367be, 12334, 2459},
    {"tlsf", NULL, 8, 0, 18000, 0, 0x89106552, 11494, 97},
    {"heap_2", NULL, 8, 4, 12292, 0, 0xd93f49d1, 13405, 5390},
    {"heap_2", NULL, 8, 8, 12292, 0, 0xd8b3bdd9, 13239, 5082},
    {"heap_2", NULL, 8, 16, 12292, 0, 0x7f9f8b37, 12863, 4042},
    {"heap_4", NULL, 8, 4, 12292, 0, 0x9fb241c7, 11471, 70},
    {"heap_4", NULL, 8, 8, 12292, 0, 0x64b8b819, 11490, 66},
    {"heap_4", NULL, 8, 16, 12292, 0, 0x3772fae0, 11450, 43},
    {"heap_5", NULL, 8, 8, 12292, 0, 0x64b8b819, 11490, 66},
    {"o1heap", NULL, 8, 0, 12292, 0, 0x7d2615ac, 12167, 2057},
    {"umm", NULL, 8, 0, 12292, 0, 0x2af12d07, 11446, 12},
    {"umm-first", NULL, 8, 0, 12292, 0, 0x3526b259, 11457, 44},
    {"umm", "body=16", 8, 0, 12292, 0, 0xa0ed0906, 11470, 11},
    {"umm-first", "body=32", 8, 0, 12292, 0, 0x9adf1d61, 11476, 124},
    {"sys_heap", NULL, 8, 0, 12292, 0, 0x707f7e38, 11464, 39},
    {"sys_heap", "stats", 8, 0, 12292, 0, 0x501cd029, 11464, 38},
    {"sys_heap", "k_malloc", 8, 0, 12292, 0, 0x30f4efe5, 11494, 68},
    {"threadx-byte", NULL, 8, 0, 12292, 0, 0xd6da57c2, 11456, 67},
    {"heap_5", NULL, 4, 8, 6000, 9000, 0x8bf6e75d, 11480, 0},
    {"tlsf-esp", NULL, 4, 0, 6000, 9000, 0x55ae9e41, 11480, 0},
    {"tlsf-esp", "poisoning=light,tracking", 4, 0, 6000, 9000, 0x19832a4d, 11485, 118},
    {"tlsf-esp", "external=2,internal-limit=2000", 4, 0, 6000, 9000, 0xc4af67b9, 11480, 0},
    {"tlsf", NULL, 4, 0, 6000, 9000, 0xec6d236b, 11476, 38},
};

static uint64_t mixed_resize(const struct simulator *simulator, void *heap, uint64_t block, uint32_t size)
{
    if (simulator->resize)
        return simulator->resize(heap, block, size);
    uint64_t to = simulator->alloc(heap, size, 0);
    if (to)
        simulator->free(heap, block);
    return to;
}

static struct mixed mixed_run(const struct simulator *simulator, void *heap, uint64_t base, bool is_one)
{
    struct mixed result = {.hash = 2166136261u};
    uint64_t blocks[64] = {0};
    uint32_t x = 1;
    for (int step = 0; step < 20000; step++) {
        uint64_t *block = &blocks[sim_vector_draw(&x) % 64], to;
        uint32_t kind = sim_vector_draw(&x) % 8;
        if (*block && kind >= 2) {
            simulator->free(heap, *block);
            *block = 0;
            continue;
        }
        uint32_t size = 1 + sim_vector_draw(&x) % 400, align = 1u << sim_vector_draw(&x) % 8;
        if (*block)
            to = mixed_resize(simulator, heap, *block, size);
        else
            to = simulator->alloc(heap, size, !kind && simulator->aligns ? align : 0);
        *block = to ? to : *block;
        result.hash = (result.hash ^ (to ? (uint32_t)(to - base) : 0xffffffff)) * 16777619u;
        result.fails += !to;
        result.calls++;
        if (step % 1000 == 0 && is_one)
            sim_cover_check(simulator, heap);
    }
    return result;
}

static void mixed_vectors_are_equal(void **state)
{
    (void)state;
    for (const struct mixed *at = mixed; at < mixed + sizeof mixed / sizeof *mixed; at++) {
        struct arena_region regions[] = {{0x20000000, at->bytes}, {0x20004000, at->more_bytes}};
        struct simulator_arena arena = {.regions = regions,
                                        .region_count = at->more_bytes ? 2 : 1,
                                        .pointer_bytes = at->pointer_bytes,
                                        .align_bytes = at->align_bytes,
                                        .options = at->options};
        const struct simulator *simulator = simulator_find(at->name);
        void *heap = simulator_begin(simulator, &arena, NULL);
        assert_non_null(heap);
        struct mixed got = mixed_run(simulator, heap, regions[0].base, !at->more_bytes);
        if (got.hash != at->hash)
            print_error("%s %s, %u bytes of a pointer\n", at->name, at->options ? at->options : "", at->pointer_bytes);
        assert_int_equal(got.hash, at->hash);
        assert_int_equal(got.calls, at->calls);
        assert_int_equal(got.fails, at->fails);
        simulator->end(heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vectors_are_equal),
        cmocka_unit_test(mixed_vectors_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
