/* import_massif: in Valgrind's massif.out, out blocks that make the same live bytes at each snapshot: one for each stack of a detailed one, one for all between.
 * Their number and when they were allocated is not known: they count as older than the recording. */
#include "import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"

enum { MASSIF_DEPTH_MOST = 2000, MASSIF_SITES_MOST = 4 << 20, MASSIF_HEAP = 0, MASSIF_EXTRA = 1, MASSIF_STACKS = 2, NS_PER_MS = 1000000 };
static const uint64_t bytes_most = UINT64_C(1) << 56;

/* What a stack holds, and shall hold after the snapshot. */
struct holding {
    uint64_t bytes, wanted;
    ht_addr address;
    uint32_t stack, heap;
};

/* A line of the tree whose children are not all read: it holds `bytes` less what they hold. */
struct branch {
    uint64_t children, bytes;
    struct builder_place place;
};

struct snapshot {
    uint64_t time, heap, extra, stacks;
};

struct massif {
    struct import *import;
    struct error *error;
    struct map places; /* of heap and stack: place in `holdings` + 1 */
    VEC(struct holding) holdings;
    struct branch branches[MASSIF_DEPTH_MOST];
    size_t depth;
    struct arena texts; /* of the tree that is being read */
    uint64_t ns_per_unit;
    struct str about, command;
    struct snapshot last; /* that was read */
    struct snapshot held; /* has no stacks and is not told yet: the next one may be the same with stacks */
    uint64_t snapshots;
    bool is_held;
};

static bool wrong(const struct massif *massif, const char *what)
{
    return lines_wrong(massif->import->lines, massif->error, "%s", what);
}

/* The next line; the file may not end here. */
static char *line_needed(struct massif *massif)
{
    char *line = lines_next(massif->import->lines, massif->error);
    if (!line && !massif->error->kind)
        wrong(massif, "the file ends in the middle of a snapshot");
    return line;
}

static struct holding *holding_of(struct massif *massif, uint32_t heap, uint32_t stack)
{
    bool is_new;
    uint64_t *place = map_put(&massif->places, (uint64_t)heap << 32 | stack, &is_new);
    if (is_new) {
        vec_push(&massif->holdings, ((struct holding){.stack = stack, .heap = heap}));
        *place = massif->holdings.count;
    }
    return massif->holdings.at + *place - 1;
}

static uint32_t named_stack(struct massif *massif, const char *name)
{
    return builder_frame(&massif->import->builder, 0, &(struct builder_place){.function = name});
}

static void wants_clear(struct massif *massif)
{
    for (size_t i = 0; i < massif->holdings.count; i++)
        massif->holdings.at[i].wanted = 0;
}

static void holding_end(struct massif *massif, struct holding *holding)
{
    builder_put(&massif->import->builder, (struct event){.kind = EVENT_FREE, .address = holding->address, .heap = holding->heap});
    builder_take_back(&massif->import->builder, holding->address, holding->bytes);
    holding->bytes = 0;
}

static bool holding_begin(struct massif *massif, struct holding *holding)
{
    holding->bytes = holding->wanted;
    holding->address = builder_address(&massif->import->builder, holding->bytes);
    if (!holding->address)
        return wrong(massif, "too many stacks");
    builder_put(&massif->import->builder, (struct event){.kind = EVENT_ALLOC,
                                                         .flags = EVENT_INHERITED,
                                                         .address = holding->address,
                                                         .size = holding->bytes,
                                                         .stack = holding->stack,
                                                         .heap = holding->heap});
    return true;
}

/* First what ends, then what begins, so that there is never more than at one of the two snapshots. */
static bool wants_fulfil(struct massif *massif)
{
    bool is_good = true;
    for (size_t i = 0; i < massif->holdings.count; i++)
        if (massif->holdings.at[i].bytes && massif->holdings.at[i].bytes != massif->holdings.at[i].wanted)
            holding_end(massif, massif->holdings.at + i);
    for (size_t i = 0; is_good && i < massif->holdings.count; i++)
        if (!massif->holdings.at[i].bytes && massif->holdings.at[i].wanted)
            is_good = holding_begin(massif, massif->holdings.at + i);
    return is_good;
}

/* ---- the tree of a detailed snapshot ---- */

