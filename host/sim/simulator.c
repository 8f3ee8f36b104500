/* simulator: in simulator.def, out the list of models; and what several of them need. */
#include "simulator.h"

#include <stdlib.h>
#include <string.h>

#define SIMULATOR(name) extern const struct simulator simulator_##name;
#include "simulator.def"
#undef SIMULATOR

const struct simulator *const simulators[] = {
#define SIMULATOR(name) &simulator_##name,
#include "simulator.def"
#undef SIMULATOR
    NULL};

const struct simulator *simulator_find(const char *name)
{
    for (const struct simulator *const *at = simulators; *at; at++)
        if (!strcmp((*at)->name, name))
            return *at;
    return NULL;
}

/* What follows the option's name in "name=value,name": "=value,name" or ",name" or "". NULL: it is not there. */
static const char *option_find(const char *options, const char *name)
{
    size_t bytes = strlen(name);
    for (const char *at = options; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (!strncmp(at, name, bytes) && (!at[bytes] || at[bytes] == ',' || at[bytes] == '='))
            return at + bytes;
    return NULL;
}

uint64_t simulator_option(const struct simulator_arena *arena, const char *name, uint64_t otherwise)
{
    const char *at = option_find(arena->options, name);
    if (!at)
        return otherwise;
    return *at == '=' ? strtoull(at + 1, NULL, 0) : 1;
}

/* From 1: `value` among "word|word", which end at anything but a word. */
static uint32_t word_find(const char *words, const char *value, size_t bytes)
{
    for (uint32_t i = 1;; i++) {
        size_t word = strcspn(words, "|:");
        if (word == bytes && !strncmp(words, value, bytes))
            return i;
        if (words[word] != '|')
            return 0;
        words += word + 1;
    }
}

uint32_t simulator_option_word(const struct simulator_arena *arena, const char *name, const char *words)
{
    const char *at = option_find(arena->options, name);
    return at && *at == '=' ? word_find(words, at + 1, strcspn(at + 1, ",")) : 0;
}

/* What follows the name in the line of help that is of option `name`. */
static const char *help_find(const char *help, const char *name, size_t bytes)
{
    for (const char *at = help; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (!strncmp(at, name, bytes) && (at[bytes] == ':' || at[bytes] == '='))
            return at + bytes;
    return NULL;
}

static bool value_fits(const char *help, const char *value, size_t bytes)
{
    if (*help != '=')
        return !bytes;
    if (help[1] < 'A' || help[1] > 'Z')
        return bytes > 1 && word_find(help + 1, value + 1, bytes - 1);
    char *end = NULL;
    return bytes > 1 && value[1] >= '0' && value[1] <= '9' && (strtoull(value + 1, &end, 0), end == value + bytes);
}

static bool options_check(const struct simulator *simulator, const char *options, struct error *error)
{
    for (const char *at = options; at && *at; at += strcspn(at, ","), at += *at == ',') {
        size_t bytes = strcspn(at, "=,"), value = strcspn(at + bytes, ",");
        const char *help = help_find(simulator->option_help, at, bytes);
        if (!help)
            return error_set(error, ERROR_USAGE, "%s has no option '%.*s'; it has %s%s", simulator->name, (int)(bytes < 64 ? bytes : 64), at,
                             simulator->option_help ? "these:\n" : "none", simulator->option_help ? simulator->option_help : "");
        if (!value_fits(help, at + bytes, value))
            return error_set(error, ERROR_USAGE, "option '%.*s' of %s is not of the form %.*s%.*s", (int)(bytes + value < 64 ? bytes + value : 64), at, simulator->name,
                             (int)bytes, at, (int)strcspn(help, ":"), help);
    }
    return true;
}

static bool regions_check(const struct simulator *simulator, const struct simulator_arena *arena, struct error *error)
{
    uint64_t top = arena->pointer_bytes == 8 ? UINT64_C(1) << 62 : UINT64_C(1) << (8 * arena->pointer_bytes), past = 1;
    if (!arena->region_count || arena->region_count > simulator->most_regions)
        return error_set(error, ERROR_USAGE, "%s takes 1 to %u regions of memory, not %zu", simulator->name, simulator->most_regions, arena->region_count);
    for (const struct arena_region *region = arena->regions; region < arena->regions + arena->region_count; region++) {
        if (region->base < past || !region->bytes || region->base > top || region->bytes > top - region->base)
            return error_set(error, ERROR_USAGE,
                             "a region of 0x%llx bytes at 0x%llx cannot be: regions have some bytes, come in order of address without overlap, begin above 0 and end at 0x%llx at "
                             "the latest, as pointers have %u bytes",
                             (unsigned long long)region->bytes, (unsigned long long)region->base, (unsigned long long)top, arena->pointer_bytes);
        past = region->base + region->bytes;
    }
    return true;
}

void *simulator_begin(const struct simulator *simulator, const struct simulator_arena *arena, struct error *error)
{
    struct simulator_arena checked = *arena;
    uint32_t pointers = simulator->pointers ? simulator->pointers : simulator->pointer_bytes, align = arena->align_bytes;
    checked.pointer_bytes = arena->pointer_bytes ? arena->pointer_bytes : simulator->pointer_bytes;
    if ((checked.pointer_bytes & (checked.pointer_bytes - 1)) || !(checked.pointer_bytes & pointers))
        error_set(error, ERROR_USAGE, "%s cannot have pointers of %u bytes", simulator->name, checked.pointer_bytes);
    else if ((align & (align - 1)) || align > 4096)
        error_set(error, ERROR_USAGE, "%u is no alignment: those are powers of two up to 4096", align);
    else if (options_check(simulator, checked.options, error) && regions_check(simulator, &checked, error))
        return simulator->begin(&checked, error);
    return NULL;
}
