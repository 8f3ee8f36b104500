/* place: one map of offsets per module. */
#include "place.h"

#include <string.h>

void places_init(struct places *places)
{
    *places = (struct places){0};
    vec_push(&places->modules, ((struct place_module){.path = ""}));
}

static bool module_is(const struct place_module *module, const char *path, const uint8_t *build_id, uint32_t build_id_bytes)
{
    return module->build_id_bytes == build_id_bytes && !memcmp(module->build_id, build_id, build_id_bytes) && !strcmp(module->path, path);
}

uint32_t places_module(struct places *places, const char *path, const uint8_t *build_id, uint32_t build_id_bytes)
{
    for (size_t i = 1; i < places->modules.count; i++)
        if (module_is(&places->modules.at[i], path, build_id, build_id_bytes))
            return (uint32_t)i;
    uint8_t *copy = arena_new(&places->arena, build_id_bytes + 1);
    memcpy(copy, build_id, build_id_bytes);
    vec_push(&places->modules,
             ((struct place_module){.path = arena_copy_text(&places->arena, path, strlen(path)), .build_id = copy, .build_id_bytes = build_id_bytes}));
    return (uint32_t)places->modules.count - 1;
}

uint32_t places_find(struct places *places, uint32_t module, uint64_t offset)
{
    bool is_new;
    uint64_t *id = map_put(&places->modules.at[module].places, offset, &is_new);
    if (is_new) {
        *id = places->at.count;
        vec_push(&places->at, ((struct place){.offset = offset, .module = module}));
    }
    return (uint32_t)*id;
}

void places_done(struct places *places)
{
    for (size_t i = 0; i < places->modules.count; i++)
        map_done(&places->modules.at[i].places);
    vec_done(&places->modules);
    vec_done(&places->at);
    arena_done(&places->arena);
}
