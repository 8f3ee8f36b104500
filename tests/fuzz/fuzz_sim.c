/* fuzz_sim: in any bytes as a model, an arena and requests, out nothing: live blocks lie in the arena and never overlap, and every byte of a small arena is told once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_bytes.h"
#include "host/sim/simulator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 48, MOST_WALKED = 1 << 20 };

struct run {
    const struct simulator *simulator;
    void *heap;
    struct arena_region regions[2];
    size_t region_count;
    struct { uint64_t at, bytes; } blocks[SLOTS];
    uint64_t told[4], next;
};

static uint8_t byte_of(struct fuzz_bytes *bytes)
{
    uint8_t byte = 0;
    fuzz_bytes_read(bytes, &byte, 1);
    return byte;
}

/* Small ones as a rule; but also those around each power of two, and 0. */
static uint64_t number_of(struct fuzz_bytes *bytes)
{
    uint8_t kind = byte_of(bytes), byte = byte_of(bytes);
    if (kind < 160)
        return 1 + byte + (kind & 3) * 200u;
    if (kind < 224)
        return (UINT64_C(1) << (kind & 63)) + byte - 128;
    return (uint64_t)byte << (kind & 31);
}

static void insist(bool holds, const struct run *run, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", run->simulator->name, what);
    abort();
}

static void piece_tell(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind)
{
    struct run *run = context;
    insist(bytes && (!run->next || address >= run->next), run, "a piece is empty or before the last");
    run->next = address + bytes;
    run->told[kind] += bytes;
}

static void sums_check(struct run *run)
{
    struct arena_use use;
    run->simulator->use(run->heap, &use);
    insist(use.used + use.free + use.overhead == use.total, run, "the sums are not the total");
    if (use.total > MOST_WALKED)
        return;
    memset(run->told, 0, sizeof run->told);
    run->next = 0;
    run->simulator->walk(run->heap, piece_tell, run);
    insist(use.used == run->told[ARENA_USED] && use.free == run->told[ARENA_FREE] && use.overhead == run->told[ARENA_OVERHEAD], run, "the sums are not those of the pieces");
}

/* avr-libc's realloc to 1 byte breaks its heap, and the model's with it. */
static void block_check(struct run *run, int slot, uint64_t at)
{
    uint64_t taken = 0, usable = 0;
    run->blocks[slot].at = at;
    if (!at)
        return;
    run->simulator->measure(run->heap, at, &taken, &usable);
    run->blocks[slot].bytes = usable;
    bool is_inside = false;
    for (size_t i = 0; i < run->region_count; i++)
        is_inside |= at >= run->regions[i].base && at - run->regions[i].base + usable <= run->regions[i].bytes;
    insist(is_inside, run, "a block lies outside");
    for (int i = 0; i < SLOTS && strcmp(run->simulator->name, "avr-libc"); i++)
        if (i != slot && run->blocks[i].at && run->blocks[i].at < at + usable && at < run->blocks[i].at + run->blocks[i].bytes)
            insist(false, run, "two blocks overlap");
}

static void step(struct run *run, struct fuzz_bytes *bytes)
{
    uint8_t slot = byte_of(bytes) % SLOTS, kind = byte_of(bytes);
    uint64_t at = run->blocks[slot].at;
    if (at && run->simulator->resize && kind & 1) {
        uint64_t size = number_of(bytes), to = run->simulator->resize(run->heap, at, size ? size : 1);
        block_check(run, slot, to ? to : at);
    } else if (at) {
        run->simulator->free(run->heap, at);
        run->blocks[slot].at = 0;
    } else {
        block_check(run, slot, run->simulator->alloc(run->heap, number_of(bytes), kind & 6 ? 0 : UINT64_C(1) << (kind >> 3)));
    }
}

static bool run_begin(struct run *run, struct fuzz_bytes *bytes)
{
    static const char *const options[] = {NULL, "poisoning=light,tracking", "poisoning=comprehensive", "k_malloc", "body=64", "loops=2", "external=2,internal-limit=50",
                                          "tracking", "stats,loops=1", "libc=picolibc", "=,,=1", "body=0", "libc", "protector"};
    size_t count = 0;
    while (simulators[count])
        count++;
    run->simulator = simulators[byte_of(bytes) % count];
    uint8_t shape = byte_of(bytes);
    const char *option = shape & 0x80 ? options[byte_of(bytes) % (sizeof options / sizeof *options)] : NULL;
    run->region_count = 1 + (shape & 1);
    uint64_t unit = number_of(bytes);
    for (size_t i = 0; i < 2; i++) {
        uint64_t base = number_of(bytes);
        run->regions[i] = (struct arena_region){base + (shape & 2 ? 0x20000000 + 0x100000 * i : 0), number_of(bytes) * (shape & 4 ? 64 : 1)};
    }
    struct simulator_arena arena = {.regions = run->regions,
                                    .region_count = run->region_count,
                                    .pointer_bytes = (shape >> 3 & 3) ? 1u << (shape >> 3 & 3) : 0,
                                    .align_bytes = shape & 0x20 ? 1u << (unit & 15) : 0,
                                    .unit_bytes = unit,
                                    .options = option};
    struct error error = {0};
    run->heap = simulator_begin(run->simulator, &arena, &error);
    insist(run->heap || error.kind == ERROR_USAGE, run, "an arena was refused without a sentence");
    return run->heap;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes bytes = {data, size};
    struct run run = {0};
    if (!run_begin(&run, &bytes))
        return 0;
    for (int i = 0; bytes.left; i++) {
        step(&run, &bytes);
        if (i % 64 == 0)
            sums_check(&run);
    }
    sums_check(&run);
    run.simulator->end(run.heap);
    return 0;
}
