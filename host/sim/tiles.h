/* tiles: in splits, joins and marks of blocks, out the arena as rows of blocks side by side, each with its neighbours; and sums of them. Of allocators that keep the
 * size of a block before it. A row is one region; its tiles cover all that its allocator can give, the rest is overhead. */
#ifndef HOST_SIM_TILES_H
#define HOST_SIM_TILES_H

#include "simulator.h"
#include "host/base/map.h"

enum tile_kind { TILE_FREE, TILE_USED, TILE_OWN /* the allocator's */, TILE_KINDS };

/* Indices are of tiles; 0 is none. */
struct tile {
    uint64_t at;
    uint64_t bytes : 62, kind : 2;
    uint32_t before, after; /* beside it in the same row */
    uint32_t next, last;    /* for lists of the allocator */
};

struct tile_row {
    uint64_t base, bytes; /* the region */
    uint32_t first;
};

/* Bytes of every tile that are the allocator's: before and behind what a caller may use, and before what a free one could give. No tile is smaller. */
struct tile_dress {
    uint64_t head, tail, free_head;
};

struct tiles {
    struct tile *at;
    uint32_t count, room, spare;
    uint64_t bytes[TILE_KINDS], pieces[TILE_KINDS]; /* sums by kind */
    struct tile_row *rows;
    size_t row_count;
    struct map live; /* by the address that a caller got: the tile */
};

/* The region is one free tile [at, at + bytes). */
uint32_t tiles_row(struct tiles *tiles, const struct arena_region *region, uint64_t at, uint64_t bytes);
uint32_t tiles_grow(struct tiles *tiles);
void tiles_done(struct tiles *tiles);
void tiles_use(const struct tiles *tiles, const struct tile_dress *dress, struct arena_use *use);
void tiles_walk(const struct tiles *tiles, const struct tile_dress *dress, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind),
                void *context);

static inline void tiles_mark(struct tiles *tiles, uint32_t i, enum tile_kind kind)
{
    struct tile *tile = &tiles->at[i];
    tiles->bytes[tile->kind] -= tile->bytes;
    tiles->pieces[tile->kind]--;
    tiles->bytes[kind] += tile->bytes;
    tiles->pieces[kind]++;
    tile->kind = kind;
}

/* Tile `i` keeps `bytes`; the rest, of the same kind, is a tile behind it. */
static inline uint32_t tiles_split(struct tiles *tiles, uint32_t i, uint64_t bytes)
{
    uint32_t rest = tiles->spare;
    if (rest)
        tiles->spare = tiles->at[rest].next;
    else
        rest = tiles_grow(tiles);
    struct tile *tile = &tiles->at[i];
    tiles->at[rest] = (struct tile){.at = tile->at + bytes, .bytes = tile->bytes - bytes, .kind = tile->kind, .before = i, .after = tile->after};
    tiles->at[tile->after].before = rest;
    tile->bytes = bytes;
    tile->after = rest;
    tiles->pieces[tile->kind]++;
    return rest;
}

/* Tile `i` absorbs the one behind it, which is of the same kind. */
static inline void tiles_join(struct tiles *tiles, uint32_t i)
{
    struct tile *tile = &tiles->at[i];
    uint32_t gone = tile->after;
    tile->bytes += tiles->at[gone].bytes;
    tile->after = tiles->at[gone].after;
    tiles->at[tile->after].before = i;
    tiles->at[gone].next = tiles->spare;
    tiles->spare = gone;
    tiles->pieces[tile->kind]--;
}

static inline bool tiles_is_free(const struct tiles *tiles, uint32_t i)
{
    return i && tiles->at[i].kind == TILE_FREE;
}

static inline void tiles_hand(struct tiles *tiles, uint32_t i, uint64_t address)
{
    *map_put(&tiles->live, address, NULL) = i;
}

/* 0: no caller has it. */
static inline uint32_t tiles_find(const struct tiles *tiles, uint64_t address)
{
    const uint64_t *place = map_get(&tiles->live, address);
    return place ? (uint32_t)*place : 0;
}

static inline uint32_t tiles_return(struct tiles *tiles, uint64_t address)
{
    uint64_t i = 0;
    return map_remove(&tiles->live, address, &i) ? (uint32_t)i : 0;
}

#endif
