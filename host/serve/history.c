/* history: what a level has no more room for is joined into a point of the next one. */
#include "history.h"

#include <string.h>

#include "host/base/memory.h"

static const struct {
    uint64_t width_ns; /* 0: as they come */
    size_t room;
} levels[HISTORY_LEVELS] = {{0, 1200}, {1000000000, 3600}, {60000000000, 2880}, {3600000000000, 8784}};

static void level_add(struct history *history, size_t number, const struct history_point *point);

/* A later point stands for the earlier one, too. */
static void point_join(struct history_point *into, const struct history_point *later)
{
    uint64_t most = into->live_bytes_most > later->live_bytes_most ? into->live_bytes_most : later->live_bytes_most, width = into->width_ns + later->width_ns;
    *into = *later;
    into->live_bytes_most = most;
    into->width_ns = width;
}

/* Points come in order of time, so a bucket is full when one behind it comes. */
static void bucket_add(struct history *history, size_t number, const struct history_point *point)
{
    struct history_point *pending = history->pending + number;
    uint64_t width = levels[number].width_ns;
    if (pending->time_ns && (pending->time_ns - 1) / width == (point->time_ns ? point->time_ns - 1 : 0) / width) {
        point_join(pending, point);
        return;
    }
    if (pending->time_ns)
        level_add(history, number, pending);
    *pending = *point;
}

static void level_add(struct history *history, size_t number, const struct history_point *point)
{
    struct history_level *level = history->levels + number;
    size_t room = levels[number].room;
    if (!level->points)
        level->points = memory_new(room, sizeof *level->points);
    if (level->count == room) {
        if (number + 1 < HISTORY_LEVELS)
            bucket_add(history, number + 1, level->points + level->first);
        level->first = (level->first + 1) % room;
        level->count--;
    }
    level->points[(level->first + level->count++) % room] = *point;
}

static const struct history_point *history_last(const struct history *history)
{
    const struct history_level *level = history->levels;
    return level->count ? level->points + (level->first + level->count - 1) % levels[0].room : NULL;
}

void history_add(struct history *history, const struct history_point *point)
{
    const struct history_point *last = history_last(history);
    if (last && point->time_ns <= last->time_ns)
        return;
    struct history_point next = *point;
    next.width_ns = last ? point->time_ns - last->time_ns : point->time_ns;
    next.live_bytes_most = next.live_bytes_most > next.live_bytes ? next.live_bytes_most : next.live_bytes;
    level_add(history, 0, &next);
}

uint32_t history_region(struct history *history, const char *name)
{
    uint32_t place = 0;
    while (place < history->region_count && strncmp(history->names[place], name, HISTORY_NAME - 1))
        place++;
    if (place == history->region_count && place < HISTORY_REGIONS) {
        strncpy(history->names[place], name, HISTORY_NAME - 1);
        history->region_count++;
    }
    return place;
}

size_t history_count(const struct history *history)
{
    size_t count = 0;
    for (size_t i = 0; i < HISTORY_LEVELS; i++)
        count += history->levels[i].count + (history->pending[i].time_ns != 0);
    return count;
}

void history_each(const struct history *history, void (*visit)(void *context, const struct history_point *point), void *context)
{
    for (size_t number = HISTORY_LEVELS; number-- > 0;) {
        const struct history_level *level = history->levels + number;
        for (size_t i = 0; i < level->count; i++)
            visit(context, level->points + (level->first + i) % levels[number].room);
        if (history->pending[number].time_ns)
            visit(context, history->pending + number);
    }
}

void history_done(struct history *history)
{
    for (size_t i = 0; i < HISTORY_LEVELS; i++)
        memory_free(history->levels[i].points);
}
