/* phase: a mark may come after the blocks that it matters for, so all that live on are kept until the end, by stack and time of birth. */
#include "phase.h"

#include <string.h>

#include "host/base/memory.h"

static bool phase_is_asked(const struct phase *phase)
{
    return phase->since || phase->between;
}

void phase_begin(struct phase *phase, const struct model *model, const char *since, const char *between)
{
    *phase = (struct phase){.model = model, .since = since, .between = between};
}

/* Blocks of one stack that were born in the same millisecond are told apart by nobody here. */
static void phase_add(void *context, const struct block *block)
{
    struct phase *phase = context;
    size_t count;
    uint32_t stack = model_sites(phase->model, &count)[block->site].stack;
    *map_put(&phase->births, (uint64_t)stack << 32 | (uint32_t)(block->birth_ns / 1000000), NULL) = block->birth_ns;
}

void phase_see(struct phase *phase, const struct changes *changes)
{
    for (size_t i = 0; phase_is_asked(phase) && i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            phase_add(phase, &changes->rare[i]->block);
}

/* The first mark of that label, of `count` bytes. */
static bool find_mark(const struct phase *phase, const char *label, size_t length, uint64_t *time_ns, struct error *error)
{
    size_t count;
    const struct mark *marks = model_marks(phase->model, &count);
    for (size_t i = 0; i < count; i++)
        if (strlen(marks[i].label) == length && !memcmp(marks[i].label, label, length)) {
            *time_ns = marks[i].time_ns;
            return true;
        }
    return error_set(error, ERROR_USAGE, "the trace has no mark '%.*s'; 'heaptracer analyze -t marks' lists them", (int)length, label);
}

static bool find_range(struct phase *phase, struct error *error)
{
    phase->to_ns = UINT64_MAX;
    if (phase->since && !find_mark(phase, phase->since, strlen(phase->since), &phase->from_ns, error))
        return false;
    if (!phase->between)
        return true;
    size_t comma = strcspn(phase->between, ",");
    if (!phase->between[comma])
        return error_set(error, ERROR_USAGE, "--between: write two marks, like --between loaded,done");
    return find_mark(phase, phase->between, comma, &phase->from_ns, error) &&
           find_mark(phase, phase->between + comma + 1, strlen(phase->between + comma + 1), &phase->to_ns, error);
}

bool phase_end(struct phase *phase, struct error *error)
{
    if (!phase_is_asked(phase))
        return true;
    if (!find_range(phase, error))
        return false;
    model_each_block(phase->model, phase_add, phase);
    for (size_t i = 0; i < phase->births.room; i++) {
        const struct map_entry *entry = phase->births.at + i;
        if (entry->key && entry->value >= phase->from_ns && entry->value < phase->to_ns)
            *map_put(&phase->stacks, entry->key >> 32, NULL) = 1;
    }
    return true;
}

bool phase_has(const struct phase *phase, uint32_t stack)
{
    return !phase_is_asked(phase) || map_get(&phase->stacks, stack);
}

void phase_done(struct phase *phase)
{
    map_done(&phase->births);
    map_done(&phase->stacks);
}
