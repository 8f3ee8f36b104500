/* reach: blocks in this very process, whose pointers are laid out by hand; classes, owners and chains come out as they must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/reach/chain.h"
#include "host/reach/mark.h"

enum { BLOCKS = 12, BYTES = 64 };

struct heap {
    char *bytes; /* that are no root */
    struct reach_block blocks[BLOCKS];
    void **root; /* a page that is one */
    struct window window;
    struct mappings mappings;
    struct roots roots;
    struct lookup *lookup;
    struct edges edges;
    struct mark mark;
    struct roots_config config;
};

static void **word(struct heap *heap, int block, int number)
{
    return (void **)(void *)(heap->bytes + block * BYTES) + number;
}

static void heap_begin(struct heap *heap)
{
    *heap = (struct heap){.bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
    heap->root = (void **)(void *)(heap->bytes + 4096);
    for (int i = 0; i < BLOCKS; i++)
        heap->blocks[i] = (struct reach_block){.address = (uint64_t)(uintptr_t)(heap->bytes + i * BYTES), .size = BYTES};
}

static void heap_mark(struct heap *heap)
{
    uint64_t root = (uint64_t)(uintptr_t)heap->root;
    assert_int_equal(lookup_sort(heap->blocks, BLOCKS), BLOCKS);
    heap->lookup = lookup_new(heap->blocks, BLOCKS);
    window_init(&heap->window, getpid(), -1, -1);
    vec_push(&heap->mappings.at, ((struct mapping){root, root + 4096, true, true, false, "", "/lib/x.so"}));
    vec_push(&heap->roots.at, ((struct root){root, root + 4096, ROOT_MODULE, false, 0}));
    heap->config = (struct roots_config){.mappings = &heap->mappings, .lookup = heap->lookup, .session = "", .pointer_bytes = 8};
    edges_find(&heap->edges, heap->lookup, &(struct edges_config){8, false, 0, &heap->roots, &heap->config}, &heap->window);
    mark_run(&heap->mark, &heap->edges, &heap->window, &heap->mappings);
}

static void heap_end(struct heap *heap)
{
    mark_done(&heap->mark);
    edges_done(&heap->edges);
    lookup_free(heap->lookup);
    window_done(&heap->window);
    roots_done(&heap->roots);
    mappings_done(&heap->mappings);
    munmap(heap->bytes, 8192);
}

static void pointers_give_classes(void **state)
{
    (void)state;
    struct heap heap;
    heap_begin(&heap);
    heap.root[3] = word(&heap, 0, 0);
    *word(&heap, 0, 1) = word(&heap, 1, 0);
    *word(&heap, 1, 2) = word(&heap, 2, 5); /* into it */
    *word(&heap, 3, 0) = word(&heap, 4, 0); /* lost */
    *word(&heap, 4, 0) = word(&heap, 3, 0);
    *word(&heap, 5, 0) = word(&heap, 3, 0);
    *word(&heap, 5, 7) = word(&heap, 0, 0); /* a lost block keeps nothing alive, and points where it likes */
    heap_mark(&heap);
    const uint8_t wanted[] = {CLASS_REACHABLE, CLASS_REACHABLE, CLASS_POSSIBLE, CLASS_INDIRECT, CLASS_INDIRECT, CLASS_DIRECT, CLASS_DIRECT};
    for (size_t i = 0; i < sizeof wanted; i++)
        assert_int_equal(heap.mark.class[i], wanted[i]);
    assert_int_equal(heap.mark.owner[4], 5);
    assert_int_equal(heap.mark.retained_bytes[5], 2 * BYTES);
    assert_int_equal(heap.mark.cycle[3], 2);
    assert_int_equal(heap.mark.cycle[5], 0);
    heap_end(&heap);
}

static void a_circle_alone_has_one_owner(void **state)
{
    (void)state;
    struct heap heap;
    heap_begin(&heap);
    for (int i = 0; i < BLOCKS; i++)
        *word(&heap, i, 0) = word(&heap, (i + 1) % BLOCKS, 0);
    heap_mark(&heap);
    for (int i = 0; i < BLOCKS; i++) {
        assert_int_equal(heap.mark.class[i], i ? CLASS_INDIRECT : CLASS_DIRECT);
        assert_int_equal(heap.mark.cycle[i], BLOCKS);
    }
    assert_int_equal(heap.mark.retained_count[0], BLOCKS - 1);
    heap_end(&heap);
}

static void chains_begin_at_a_root(void **state)
{
    (void)state;
    struct heap heap;
    struct str out = {0};
    char wanted[200];
    heap_begin(&heap);
    heap.root[1] = word(&heap, 7, 0);
    *word(&heap, 7, 0) = word(&heap, 6, 0);
    heap_mark(&heap);
    chain_put(&(struct chain_context){&heap.edges, &heap.mark, &heap.roots, &heap.config}, 6, &out);
    snprintf(wanted, sizeof wanted, "x.so 0x%llx > 0x%llx (64 bytes)", (unsigned long long)(uintptr_t)(heap.root + 1), (unsigned long long)heap.blocks[7].address);
    assert_string_equal(str_text(&out), wanted);
    str_done(&out);
    heap_end(&heap);
}

/* Whatever blocks there are, the search of the index is that of a list. */
static void lookup_is_as_a_list(void **state)
{
    (void)state;
    enum { COUNT = 3000, TRIES = 20000 };
    static struct reach_block blocks[COUNT];
    uint64_t dice = 88172645463325252u;
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < COUNT; i++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            uint64_t size = dice >> 60 ? dice >> 40 & 255 : dice >> 30 & 0x7FFFFF;
            blocks[i] = (struct reach_block){.address = 0x7f0000000000 + (dice & (round % 2 ? 0xFFFFFF8 : 0xFFFFFF0)), .size = size};
        }
        uint32_t count = lookup_sort(blocks, COUNT);
        struct lookup *lookup = lookup_new(blocks, count);
        for (int i = 0; i < TRIES; i++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            uint64_t address = i % 3 ? lookup->low + dice % lookup->span : blocks[dice % count].address + (dice >> 62);
            uint32_t number = 0, wanted = UINT32_MAX;
            for (uint32_t b = 0; b < count && blocks[b].address <= address; b++)
                if (address == blocks[b].address || address - blocks[b].address < blocks[b].size)
                    wanted = b;
            enum lookup_found found = address - lookup->low < lookup->span ? lookup_find(lookup, address, &number) : LOOKUP_NOTHING;
            assert_int_equal(found, wanted == UINT32_MAX ? LOOKUP_NOTHING : blocks[wanted].address == address ? LOOKUP_START : LOOKUP_INSIDE);
            if (found != LOOKUP_NOTHING)
                assert_int_equal(number, wanted);
        }
        lookup_free(lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pointers_give_classes), cmocka_unit_test(a_circle_alone_has_one_owner),
                                       cmocka_unit_test(chains_begin_at_a_root), cmocka_unit_test(lookup_is_as_a_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
