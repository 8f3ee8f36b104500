/* tiles: in splits, joins and marks of blocks, out the arena as rows of blocks side by side. */
#include "tiles.h"

#include "host/base/memory.h"

uint32_t tiles_grow(struct tiles *tiles)
{
    if (tiles->count + 1 >= tiles->room) {
        uint32_t room = tiles->room ? tiles->room * 2 : 64;
        tiles->at = memory_resize(tiles->at, room, sizeof *tiles->at);
        if (!tiles->room)
            tiles->at[0] = (struct tile){0};
        tiles->room = room;
    }
    return ++tiles->count;
}

uint32_t tiles_row(struct tiles *tiles, const struct arena_region *region, uint64_t at, uint64_t bytes)
{
    uint32_t first = tiles_grow(tiles);
    tiles->at[first] = (struct tile){.at = at, .bytes = bytes, .kind = TILE_FREE};
    tiles->bytes[TILE_FREE] += bytes;
    tiles->pieces[TILE_FREE]++;
    tiles->rows = memory_resize(tiles->rows, tiles->row_count + 1, sizeof *tiles->rows);
    tiles->rows[tiles->row_count++] = (struct tile_row){.base = region->base, .bytes = region->bytes, .first = first};
    return first;
}

void tiles_done(struct tiles *tiles)
{
    memory_free(tiles->at);
    memory_free(tiles->rows);
    map_done(&tiles->live);
}

void tiles_use(const struct tiles *tiles, const struct tile_dress *dress, struct arena_use *use)
{
    *use = (struct arena_use){
        .used = tiles->bytes[TILE_USED] - tiles->pieces[TILE_USED] * (dress->head + dress->tail),
        .free = tiles->bytes[TILE_FREE] - tiles->pieces[TILE_FREE] * dress->free_head,
        .blocks = tiles->pieces[TILE_USED],
        .pieces = tiles->pieces[TILE_FREE],
    };
    for (size_t row = 0; row < tiles->row_count; row++)
        use->total += tiles->rows[row].bytes;
    use->overhead = use->total - use->used - use->free;
}

void tiles_walk(const struct tiles *tiles, const struct tile_dress *dress, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind),
                void *context)
{
    for (const struct tile_row *row = tiles->rows; row < tiles->rows + tiles->row_count; row++) {
        uint64_t at = row->base, end = row->base + row->bytes; /* from `at` on all is overhead so far */
        for (uint32_t i = row->first; i; i = tiles->at[i].after) {
            const struct tile *tile = &tiles->at[i];
            if (tile->kind == TILE_OWN)
                continue;
            bool is_free = tile->kind == TILE_FREE;
            uint64_t first = tile->at + (is_free ? dress->free_head : dress->head);
            if (first > at)
                piece(context, at, first - at, ARENA_OVERHEAD);
            at = tile->at + tile->bytes - (is_free ? 0 : dress->tail);
            if (at > first)
                piece(context, first, at - first, is_free ? ARENA_FREE : ARENA_USED);
        }
        if (end > at)
            piece(context, at, end - at, ARENA_OVERHEAD);
    }
}
