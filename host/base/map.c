/* map: in 64-bit keys, out 64-bit values; linear probing at most 3/4 full, removal shifts the followers back. */
#include "map.h"

#include "memory.h"

static inline size_t map_home(const struct map *map, uint64_t key)
{
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    return (size_t)((hash ^ hash >> 32) & (map->room - 1));
}

static void map_grow(struct map *map)
{
    struct map old = *map;
    map->room = old.room ? old.room * 2 : 16;
    map->at = memory_new(map->room, sizeof *map->at);
    for (size_t i = 0; i < old.room; i++) {
        if (!old.at[i].key)
            continue;
        size_t slot = map_home(map, old.at[i].key);
        while (map->at[slot].key)
            slot = (slot + 1) & (map->room - 1);
        map->at[slot] = old.at[i];
    }
    memory_free(old.at);
}

uint64_t *map_get(const struct map *map, uint64_t key)
{
    if (!key)
        return map->has_zero ? (uint64_t *)&map->zero_value : NULL;
    if (!map->room)
        return NULL;
    for (size_t slot = map_home(map, key); map->at[slot].key; slot = (slot + 1) & (map->room - 1))
        if (map->at[slot].key == key)
            return &map->at[slot].value;
    return NULL;
}

static uint64_t *map_put_zero(struct map *map, bool *is_new)
{
    if (is_new)
        *is_new = !map->has_zero;
    if (!map->has_zero)
        map->zero_value = 0;
    map->has_zero = true;
    return &map->zero_value;
}

uint64_t *map_put(struct map *map, uint64_t key, bool *is_new)
{
    if (!key)
        return map_put_zero(map, is_new);
    if (map->count * 4 >= map->room * 3)
        map_grow(map);
    size_t slot = map_home(map, key);
    while (map->at[slot].key && map->at[slot].key != key)
        slot = (slot + 1) & (map->room - 1);
    if (is_new)
        *is_new = !map->at[slot].key;
    if (!map->at[slot].key) {
        map->at[slot] = (struct map_entry){key, 0};
        map->count++;
    }
    return &map->at[slot].value;
}

static void map_close_hole(struct map *map, size_t hole)
{
    size_t mask = map->room - 1;
    for (size_t slot = (hole + 1) & mask; map->at[slot].key; slot = (slot + 1) & mask) {
        size_t home = map_home(map, map->at[slot].key);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            map->at[hole] = map->at[slot];
            hole = slot;
        }
    }
    map->at[hole].key = 0;
}

bool map_remove(struct map *map, uint64_t key, uint64_t *value)
{
    uint64_t *place = map_get(map, key);
    if (!place)
        return false;
    if (value)
        *value = *place;
    if (!key) {
        map->has_zero = false;
        return true;
    }
    map_close_hole(map, (size_t)((struct map_entry *)((char *)place - offsetof(struct map_entry, value)) - map->at));
    map->count--;
    return true;
}

size_t map_count(const struct map *map)
{
    return map->count + map->has_zero;
}

void map_done(struct map *map)
{
    memory_free(map->at);
    *map = (struct map){0};
}
