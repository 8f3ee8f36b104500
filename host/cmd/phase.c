/* phase: a mark may come after the blocks that it matters for, so all that live on are kept until the end, by stack and time of birth. */
#include "phase.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/memory.h"

static bool phase_is_asked(const struct phase *phase)
{
    return phase->since || phase->between || phase->iteration;
}

void phase_begin(struct phase *phase, const struct model *model, const char *since, const char *between, const char *iteration)
{
    *phase = (struct phase){.model = model, .since = since, .between = between, .iteration = iteration};
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

/* The nth mark of that label, of `length` bytes, from 1 on; NULL: there are fewer. */
static const struct mark *nth_mark(const struct phase *phase, const char *label, size_t length, uint64_t n)
{
    size_t count;
    const struct mark *marks = model_marks(phase->model, &count);
    for (size_t i = 0; i < count; i++)
        if (strlen(marks[i].label) == length && !memcmp(marks[i].label, label, length) && !--n)
            return marks + i;
    return NULL;
}

/* The text, of `length` bytes, may be a label, or a label, '#' and a number: *label and *n get these. */
static void take_number(const char *text, size_t length, size_t *label, uint64_t *n)
{
    size_t digits = 0;
    while (digits < length && text[length - 1 - digits] >= '0' && text[length - 1 - digits] <= '9')
        digits++;
    bool has_number = digits && digits < 10 && length > digits + 1 && text[length - 1 - digits] == '#';
    *label = has_number ? length - 1 - digits : length;
    *n = has_number ? strtoull(text + length - digits, NULL, 10) : 1;
}

static bool find_mark(const struct phase *phase, const char *text, size_t length, const struct mark **mark, struct error *error)
{
    size_t label;
    uint64_t n;
    take_number(text, length, &label, &n);
    *mark = nth_mark(phase, text, length, 1);
    *mark = *mark ? *mark : nth_mark(phase, text, label, n);
    return *mark || error_set(error, ERROR_USAGE, "the trace has no mark '%.*s'; 'heaptracer analyze -t marks' lists them", (int)length, text);
}

static bool find_time(const struct phase *phase, const char *text, size_t length, uint64_t *time_ns, struct error *error)
{
    const struct mark *mark;
    if (!find_mark(phase, text, length, &mark, error))
        return false;
    *time_ns = mark->time_ns;
    return true;
}

static bool find_iteration(struct phase *phase, struct error *error)
{
    size_t length = strlen(phase->iteration), count;
    const struct mark *mark, *marks = model_marks(phase->model, &count);
    if (!find_mark(phase, phase->iteration, length, &mark, error))
        return false;
    phase->from_ns = mark->time_ns;
    for (size_t i = (size_t)(mark - marks) + 1; i < count; i++)
        if (!strcmp(marks[i].label, mark->label)) {
            phase->to_ns = marks[i].time_ns;
            break;
        }
    return true;
}

static bool find_range(struct phase *phase, struct error *error)
{
    phase->to_ns = UINT64_MAX;
    if (phase->iteration)
        return find_iteration(phase, error);
    if (phase->since && !find_time(phase, phase->since, strlen(phase->since), &phase->from_ns, error))
        return false;
    if (!phase->between)
        return true;
    size_t comma = strcspn(phase->between, ",");
    if (!phase->between[comma])
        return error_set(error, ERROR_USAGE, "--between: write two marks, like --between loaded,done");
    return find_time(phase, phase->between, comma, &phase->from_ns, error) &&
           find_time(phase, phase->between + comma + 1, strlen(phase->between + comma + 1), &phase->to_ns, error);
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
