/* guard_errors: a victim that makes one memory error, or nearly. usage: guard_errors KIND [good]; without KIND it lists the kinds. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The compiler must not see through it. */
static void *hidden(void *block)
{
    void *volatile through = block;
    return through;
}

/* What is stored just before a free would be left out. */
static void fill(void *at, int value, size_t bytes)
{
    volatile char *to = at;
    while (bytes--)
        *to++ = (char)value;
}
static void put(void *at, int value)
{
    fill(at, value, 1);
}

static int bad; /* 0: the good variant */

static void overflow_by_one(void)
{
    char *block = hidden(malloc(10));
    put(&block[9 + bad], 'x');
    free(block);
}
static void overflow_terminator(void)
{
    char *block = hidden(malloc(16));
    fill(block, 'a', 16);
    put(&block[15 + bad], 0);
    free(block);
}
static void overflow_far(void)
{
    char *block = hidden(malloc(100));
    fill(block, 'b', 100 + 6 * (size_t)bad);
    free(block);
}
static void overflow_at_exit(void)
{
    char *block = hidden(malloc(33));
    put(&block[32 + bad], 1);
}
static void overflow_realloc(void)
{
    char *block = hidden(malloc(20));
    put(&block[19 + bad], 1);
    free(realloc(block, 50));
}
static void overflow_scan(void)
{
    static char *block;
    block = hidden(malloc(20));
    put(&block[19 + bad], 1);
    for (int i = 0; i < 3000; i++)
        free(hidden(malloc(24)));
    put(&block[20], block[21]);
    free(block);
}
static void overflow_aligned(void)
{
    char *block = hidden(aligned_alloc(64, 64));
    put(&block[63 + bad], 1);
    free(block);
}
static void overflow_calloc(void)
{
    int *block = hidden(calloc(5, sizeof *block));
    put(&block[4 + bad], 7);
    free(block);
}
static void underflow(void)
{
    char *block = hidden(malloc(40));
    put(&block[-bad], 'u');
    free(block);
}
static void underflow_far(void)
{
    uint64_t *block = hidden(malloc(40));
    put(&block[-2 * bad], 1);
    free(block);
}
static void double_free(void)
{
    void *block = hidden(malloc(24));
    free(block);
    if (bad)
        free(hidden(block));
}
static void wild_free_stack(void)
{
    char here[64] __attribute__((aligned(16))) = "";
    if (bad)
        free(hidden(here + 16));
}
static void wild_free_static(void)
{
    static char here[64] __attribute__((aligned(16)));
    if (bad)
        free(hidden(here + 32));
}
static void wild_free_nowhere(void)
{
    if (bad)
        free(hidden((void *)(uintptr_t)0xdeadbeef0));
}
static void interior_free(void)
{
    char *block = hidden(malloc(64));
    free(hidden(block + 16 * bad));
}
static void interior_free_odd(void)
{
    char *block = hidden(malloc(64));
    free(hidden(block + 3 * bad));
}
static void write_after_free(void)
{
    char *block = hidden(malloc(48));
    char *alias = hidden(block);
    if (!bad)
        put(&alias[5], 'w');
    free(block);
    if (bad)
        put(&alias[5], 'w');
}
static void write_after_free_leaves(void)
{
    char *block = hidden(malloc(1000));
    char *alias = hidden(block);
    free(block);
    if (bad)
        put(&alias[500], 'w');
    for (int i = 0; i < 40000; i++)
        free(hidden(malloc(1000)));
}
static void realloc_freed(void)
{
    char *block = hidden(malloc(48));
    if (bad)
        free(block);
    free(realloc(hidden(block), 100));
}
static void realloc_interior(void)
{
    char *block = hidden(malloc(64));
    block = realloc(hidden(block + 16 * bad), 100);
    free(block);
}
static void huge_size(void)
{
    volatile long size = bad ? -5 : 5;
    free(hidden(malloc((size_t)size)));
}
static void huge_calloc(void)
{
    volatile size_t count = bad ? SIZE_MAX / 2 : 4;
    free(hidden(calloc(count, 8)));
}
static void usable_size(void)
{
    char *block = hidden(malloc(13));
    fill(block, 1, malloc_usable_size(block) + (size_t)bad);
    free(block);
}

/* What only a guard page sees. */
static volatile char seen;
static void overread(void)
{
    char *block = hidden(malloc(64));
    fill(block, 1, 64);
    seen = block[63 + bad];
    free(block);
}
static void overread_string(void)
{
    char *block = hidden(malloc(10));
    fill(block, 'a', 10);
    if (!bad)
        put(&block[9], 0);
    seen = (char)strlen(block);
    free(block);
}
static void overwrite_skips(void)
{
    char *block = hidden(malloc(256));
    put(&block[255 + 33 * bad], 1);
    free(block);
}
static void underread(void)
{
    char *block = hidden(malloc(4096));
    fill(block, 1, 4096);
    seen = block[-bad];
    free(block);
}
static void read_after_free(void)
{
    char *block = hidden(malloc(300)), *alias = hidden(block);
    fill(block, 1, 300);
    seen = alias[200];
    free(block);
    if (bad)
        seen = alias[200];
}
static void read_after_realloc(void)
{
    char *block = hidden(malloc(300)), *alias = hidden(block);
    fill(block, 1, 300);
    char *moved = hidden(realloc(block, 100000));
    seen = (bad ? alias : moved)[7];
    free(moved);
}
static void read_large_after_free(void)
{
    char *block = hidden(malloc(500000)), *alias = hidden(block);
    fill(block, 1, 500000);
    free(block);
    if (bad)
        seen = alias[250000];
}

static const struct {
    const char *name;
    void (*run)(void);
} kinds[] = {
#define KIND(name) {#name, name}
    KIND(overflow_by_one), KIND(overflow_terminator), KIND(overflow_far), KIND(overflow_at_exit), KIND(overflow_realloc), KIND(overflow_scan),
    KIND(overflow_aligned), KIND(overflow_calloc), KIND(underflow), KIND(underflow_far), KIND(double_free), KIND(wild_free_stack), KIND(wild_free_static),
    KIND(wild_free_nowhere), KIND(interior_free), KIND(interior_free_odd), KIND(write_after_free), KIND(write_after_free_leaves), KIND(realloc_freed),
    KIND(realloc_interior), KIND(huge_size), KIND(huge_calloc), KIND(usable_size),
    KIND(overread), KIND(overread_string), KIND(overwrite_skips), KIND(underread), KIND(read_after_free), KIND(read_after_realloc), KIND(read_large_after_free),
};

int main(int argc, char **argv)
{
    bad = argc == 2;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (argc < 2)
            puts(kinds[i].name);
        else if (!strcmp(kinds[i].name, argv[1])) {
            kinds[i].run();
            puts("went on");
            return 0;
        }
    return argc > 1;
}
