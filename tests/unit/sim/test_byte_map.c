/* test_byte_map: on random heaps of every model live blocks never overlap, every byte is told once, and the sums are those of a map of all bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/sim/simulator.h"

enum { SLOTS = 150, STEPS = 4000, LIVE = 128 /* a caller has the byte */, MOST_BYTES = 1 << 20 };

struct heap {
    const struct simulator *simulator;
    void *heap;
    struct arena_region regions[2];
    size_t region_count;
    uint8_t *map; /* of all bytes from the first region's start */
    uint64_t blocks[SLOTS];
    uint32_t seed;
    bool keeps_alignment;
};

static uint32_t draw(struct heap *heap, uint32_t below)
{
    heap->seed = heap->seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)heap->seed * below >> 32);
}

static uint64_t usable_bytes(const struct heap *heap, uint64_t block)
{
    uint64_t taken = 0, usable = 0;
    heap->simulator->measure(heap->heap, block, &taken, &usable);
    assert_true(taken >= usable);
    return usable;
}

/* `mark`: LIVE or 0; every byte of the block had the other. */
static void block_mark(struct heap *heap, uint64_t block, uint8_t mark)
{
    uint64_t bytes = usable_bytes(heap, block), at = block - heap->regions[0].base;
    assert_true(at + bytes <= MOST_BYTES);
    for (uint64_t i = at; i < at + bytes; i++) {
        assert_int_equal(heap->map[i] & LIVE, mark ? 0 : LIVE);
        heap->map[i] = mark;
    }
}

static void piece_mark(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind)
{
    struct heap *heap = context;
    uint64_t at = address - heap->regions[0].base;
    assert_true(bytes > 0 && at + bytes <= MOST_BYTES);
    for (uint64_t i = at; i < at + bytes; i++) {
        assert_int_equal(heap->map[i] & ~LIVE, 0);
        heap->map[i] |= (uint8_t)kind;
    }
}

static void compare(struct heap *heap)
{
    uint64_t counts[4] = {0}, live = 0, blocks = 0;
    bool keeps_sizes = strcmp(heap->simulator->name, "heap_1");
    struct arena_use use;
    heap->simulator->walk(heap->heap, piece_mark, heap);
    heap->simulator->use(heap->heap, &use);
    for (uint64_t i = 0; i < MOST_BYTES; i++) {
        counts[heap->map[i] & ~LIVE]++;
        live += heap->map[i] >= LIVE;
        if (heap->map[i] >= LIVE)
            assert_int_equal(heap->map[i] & ~LIVE, ARENA_USED);
        heap->map[i] &= LIVE;
    }
    for (int i = 0; i < SLOTS; i++)
        blocks += heap->blocks[i] != 0;
    assert_int_equal(use.used, counts[ARENA_USED]);
    assert_int_equal(use.free, counts[ARENA_FREE]);
    assert_int_equal(use.overhead, counts[ARENA_OVERHEAD]);
    assert_int_equal(use.total, use.used + use.free + use.overhead);
    if (keeps_sizes) {
        assert_int_equal(use.used, live);
        assert_int_equal(use.blocks, blocks);
    }
}

static void slot_resize(struct heap *heap, uint64_t *block, uint64_t size)
{
    uint64_t old = usable_bytes(heap, *block);
    block_mark(heap, *block, 0);
    uint64_t to = heap->simulator->resize(heap->heap, *block, size);
    if (to)
        assert_true(usable_bytes(heap, to) >= size);
    else
        assert_int_equal(usable_bytes(heap, *block), old);
    *block = to ? to : *block;
    block_mark(heap, *block, LIVE);
}

static void step(struct heap *heap)
{
    uint64_t *block = &heap->blocks[draw(heap, SLOTS)], size = 4 + draw(heap, draw(heap, 8) ? 200 : 3000);
    if (*block && heap->simulator->resize && !draw(heap, 3)) {
        slot_resize(heap, block, size);
    } else if (*block) {
        block_mark(heap, *block, 0);
        heap->simulator->free(heap->heap, *block);
        *block = 0;
    } else {
        uint64_t align = draw(heap, 6) ? 0 : UINT64_C(1) << draw(heap, 10);
        *block = heap->simulator->alloc(heap->heap, size, align);
        if (*block && align && heap->keeps_alignment)
            assert_int_equal(*block & (align - 1), 0);
        if (*block)
            block_mark(heap, *block, LIVE);
    }
}

static void model_run(const struct simulator *simulator, const char *options, uint32_t pointer_bytes, uint32_t seed)
{
    struct heap heap = {.simulator = simulator, .seed = seed, .region_count = simulator->most_regions > 1 && !simulator->grows ? 2 : 1, .map = calloc(1, MOST_BYTES)};
    uint64_t base = pointer_bytes == 2 ? 0x100 : 0x20000000, bytes = simulator->grows && pointer_bytes > 2 ? MOST_BYTES : 30000 + seed * 64;
    heap.regions[0] = (struct arena_region){base, bytes};
    heap.regions[1] = (struct arena_region){base + 33792, 20000};
    struct simulator_arena arena = {
        .regions = heap.regions, .region_count = heap.region_count, .pointer_bytes = pointer_bytes, .unit_bytes = 256, .options = options};
    struct error error = {0};
    /* ESP-IDF's of 64 bits, which runs on no chip, fails to align where it cannot split off what lies before; so does the model. */
    heap.keeps_alignment = strcmp(simulator->name, "tlsf-esp") || pointer_bytes == 4;
    heap.heap = simulator_begin(simulator, &arena, &error);
    if (!heap.heap)
        print_error("%s %s: %s\n", simulator->name, options ? options : "", error.text);
    assert_non_null(heap.heap);
    for (int i = 0; i < STEPS; i++) {
        step(&heap);
        if (i % 499 == 0)
            compare(&heap);
    }
    compare(&heap);
    struct arena_use use;
    simulator->use(heap.heap, &use);
    if (use.largest)
        assert_int_not_equal(simulator->alloc(heap.heap, use.largest, 0), 0);
    simulator->end(heap.heap);
    free(heap.map);
}

static void every_model_is_its_byte_map(void **state)
{
    (void)state;
    /* Those of C libraries have tests of their own for their other pointers. */
    for (const struct simulator *const *at = simulators; *at; at++) {
        uint32_t pointers = (*at)->pointers && !(*at)->grows ? (*at)->pointers : (*at)->pointer_bytes;
        for (uint32_t bytes = 2; bytes <= 8; bytes *= 2)
            for (uint32_t seed = 1; pointers & bytes && seed < 3; seed++)
                model_run(*at, NULL, bytes, seed);
    }
}

static void so_it_is_with_options(void **state)
{
    (void)state;
    static const char *const options[][2] = {{"tlsf-esp", "poisoning=light"},
                                             {"tlsf-esp", "poisoning=comprehensive,tracking"},
                                             {"tlsf-esp", "tracking,external=2,internal-limit=100"},
                                             {"sys_heap", "k_malloc,stats"},
                                             {"sys_heap", "loops=1"},
                                             {"umm", "body=16"},
                                             {"umm-first", "body=64"},
                                             {"heap_3", "libc=picolibc"},
                                             {"heap_5", "protector"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        model_run(simulator_find(options[i][0]), options[i][1], 4, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_is_its_byte_map),
        cmocka_unit_test(so_it_is_with_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
