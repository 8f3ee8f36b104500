/* test_glibc_walk: the walk through a heap that was made here, whole and damaged: sums are of all bytes, and nothing that is written there makes it run for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/heap/glibc_walk.h"

enum { TEXT = 0x10000, DATA = 0x20000, ARENA = DATA + 0x40, HEAP = 0x100000, HEAP_BYTES = 0x8000, IMAGE = HEAP + HEAP_BYTES };
enum { IN_USE = 1, FIRST_BIN = 112, TOP_AT = 96, FAST_AT = 16, NEXT_AT = 2160, SYSTEM_AT = 2184 };

static const char maps[] = "00010000-00011000 r--p 00000000 00:00 7 /usr/lib/libc.so.6\n"
                           "00020000-00022000 rw-p 00000000 00:00 7 /usr/lib/libc.so.6\n"
                           "00100000-00108000 rw-p 00000000 00:00 0 [heap]\n";

struct image {
    uint8_t bytes[IMAGE];
};

static void word_put(struct image *image, uint64_t at, uint64_t word)
{
    memcpy(image->bytes + at, &word, sizeof word);
}

/* A chunk, and in the next one whether it is free in a bin. */
static uint64_t chunk_put(struct image *image, uint64_t at, uint64_t bytes, bool before_used)
{
    word_put(image, at + 8, bytes | (before_used ? IN_USE : 0));
    return at + bytes;
}

static uint64_t bin_at(unsigned index)
{
    return ARENA + FIRST_BIN + 16 * index - 16;
}

/* One chunk of 0x500 in the unsorted list, one of 0x20 in a fast bin, three used, and the top. */
static void image_make(struct image *image)
{
    memset(image, 0, sizeof *image);
    strcpy((char *)image->bytes + TEXT + 100, "GNU C Library (Some GLIBC 2.36-9) stable release version 2.36.\n");
    for (unsigned i = 0; i < GLIBC_SHAPE_BINS; i++) {
        word_put(image, bin_at(i) + 16, bin_at(i));
        word_put(image, bin_at(i) + 24, bin_at(i));
    }
    uint64_t used = chunk_put(image, HEAP, 0x290, true), fast = chunk_put(image, used, 0x100, true), loose = chunk_put(image, fast, 0x20, true);
    uint64_t last = chunk_put(image, loose, 0x500, true), top = chunk_put(image, last, 0x40, false);
    chunk_put(image, top, HEAP + HEAP_BYTES - top, true);
    word_put(image, fast + 16, (fast + 16) >> 12);
    word_put(image, loose + 16, bin_at(0));
    word_put(image, loose + 24, bin_at(0));
    word_put(image, bin_at(0) + 16, loose);
    word_put(image, bin_at(0) + 24, loose);
    word_put(image, ARENA + FAST_AT, fast);
    word_put(image, ARENA + TOP_AT, top);
    word_put(image, ARENA + NEXT_AT, ARENA);
    word_put(image, ARENA + SYSTEM_AT, HEAP_BYTES);
}

static bool image_walk(const struct image *image, struct glibc_walk *walk, struct error *error)
{
    int file = memfd_create("image", MFD_CLOEXEC);
    assert_int_equal(write(file, image, sizeof *image), sizeof *image);
    struct heap_memory memory;
    struct glibc_place place;
    FILE *text = fmemopen((char *)(uintptr_t)maps, sizeof maps - 1, "r");
    heap_memory_begin(&memory, file, -1, 8);
    bool is_found = glibc_find(&memory, text, &place, error);
    if (is_found)
        glibc_walk_run(walk, &memory, &place);
    heap_memory_done(&memory);
    fclose(text);
    close(file);
    return is_found;
}

static uint64_t arena_sum(const struct heap_arena *arena)
{
    uint64_t bytes = arena->used.bytes + arena->own;
    for (int list = 0; list < LIST_COUNT; list++)
        bytes += arena->free[list].bytes;
    return bytes;
}

