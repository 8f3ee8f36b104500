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

uint64_t simulator_option(const struct simulator_arena *arena, const char *name, uint64_t otherwise)
{
    size_t bytes = strlen(name);
    for (const char *at = arena->options; at && *at; at += strcspn(at, ","), at += *at == ',') {
        if (strncmp(at, name, bytes))
            continue;
        if (at[bytes] == '=')
            return strtoull(at + bytes + 1, NULL, 0);
        if (!at[bytes] || at[bytes] == ',')
            return 1;
    }
    return otherwise;
}