/* "0x10916A: load (leaky.c:17)", "0x4E: ??? (in /usr/lib/libx.so)", "in 12 places, all below massif's threshold (1.00%)". */
static void place_read(struct massif *massif, char *label, struct builder_place *place)
{
    char *end, *at = label, *open = NULL, *colon;
    *place = (struct builder_place){0};
    if (!strncmp(label, "in ", 3)) {
        place->function = "[callers below massif's threshold]";
        return;
    }
    uint64_t address = strtoull(label, &end, 16);
    if (end != label && !strncmp(end, ": ", 2)) {
        place->offset = address;
        at = end + 2;
    }
    size_t count = strlen(at);
    if (count && at[count - 1] == ')')
        for (open = at + count - 1; open > at && strncmp(open, " (", 2); open--)
            ;
    if (open && open > at) {
        *open = at[count - 1] = 0;
        char *where = open + 2;
        if (!strncmp(where, "in ", 3)) {
            place->module = builder_module(&massif->import->builder, where + 3, 0, 0, 0);
        } else {
            colon = strrchr(where, ':');
            place->line = colon ? (uint32_t)strtoul(colon + 1, NULL, 10) : 0;
            if (colon)
                *colon = 0;
            place->file = arena_copy_text(&massif->texts, where, strlen(where));
        }
    }
    if (!strcmp(at, "???") && place->offset)
        at = label, *end = 0;
    place->function = arena_copy_text(&massif->texts, at, strlen(at));
}

/* The stack of the branches below the root: the deepest is the outermost caller. */
static uint32_t branches_stack(struct massif *massif)
{
    uint32_t stack = 0;
    for (size_t i = massif->depth; i-- > 1;) {
        stack = builder_frame(&massif->import->builder, stack, &massif->branches[i].place);
        if (!stack)
            return 0;
    }
    return stack ? stack : named_stack(massif, "[not below any function]");
}

static bool branch_hold(struct massif *massif)
{
    uint64_t bytes = massif->branches[massif->depth - 1].bytes;
    if (!bytes)
        return true;
    uint32_t stack = branches_stack(massif);
    if (!stack || massif->holdings.count >= MASSIF_SITES_MOST)
        return wrong(massif, "too many stacks");
    holding_of(massif, MASSIF_HEAP, stack)->wanted += bytes;
    return true;
}

static bool branch_read(struct massif *massif)
{
    char *line = line_needed(massif), *end;
    if (!line)
        return false;
    line += strspn(line, " ");
    struct branch branch = {0};
    branch.children = *line == 'n' ? strtoull(line + 1, &end, 10) : 0;
    if (*line != 'n' || end == line + 1 || *end != ':')
        return wrong(massif, "no line of a heap tree");
    line = end + 1;
    branch.bytes = strtoull(line, &end, 10);
    if (end == line || *end != ' ' || branch.bytes > bytes_most)
        return wrong(massif, "no bytes in a line of a heap tree");
    if (massif->depth == MASSIF_DEPTH_MOST)
        return wrong(massif, "a heap tree deeper than 2000 lines");
    if (massif->depth) {
        struct branch *above = massif->branches + massif->depth - 1;
        if (branch.bytes > above->bytes)
            return wrong(massif, "a line of a heap tree holds more than the one above it");
        above->bytes -= branch.bytes;
        above->children--;
        place_read(massif, end + 1, &branch.place);
    }
    massif->branches[massif->depth++] = branch;
    return true;
}

static bool tree_read(struct massif *massif, uint64_t whole)
{
    massif->depth = 0;
    bool is_good = branch_read(massif);
    if (is_good && massif->branches[0].bytes != whole)
        is_good = wrong(massif, "the heap tree and mem_heap_B of its snapshot differ");
    while (is_good && massif->depth) {
        if (massif->branches[massif->depth - 1].children) {
            is_good = branch_read(massif);
        } else {
            is_good = branch_hold(massif);
            massif->depth--;
        }
    }
    arena_done(&massif->texts);
    return is_good;
}

/* ---- snapshots ---- */

static bool field_read(struct massif *massif, const char *name, uint64_t *value)
{
    char *line = line_needed(massif), *end;
    size_t count = strlen(name);
    if (!line)
        return false;
    if (strncmp(line, name, count) || line[count] != '=')
        return lines_wrong(massif->import->lines, massif->error, "no %s= where one must stand", name);
    *value = strtoull(line + count + 1, &end, 10);
    return (end != line + count + 1 && !*end && *value <= bytes_most) || lines_wrong(massif->import->lines, massif->error, "no number behind %s=", name);
}

static bool others_want(struct massif *massif, const struct snapshot *snapshot)
{
    uint32_t extra = snapshot->extra ? named_stack(massif, "[massif: the allocator's own bytes]") : 0;
    uint32_t stacks = snapshot->stacks ? named_stack(massif, "[massif: stacks of threads]") : 0;
    if (extra)
        holding_of(massif, MASSIF_EXTRA, extra)->wanted = snapshot->extra;
    if (stacks)
        holding_of(massif, MASSIF_STACKS, stacks)->wanted = snapshot->stacks;
    return (extra || !snapshot->extra) && (stacks || !snapshot->stacks);
}

static bool snapshot_tell(struct massif *massif, const struct snapshot *snapshot)
{
    builder_time(&massif->import->builder, snapshot->time * massif->ns_per_unit);
    return others_want(massif, snapshot) && wants_fulfil(massif);
}

