/* model: in an allocator's name, a plan and what a firmware or program said of the real one, out whether the model gives every address that the real one gave.
 * usage: model NAME PLAN POINTER_BYTES[:ALIGN] [OPTIONS [EVENT]] <SAID; with EVENT the model's answers from there on are printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/error.h"
#include "host/sim/simulator.h"

#include "plans.h"

static const struct simulator *simulator;
static const struct libc_plan *plan;
static void *heap;
static struct arena_region regions[2];
static uint32_t differences, checks, print_from = UINT32_MAX;

libc_block libc_alloc(uint32_t bytes)
{
    return simulator->alloc(heap, bytes, 0);
}

libc_block libc_calloc(uint32_t bytes)
{
    return simulator->calloc ? simulator->calloc(heap, bytes) : simulator->alloc(heap, bytes, 0);
}

libc_block libc_aligned(uint32_t bytes, uint32_t align)
{
    return simulator->alloc(heap, bytes, align);
}

libc_block libc_resize(libc_block block, uint32_t bytes)
{
    return simulator->resize(heap, block, bytes);
}

void libc_free(libc_block block)
{
    simulator->free(heap, block);
}

uint64_t libc_known(libc_block block)
{
    return regions[1].bytes && block >= regions[1].base ? UINT64_C(0xffffffffffff0000) | (block & 0xfff) : block;
}

void libc_each(uint32_t event, char kind, uint32_t bytes, uint64_t known)
{
    if (event >= print_from && event < print_from + LIBC_EACH)
        printf("%c %x %x %llx\n", kind, event, bytes, (unsigned long long)known);
}

/* The next line that begins with `word`. */
static bool line_read(const char *word, char *line, int bytes)
{
    while (fgets(line, bytes, stdin)) {
        if (!strncmp(line, word, strlen(word)))
            return true;
    }
    return false;
}

void libc_check(const struct libc_told *told)
{
    char line[256];
    struct libc_told real;
    if (!line_read("check", line, sizeof line) || sscanf(line, "check %x %x %x %x", &real.event, &real.hash, &real.answers, &real.refusals) != 4) {
        printf("what the real one said ends before event %u\n", told->event);
        exit(plan->least_events && told->event > plan->least_events ? 0 : 1);
    }
    checks++;
    if (memcmp(&real, told, sizeof real) && !differences++)
        printf("different up to event %u: the real one had %u refusals, the model %u\n", told->event, real.refusals, told->refusals);
    if (differences && print_from == UINT32_MAX)
        exit(1);
    if (!differences)
        printf("\r%u events, %u answers, %u refusals: all as the real one's  ", told->event, told->answers, told->refusals);
}

static void heap_begin(const char *pointer_bytes, const char *options)
{
    char line[256];
    unsigned long long start, end, map_start = 0, map_end = 0;
    if (!line_read("heap", line, sizeof line) || sscanf(line, "heap %llx %llx %llx %llx", &start, &end, &map_start, &map_end) < 2) {
        puts("the real one did not say where its heap is");
        exit(1);
    }
    regions[0] = (struct arena_region){start, end - start};
    regions[1] = (struct arena_region){map_start, map_end - map_start};
    const char *align = strchr(pointer_bytes, ':');
    struct simulator_arena arena = {.regions = regions, .region_count = regions[1].bytes ? 2 : 1, .options = options};
    arena.pointer_bytes = (uint32_t)atoi(pointer_bytes);
    arena.align_bytes = align ? (uint32_t)atoi(align + 1) : 0;
    struct error error = {0};
    heap = simulator_begin(simulator, &arena, &error);
    if (!heap) {
        puts(error.text);
        exit(1);
    }
}

int main(int count, char **words)
{
    static const struct libc_plan plans[] = LIBC_PLANS;
    simulator = count > 3 ? simulator_find(words[1]) : NULL;
    if (!simulator) {
        puts("usage: model NAME PLAN POINTER_BYTES[:ALIGN] [OPTIONS [EVENT]]");
        return 2;
    }
    if (count > 5)
        print_from = (uint32_t)strtoul(words[5], NULL, 0);
    plan = &plans[atoi(words[2])];
    heap_begin(words[3], count > 4 ? words[4] : NULL);
    libc_events(plan);
    putchar('\n');
    simulator->end(heap);
    return differences ? 1 : 0;
}
