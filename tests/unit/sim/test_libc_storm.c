/* test_libc_storm: random requests, some of them absurd, and of threads that come and go, to each model of a C library: blocks never overlap, are as large and aligned as
 * was asked, every byte of the arena is told once, and what is named the largest request is granted. */
#include "sim_vector.h"

enum { SLOTS = 120, EVENTS = 12000, CHECK_EACH = 240 };

struct storm {
    const struct simulator *simulator;
    struct simulator_arena arena;
    void *heap;
    uint64_t blocks[SLOTS], bytes[SLOTS];
    uint32_t random, threads; /* threads: that live at once; the last ones */
};

static uint32_t draw(struct storm *storm, uint32_t below)
{
    storm->random ^= storm->random << 13;
    storm->random ^= storm->random >> 17;
    storm->random ^= storm->random << 5;
    return (storm->random >> 3) % below;
}

static uint64_t draw_size(struct storm *storm)
{
    static const uint64_t absurd[] = {0, UINT64_MAX, UINT64_MAX - 15, UINT64_C(1) << 63, UINT64_C(1) << 32, 0xffffffff, 0xfffffff0, 0x80000000, 0x7fffffff, 0xffff, 0xfffe, 0x8000};
    uint32_t dice = draw(storm, 100);
    if (dice < 3)
        return absurd[draw(storm, sizeof absurd / sizeof *absurd)];
    return 1 + draw(storm, dice < 60 ? 80 : dice < 90 ? 600 : dice < 98 ? 5000 : 300000);
}

static void check_block(struct storm *storm, unsigned slot, uint64_t size, uint64_t align)
{
    uint64_t block = storm->blocks[slot], taken, usable, end;
    storm->simulator->measure(storm->heap, block, &taken, &usable);
    end = block + usable;
    assert_true(usable >= size && taken >= usable);
    assert_true(!align || block % align == 0);
    bool inside = false;
    for (size_t i = 0; i < storm->arena.region_count; i++)
        inside |= block >= storm->arena.regions[i].base && end <= storm->arena.regions[i].base + storm->arena.regions[i].bytes;
    assert_true(inside);
    for (unsigned other = 0; other < SLOTS; other++) {
        if (other != slot && storm->blocks[other] && block < storm->blocks[other] + storm->bytes[other] && storm->blocks[other] < end)
            fail_msg("%s: %llx and %llx overlap", storm->simulator->name, (unsigned long long)block, (unsigned long long)storm->blocks[other]);
    }
    storm->bytes[slot] = usable;
}

static void fill(struct storm *storm, unsigned slot)
{
    uint64_t size = draw_size(storm), align = storm->simulator->aligns && !draw(storm, 8) ? UINT64_C(1) << draw(storm, 14) : 0;
    bool clears = !align && storm->simulator->calloc && !draw(storm, 8);
    storm->blocks[slot] = clears ? storm->simulator->calloc(storm->heap, size) : storm->simulator->alloc(storm->heap, size, align);
    if (storm->blocks[slot])
        check_block(storm, slot, size, align);
}

static void change(struct storm *storm, unsigned slot)
{
    if (draw(storm, 3)) {
        storm->simulator->free(storm->heap, storm->blocks[slot]);
        storm->blocks[slot] = 0;
        return;
    }
    uint64_t size = draw_size(storm), block;
    /* An AVR's heap is spoilt by 1, and by what wraps round its address space. */
    if (size < 2 || (size > 0x7fff && storm->arena.pointer_bytes == 2))
        size = 2;
    block = storm->simulator->resize(storm->heap, storm->blocks[slot], size);
    if (block) {
        storm->blocks[slot] = block;
        check_block(storm, slot, 2, 0);
    }
}

static void check_largest(const struct storm *storm)
{
    struct arena_use use;
    storm->simulator->use(storm->heap, &use);
    uint64_t block = use.largest ? storm->simulator->alloc(storm->heap, use.largest, 0) : 0;
    if (use.largest && !block)
        fail_msg("%s of %u bits: refuses %llu bytes", storm->simulator->name, storm->arena.pointer_bytes * 8, (unsigned long long)use.largest);
    if (block)
        storm->simulator->free(storm->heap, block);
}

/* Of one in 64 requests the oldest thread ends, though it may never have asked. */
static void thread_choose(struct storm *storm, uint32_t *first)
{
    if (!draw(storm, 64))
        storm->simulator->thread_end(storm->heap, (*first)++);
    storm->simulator->thread(storm->heap, *first + draw(storm, storm->threads));
}