/* A snapshot without stacks: one stack for all. */
static bool held_tell(struct massif *massif)
{
    if (!massif->is_held)
        return true;
    massif->is_held = false;
    wants_clear(massif);
    if (massif->held.heap)
        holding_of(massif, MASSIF_HEAP, named_stack(massif, "[massif: a snapshot without stacks]"))->wanted = massif->held.heap;
    return snapshot_tell(massif, &massif->held);
}

static bool fields_read(struct massif *massif, struct snapshot *snapshot)
{
    char *line = line_needed(massif); /* "#-----------" */
    if (!line || (*line != '#' && !wrong(massif, "no line of # behind snapshot=")))
        return false;
    return field_read(massif, "time", &snapshot->time) && field_read(massif, "mem_heap_B", &snapshot->heap) &&
           field_read(massif, "mem_heap_extra_B", &snapshot->extra) && field_read(massif, "mem_stacks_B", &snapshot->stacks);
}

/* Massif often takes a snapshot without stacks and, with nothing between, one with: they are one. So is one without stacks behind one that holds the same. */
static bool snapshot_read(struct massif *massif)
{
    struct snapshot snapshot = {0}, *last = &massif->last;
    if (!fields_read(massif, &snapshot))
        return false;
    char *line = line_needed(massif);
    if (!line)
        return false;
    bool is_detailed = !strcmp(line, "heap_tree=detailed") || !strcmp(line, "heap_tree=peak");
    bool is_same = massif->snapshots && snapshot.heap == last->heap && snapshot.extra == last->extra && snapshot.stacks == last->stacks;
    if (!is_detailed && strcmp(line, "heap_tree=empty"))
        return wrong(massif, "no heap_tree= where one must stand");
    if (snapshot.time > UINT64_MAX / 4 / massif->ns_per_unit)
        return wrong(massif, "a time that no run reaches");
    if (snapshot.time < last->time)
        return wrong(massif, "a snapshot that is earlier than the one before it");
    massif->snapshots++;
    *last = snapshot;
    if (is_same && !is_detailed)
        return true;
    if (is_same && massif->is_held)
        snapshot.time = massif->held.time;
    else if (!held_tell(massif))
        return false;
    massif->held = snapshot;
    massif->is_held = !is_detailed;
    if (!is_detailed)
        return true;
    wants_clear(massif);
    return tree_read(massif, snapshot.heap) && snapshot_tell(massif, &snapshot);
}

static bool trace_begin(struct massif *massif, const char *unit)
{
    bool is_ms = !strcmp(unit, "ms");
    massif->ns_per_unit = is_ms ? NS_PER_MS : 1;
    str_add(&massif->about, "imported from massif: one block for all that a stack holds; addresses, numbers of blocks and what was freed between snapshots are not known");
    if (!is_ms)
        str_add_format(&massif->about, "; a nanosecond is %s", !strcmp(unit, "i") ? "an instruction" : "a byte allocated");
    struct builder_start start = {.tool = "massif",
                                  .source = lines_name(massif->import->lines),
                                  .command = str_text(&massif->command),
                                  .about = str_text(&massif->about),
                                  .tick_ns = massif->ns_per_unit};
    if (!builder_begin(&massif->import->builder, &start, massif->error))
        return false;
    builder_heap(&massif->import->builder, MASSIF_EXTRA, 0, "the allocator's own bytes");
    builder_heap(&massif->import->builder, MASSIF_STACKS, 0, "stacks of threads");
    return true;
}

static bool line_take(struct massif *massif, const char *line)
{
    bool has_begun = massif->import->builder.has_begun;
    if (!strncmp(line, "desc:", 5) || *line == '#' || !*line)
        return true;
    if (!strncmp(line, "cmd: ", 5) && !has_begun) {
        str_clear(&massif->command);
        str_add(&massif->command, line + 5);
        return true;
    }
    if (!strncmp(line, "time_unit: ", 11) && !has_begun)
        return trace_begin(massif, line + 11);
    if (!strncmp(line, "snapshot=", 9) && has_begun)
        return snapshot_read(massif);
    return wrong(massif, "no line of massif's");
}

static bool massif_read(struct import *import, struct error *error)
{
    struct massif *massif = memory_new(1, sizeof *massif);
    bool is_good = true;
    massif->import = import;
    massif->error = error;
    for (char *line; is_good && (line = lines_next(import->lines, error));)
        is_good = line_take(massif, line);
    is_good = is_good && !error->kind && (massif->snapshots || wrong(massif, "ends without a snapshot")) && held_tell(massif);
    map_done(&massif->places);
    vec_done(&massif->holdings);
    arena_done(&massif->texts);
    str_done(&massif->about);
    str_done(&massif->command);
    memory_free(massif);
    return is_good;
}

static bool massif_detects(const char *head)
{
    return !strncmp(head, "desc:", 5) && strstr(head, "\ncmd:") && strstr(head, "\ntime_unit:");
}

const struct import_format import_massif = {
    .name = "massif",
    .about = "Valgrind's massif.out",
    .detects = massif_detects,
    .read = massif_read,
};
