/* map: in 64-bit keys, out 64-bit values; open addressing, grows by two, removal without tombstones. Zero-filled is empty. Any key may be stored. */
#ifndef HOST_BASE_MAP_H
#define HOST_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
    uint64_t key, value;
};

struct map {
    struct map_entry *at;  /* `room` slots; a slot with key 0 is free */
    size_t count, room;    /* room is zero or a power of two; key 0 is not counted */
    bool has_zero;         /* key 0 lives outside the slots */
    uint64_t zero_value;
};

/* The place of the key's value, or NULL. Void after the next map_put or map_remove. */
uint64_t *map_get(const struct map *map, uint64_t key);
/* The place of the key's value; a new key starts with value 0 and sets *is_new (may be NULL). */
uint64_t *map_put(struct map *map, uint64_t key, bool *is_new);
/* True and *value (may be NULL) if the key was there. */
bool map_remove(struct map *map, uint64_t key, uint64_t *value);
size_t map_count(const struct map *map);
void map_done(struct map *map);

#endif