static void a_heap_is_what_it_was_made(void **state)
{
    (void)state;
    struct image *image = memory_new(1, sizeof *image);
    struct glibc_walk walk = {0};
    image_make(image);
    assert_true(image_walk(image, &walk, NULL));
    assert_int_equal(walk.arenas.count, 1);
    const struct heap_arena *arena = &walk.arenas.at[0];
    assert_int_equal(arena->address, ARENA);
    assert_int_equal(arena->used.count, 3);
    assert_int_equal(arena->used.bytes, 0x290 + 0x100 + 0x40);
    assert_int_equal(arena->free[LIST_FAST].bytes, 0x20);
    assert_int_equal(arena->free[LIST_UNSORTED].bytes, 0x500);
    assert_int_equal(arena->free[LIST_TOP].bytes, HEAP_BYTES - 0x290 - 0x100 - 0x20 - 0x500 - 0x40);
    assert_int_equal(arena->largest, arena->free[LIST_TOP].bytes);
    assert_int_equal(walk.odd, 0);
    assert_int_equal(arena_sum(arena), HEAP_BYTES);
    glibc_walk_done(&walk);
    memory_free(image);
}

static uint64_t odd_after(struct image *image, uint64_t at, uint64_t word)
{
    struct glibc_walk walk = {0};
    image_make(image);
    word_put(image, at, word);
    uint64_t odd = image_walk(image, &walk, NULL) ? walk.odd : UINT64_MAX;
    glibc_walk_done(&walk);
    return odd;
}

static void damage_is_counted(void **state)
{
    (void)state;
    struct image *image = memory_new(1, sizeof *image);
    const uint64_t fast = HEAP + 0x390, loose = fast + 0x20;
    assert_int_equal(odd_after(image, HEAP + 0x298, 0x107), 0);                             /* bits that are not looked at */
    assert_int_not_equal(odd_after(image, fast + 16, ((fast + 16) >> 12) ^ fast), 0);       /* a circle */
    assert_int_not_equal(odd_after(image, loose + 16, loose), 0);                           /* another */
    assert_int_not_equal(odd_after(image, HEAP + 0x298, 0xfffffffffffffff1), 0);            /* larger than all */
    assert_int_not_equal(odd_after(image, ARENA + NEXT_AT, DATA), 0);                       /* an arena that is none */
    assert_int_not_equal(odd_after(image, loose + 0x508, 0x41), 0);                         /* free, and the next says used */
    memory_free(image);
}

/* In the heap anywhere; in the arena where its fast bins and its top are, since a pair of bins that is none makes it unknown. */
static void noise_put(struct image *image, uint32_t *random)
{
    for (int i = 0; i < 24; i++) {
        *random = *random * 1103515245u + 12345u;
        uint64_t at = i % 12 ? HEAP + (*random >> 8) % 0x1000 : ARENA + FAST_AT + (*random >> 8) % 96;
        uint64_t word = i % 3 ? HEAP + (*random >> 4) % HEAP_BYTES : *random >> 12;
        word_put(image, at & ~(uint64_t)7, i % 5 ? word & ~(uint64_t)14 : UINT64_MAX - word);
    }
}

static void noise_ends(void **state)
{
    (void)state;
    struct image *image = memory_new(1, sizeof *image);
    uint32_t random = 1;
    unsigned walked = 0, odd = 0;
    for (int round = 0; round < 300; round++) {
        struct glibc_walk walk = {0};
        image_make(image);
        noise_put(image, &random);
        walked += image_walk(image, &walk, NULL);
        odd += walk.odd != 0;
        for (size_t i = 0; i < walk.arenas.count; i++)
            assert_int_equal(arena_sum(&walk.arenas.at[i]), walk.arenas.at[i].bytes);
        glibc_walk_done(&walk);
    }
    assert_true(walked > 200 && odd > 100);
    memory_free(image);
}

static void another_version_is_refused(void **state)
{
    (void)state;
    struct image *image = memory_new(1, sizeof *image);
    struct glibc_walk walk = {0};
    struct error error = {0};
    image_make(image);
    strcpy((char *)image->bytes + TEXT + 100, "GNU C Library (Some GLIBC) stable release version 2.99.\n");
    assert_false(image_walk(image, &walk, &error));
    assert_non_null(strstr(error.text, "glibc 2.99"));
    memory_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_is_what_it_was_made),
        cmocka_unit_test(damage_is_counted),
        cmocka_unit_test(noise_ends),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
