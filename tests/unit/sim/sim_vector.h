/* sim_vector: in a model, an arena and a count of slots, out what the golden workload gives: random mallocs and frees of a fixed generator, and a hash of addresses. */
#ifndef TESTS_UNIT_SIM_SIM_VECTOR_H
#define TESTS_UNIT_SIM_SIM_VECTOR_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/sim/simulator.h"

struct sim_vector {
    uint32_t hash, allocs, fails, largest;
    uint64_t live;
};

enum { SIM_VECTOR_STEPS = 2000 };

static inline uint32_t sim_vector_draw(uint32_t *x)
{
    *x = (*x * 1103515245u + 12345) & 0x7fffffff;
    return *x >> 16;
}

/* The greatest request that is granted, found as the real ones were asked. */
static inline uint32_t sim_vector_largest(const struct simulator *simulator, void *heap)
{
    uint32_t low = 0, high = 65536;
    while (low < high) {
        uint32_t middle = (low + high + 1) / 2;
        uint64_t block = simulator->alloc(heap, middle, 0);
        if (block) {
            simulator->free(heap, block);
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

struct sim_cover {
    uint64_t next, used, free, overhead;
    bool grows;
};

static inline void sim_cover_piece(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind)
{
    struct sim_cover *cover = context;
    assert_true(bytes > 0);
    /* Between a break and mappings there may be holes. */
    if (cover->next && (address < cover->next || !cover->grows))
        assert_int_equal(address, cover->next);
    cover->next = address + bytes;
    *(kind == ARENA_USED ? &cover->used : kind == ARENA_FREE ? &cover->free : &cover->overhead) += bytes;
}

/* Every byte is told once, and the sums are those of use(). */
static inline void sim_cover_check(const struct simulator *simulator, const void *heap)
{
    struct sim_cover cover = {.grows = simulator->grows};
    struct arena_use use;
    simulator->walk(heap, sim_cover_piece, &cover);
    simulator->use(heap, &use);
    assert_int_equal(use.used, cover.used);
    assert_int_equal(use.free, cover.free);
    assert_int_equal(use.overhead, cover.overhead);
    assert_int_equal(use.used + use.free + use.overhead, use.total);
}

static inline struct sim_vector sim_vector_run(const char *name, const struct simulator_arena *arena, uint32_t slots, uint32_t sizes, uint32_t pointer_mask)
{
    const struct simulator *simulator = simulator_find(name);
    assert_non_null(simulator);
    struct error error = {0};
    void *heap = simulator_begin(simulator, arena, &error);
    assert_non_null(heap);
    uint64_t blocks[64] = {0}, asked[64] = {0}, first = 0;
    struct sim_vector vector = {.hash = 2166136261u};
    uint32_t x = 1;
    for (int step = 0; step < SIM_VECTOR_STEPS; step++) {
        uint32_t slot = sim_vector_draw(&x) % slots;
        if (blocks[slot]) {
            simulator->free(heap, blocks[slot]);
            blocks[slot] = 0;
            vector.live -= asked[slot];
        } else {
            asked[slot] = 1 + sim_vector_draw(&x) % sizes;
            blocks[slot] = simulator->alloc(heap, asked[slot], 0);
            first = first ? first : blocks[slot];
            vector.hash = (vector.hash ^ (blocks[slot] ? (uint32_t)(blocks[slot] - first) & pointer_mask : 0xffffffff)) * 16777619u;
            vector.allocs++;
            vector.fails += !blocks[slot];
            vector.live += blocks[slot] ? asked[slot] : 0;
        }
        if (step % 100 == 0)
            sim_cover_check(simulator, heap);
    }
    if (!simulator->grows)
        vector.largest = sim_vector_largest(simulator, heap);
    simulator->end(heap);
    return vector;
}

#endif
