/* same: in the stacks of two traces, out a key that is equal for stacks that people would call the same. */
#include "same.h"

#include <string.h>
#include <xxhash.h>

#include "host/base/map.h"
#include "host/base/memory.h"
#include "host/base/path.h"
#include "host/base/vec.h"

struct same {
    struct symbols *symbols;
    VEC(uint32_t) first_ids;     /* of each trace: what is added to its ids */
    uint32_t last_frame, last_module;
    unsigned trace;              /* that is being told */
    uint32_t module_base;        /* of it */
    struct map builds;           /* hash of base name and build-id -> bit for each trace that has it */
    struct map modules;          /* module id -> that hash */
    VEC(uint32_t) frame_modules; /* by frame id */
    VEC(uint64_t) keys;          /* by frame id; 0: not made yet */
    bool has_moved;
};

enum { TRACES_MOST = 64 };

struct same *same_new(struct symbols *symbols)
{
    struct same *same = memory_new(1, sizeof *same);
    same->symbols = symbols;
    return same;
}

void same_begin(struct same *same, unsigned trace)
{
    vec_extend(&same->first_ids, trace + 1);
    same->first_ids.at[trace] = same->last_frame;
    same->trace = trace;
    same->module_base = same->last_module;
}

static void see_module(struct same *same, const struct event *event)
{
    struct module_definition module = *(const struct module_definition *)event->define;
    struct event moved = *event;
    const char *name = path_name(module.path ? module.path : "");
    uint64_t hash = XXH3_64bits_withSeed(module.build_id, module.build_id_bytes, XXH3_64bits(name, strlen(name)));
    module.id += same->module_base;
    if (module.id > same->last_module)
        same->last_module = module.id;
    *map_put(&same->modules, module.id, NULL) = hash;
    *map_put(&same->builds, hash, NULL) |= 1ull << same->trace % TRACES_MOST;
    moved.define = &module;
    symbols_see(same->symbols, &moved);
}

static void see_frame(struct same *same, const struct event *event)
{
    struct frame_definition frame = *(const struct frame_definition *)event->define;
    struct event moved = *event;
    uint32_t base = same->first_ids.at[same->trace];
    frame.id += base;
    frame.parent += frame.parent ? base : 0;
    frame.module += frame.module ? same->module_base : 0;
    if (frame.id > same->last_frame)
        same->last_frame = frame.id;
    vec_extend(&same->frame_modules, frame.id + 1);
    same->frame_modules.at[frame.id] = frame.module;
    moved.define = &frame;
    symbols_see(same->symbols, &moved);
}

void same_see(struct same *same, const struct event *event)
{
    if (event->kind == EVENT_MODULE)
        see_module(same, event);
    else if (event->kind == EVENT_FRAME)
        see_frame(same, event);
}

uint32_t same_id(const struct same *same, unsigned trace, uint32_t stack)
{
    return stack ? stack + same->first_ids.at[trace] : 0;
}

static bool is_same_build(struct same *same, uint32_t id)
{
    uint64_t *hash = id < same->frame_modules.count ? map_get(&same->modules, same->frame_modules.at[id]) : NULL;
    uint64_t all = same->first_ids.count >= TRACES_MOST ? ~0ull : (1ull << same->first_ids.count) - 1;
    return hash && *map_get(&same->builds, *hash) == all;
}

/* "symbol+0x12" and "module+0x1234" name a place near which there is no better name; the distance moves with every build. */
static size_t name_length(const char *function)
{
    const char *plus = strstr(function, "+0x");
    return plus && plus > function ? (size_t)(plus - function) : strlen(function);
}

/* In files that differ the function's own name is enough: people compare server-1.0 with server-1.1. */
static uint64_t frame_hash(const struct frame_text *text, bool is_same)
{
    size_t count = is_same ? strlen(text->function) : name_length(text->function);
    uint64_t hash = XXH3_64bits(text->function, count);
    if (is_same || text->function[count])
        hash = XXH3_64bits_withSeed(text->module, strlen(text->module), hash);
    return is_same ? XXH3_64bits_withSeed(&text->line, sizeof text->line, hash) : hash;
}

static uint64_t link_key(struct same *same, uint32_t id, uint64_t parent)
{
    const struct frame_text *texts;
    bool is_same = is_same_build(same, id);
    size_t count = symbols_frame(same->symbols, id, &texts);
    uint64_t key = parent;
    same->has_moved |= !is_same && same->frame_modules.at[id];
    for (size_t i = count; i-- > 0;) {
        uint64_t hash = frame_hash(&texts[i], is_same);
        key = XXH3_64bits_withSeed(&hash, sizeof hash, key);
    }
    return key ? key : 1;
}

/* From the outermost frame without a key inwards, since the key of a stack is made of its callers'. */
uint64_t same_key(struct same *same, uint32_t id)
{
    VEC(uint32_t) way = {0};
    if (!id || id >= same->frame_modules.count)
        return 0;
    vec_extend(&same->keys, same->frame_modules.count);
    uint32_t at = id;
    for (; at && !same->keys.at[at]; at = symbols_parent(same->symbols, at))
        vec_push(&way, at);
    uint64_t key = at ? same->keys.at[at] : 0;
    while (way.count) {
        uint32_t inner = way.at[--way.count];
        key = same->keys.at[inner] = link_key(same, inner, key);
    }
    vec_done(&way);
    return key;
}

bool same_has_moved(const struct same *same)
{
    return same->has_moved;
}

void same_free(struct same *same)
{
    vec_done(&same->first_ids);
    vec_done(&same->frame_modules);
    vec_done(&same->keys);
    map_done(&same->builds);
    map_done(&same->modules);
    memory_free(same);
}