static void threads_storm_run(const char *name, uint32_t threads, uint32_t pointer_bytes, uint32_t align_bytes, const char *options, const struct arena_region *regions,
                              size_t region_count)
{
    struct storm storm = {.simulator = simulator_find(name), .random = 77, .threads = threads};
    uint32_t first_thread = 0;
    storm.arena = (struct simulator_arena){.regions = regions, .region_count = region_count, .pointer_bytes = pointer_bytes, .align_bytes = align_bytes, .options = options};
    struct error error = {0};
    storm.heap = simulator_begin(storm.simulator, &storm.arena, &error);
    if (!storm.heap)
        fail_msg("%s", error.text);
    for (unsigned event = 0; event < EVENTS; event++) {
        if (threads)
            thread_choose(&storm, &first_thread);
        unsigned slot = draw(&storm, event / 1024 % 2 ? SLOTS / 4 : SLOTS);
        if (storm.blocks[slot])
            change(&storm, slot);
        else
            fill(&storm, slot);
        if (event % CHECK_EACH == 0) {
            sim_cover_check(storm.simulator, storm.heap);
            if (!threads)
                check_largest(&storm);
        }
    }
    storm.simulator->end(storm.heap);
}

static void storm_run(const char *name, uint32_t pointer_bytes, uint32_t align_bytes, const char *options, const struct arena_region *regions, size_t region_count)
{
    threads_storm_run(name, 0, pointer_bytes, align_bytes, options, regions, region_count);
}

static void boards_hold(void **state)
{
    (void)state;
    static const struct arena_region board[] = {{0x20000123, 60001}}, avr[] = {{0x21c, 7000}};
    storm_run("avr-libc", 2, 0, NULL, avr, 1);
    storm_run("newlib-nano", 4, 0, NULL, board, 1);
    storm_run("newlib-nano", 8, 0, NULL, board, 1);
    storm_run("newlib", 4, 0, NULL, board, 1);
    storm_run("newlib", 8, 0, "page=128", board, 1);
    storm_run("picolibc-1.8", 4, 0, NULL, board, 1);
    storm_run("picolibc-1.8", 8, 0, NULL, board, 1);
    storm_run("picolibc", 4, 0, NULL, board, 1);
    storm_run("picolibc", 4, 16, "buckets=128", board, 1);
    storm_run("picolibc", 8, 0, "buckets=1024", board, 1);
}

static void processes_hold(void **state)
{
    (void)state;
    static const struct arena_region process[] = {{0x555555559000, 1 << 30}, {0x7f0000000000, 1 << 30}};
    static const struct arena_region few[] = {{0x8049010, 900001}}, small[] = {{0x8049000, 1 << 20}, {0xf0000000, 5 << 20}};
    storm_run("glibc", 8, 0, NULL, process, 2);
    storm_run("glibc", 8, 0, "mmap_threshold=4096,top_pad=0,trim_threshold=8192,mmap_max=9", process, 2);
    storm_run("glibc", 8, 0, "tcache_count=0,mxfast=0", few, 1);
    storm_run("glibc", 4, 0, NULL, few, 1);
    storm_run("glibc", 4, 8, NULL, small, 2);
    storm_run("glibc", 4, 0, "tcache_max=64,mxfast=80,tcache_unsorted_limit=1", small, 2);
}

static void threads_hold(void **state)
{
    (void)state;
    static const struct arena_region process[] = {{0x555555559000, 1 << 30}, {0x7f0000000000, 1 << 30}};
    static const struct arena_region few[] = {{0x8049010, 5000001}}, small[] = {{0x8049000, 1 << 20}, {0xf0000000, 5 << 20}};
    threads_storm_run("glibc", 1, 8, 0, NULL, process, 2);
    threads_storm_run("glibc", 12, 8, 0, "cores=1", process, 2);
    threads_storm_run("glibc", 12, 8, 0, "mmap_threshold=33554432,arena_max=5", process, 2);
    threads_storm_run("glibc", 5, 4, 0, "mmap_threshold=524288", few, 1);
    threads_storm_run("glibc", 5, 4, 8, NULL, small, 2);
    threads_storm_run("glibc", 40, 4, 0, "tcache_count=0,mxfast=0", small, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_hold),
        cmocka_unit_test(boards_hold),
        cmocka_unit_test(processes_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
