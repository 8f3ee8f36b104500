/* import_heaptrack: in heaptrack's interpreted file (formats 1 to 3), out every allocation and free of it. Blocks have no addresses there: they get made-up ones,
 * and which of several equal blocks a free means is not known: the youngest is taken. */
#include "import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"

enum { HEAPTRACK_FORMAT_MOST = 3, HEAPTRACK_SIZED_STRINGS = 3, HEAPTRACK_FIRST_VERSION = 0x010200, NUMBERS_MOST = 16 << 20, NS_PER_MS = 1000000 };
static const size_t strings_most_bytes = (size_t)512 << 20;

struct place {
    uint32_t function, file, line;
};

/* Its frames are places first to first + count - 1, innermost first. */
struct ip {
    uint64_t address;
    uint32_t module, first, count;
};

/* A size at a stack; `youngest` is 1 + the number of its youngest block. */
struct info {
    uint64_t size;
    uint32_t stack, youngest;
};

struct live {
    ht_addr address;
    uint32_t older;
};

struct heaptrack {
    struct import *import;
    struct error *error;
    char *rest; /* of the line */
    uint64_t version, format;
    struct arena texts;
    VEC(const char *) strings; /* numbered from 1, as ips and traces are */
    VEC(struct place) places;
    VEC(struct ip) ips;
    VEC(uint32_t) traces; /* their frame ids */
    VEC(struct info) infos;
    VEC(struct live) lives;
    uint32_t unused_live; /* 1 + number */
    uint64_t strange_frees;
    bool is_attached;
};

static bool wrong(const struct heaptrack *heaptrack, const char *what)
{
    return lines_wrong(heaptrack->import->lines, heaptrack->error, "%s", what);
}

/* The next hexadecimal number of the line; false when there is none. */
static bool number_take(struct heaptrack *heaptrack, uint64_t *number)
{
    char *end;
    while (*heaptrack->rest == ' ')
        heaptrack->rest++;
    *number = strtoull(heaptrack->rest, &end, 16);
    bool is_good = end != heaptrack->rest && (*end == ' ' || !*end) && *heaptrack->rest != '-';
    heaptrack->rest = end;
    return is_good;
}

static bool version_take(struct heaptrack *heaptrack)
{
    if (!number_take(heaptrack, &heaptrack->version))
        return wrong(heaptrack, "no version");
    if (!number_take(heaptrack, &heaptrack->format))
        heaptrack->format = heaptrack->version == HEAPTRACK_FIRST_VERSION;
    if (!heaptrack->format)
        return wrong(heaptrack, "written by a heaptrack before 1.0: open it with heaptrack_print");
    if (heaptrack->format > HEAPTRACK_FORMAT_MOST)
        return lines_wrong(heaptrack->import->lines, heaptrack->error, "format %" PRIu64 " of a newer heaptrack; 1 to %d can be read", heaptrack->format,
                           HEAPTRACK_FORMAT_MOST);
    return true;
}

/* The header is known when the first line comes that is not part of it. */
static bool trace_begin(struct heaptrack *heaptrack, const char *command)
{
    struct str tool = {0};
    if (heaptrack->import->builder.has_begun)
        return wrong(heaptrack, "a second command line");
    str_add_format(&tool, "heaptrack %" PRIu64 ".%" PRIu64 ".%" PRIu64, heaptrack->version >> 16 & 255, heaptrack->version >> 8 & 255, heaptrack->version & 255);
    struct builder_start start = {.tool = str_text(&tool),
                                  .source = lines_name(heaptrack->import->lines),
                                  .command = command,
                                  .tick_ns = NS_PER_MS,
                                  .about = "imported from heaptrack: addresses are made up, threads are not known, a free is of the youngest equal block"};
    bool is_good = builder_begin(&heaptrack->import->builder, &start, heaptrack->error);
    str_done(&tool);
    return is_good;
}

static bool string_take(struct heaptrack *heaptrack)
{
    uint64_t count;
    char *text = heaptrack->rest;
    if (heaptrack->format >= HEAPTRACK_SIZED_STRINGS) {
        if (!number_take(heaptrack, &count))
            return wrong(heaptrack, "a string without its length");
        text = heaptrack->rest;
    }
    text += *text == ' ';
    if (heaptrack->strings.count >= NUMBERS_MOST || heaptrack->texts.total_bytes > strings_most_bytes)
        return wrong(heaptrack, "too many strings");
    vec_push(&heaptrack->strings, arena_copy_text(&heaptrack->texts, text, strnlen(text, BUILDER_NAME_BYTES)));
    return true;
}

static const char *string_of(const struct heaptrack *heaptrack, uint64_t number)
{
    return number && number <= heaptrack->strings.count ? heaptrack->strings.at[number - 1] : NULL;
}

static bool ip_take(struct heaptrack *heaptrack)
{
    struct ip ip = {.first = (uint32_t)heaptrack->places.count};
    uint64_t module, function, file, line;
    if (!number_take(heaptrack, &ip.address) || !number_take(heaptrack, &module))
        return wrong(heaptrack, "an instruction without address and module");
    if (heaptrack->ips.count >= NUMBERS_MOST || heaptrack->places.count >= NUMBERS_MOST)
        return wrong(heaptrack, "too many instructions");
    const char *path = string_of(heaptrack, module);
    ip.module = path && *path ? builder_module(&heaptrack->import->builder, path, 0, 0, 0) : 0;
    while (number_take(heaptrack, &function) && number_take(heaptrack, &file) && number_take(heaptrack, &line)) {
        vec_push(&heaptrack->places, ((struct place){(uint32_t)function, (uint32_t)file, (uint32_t)line}));
        ip.count++;
    }
    vec_push(&heaptrack->ips, ip);
    return true;
}

/* What has no name gets its address for one: where the module lay is not known, so that nobody else could look it up. */
static uint32_t nameless_frame(struct heaptrack *heaptrack, uint32_t parent, const struct ip *ip)
{
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx64, ip->address);
    return builder_frame(&heaptrack->import->builder, parent, &(struct builder_place){.function = text, .offset = ip->address, .module = ip->module});
}

static uint32_t ip_frames(struct heaptrack *heaptrack, uint32_t parent, const struct ip *ip)
{
    for (uint32_t i = ip->count; i-- > 0;) {
        const struct place *place = heaptrack->places.at + ip->first + i;
        const char *function = string_of(heaptrack, place->function);
        if (!function || !*function)
            parent = nameless_frame(heaptrack, parent, ip);
        else
            parent = builder_frame(&heaptrack->import->builder, parent,
                                   &(struct builder_place){function, string_of(heaptrack, place->file), ip->address, place->line, ip->module, false});
        if (!parent)
            return 0;
    }
    return ip->count ? parent : nameless_frame(heaptrack, parent, ip);
}

static bool trace_take(struct heaptrack *heaptrack)
{
    uint64_t ip, parent;
    if (!number_take(heaptrack, &ip) || !number_take(heaptrack, &parent))
        return wrong(heaptrack, "a trace without instruction and parent");
    if (!ip || ip > heaptrack->ips.count)
        return wrong(heaptrack, "a trace with an instruction that is not defined before it");
    if (parent > heaptrack->traces.count)
        return wrong(heaptrack, "a trace with a parent that is not defined before it");
    if (heaptrack->traces.count >= NUMBERS_MOST)
        return wrong(heaptrack, "too many traces");
    uint32_t frame = ip_frames(heaptrack, parent ? heaptrack->traces.at[parent - 1] : 0, heaptrack->ips.at + ip - 1);
    if (!frame)
        return wrong(heaptrack, "too many frames");
    vec_push(&heaptrack->traces, frame);
    return true;
}

static bool info_take(struct heaptrack *heaptrack)
{
    uint64_t size, trace;
    if (!number_take(heaptrack, &size) || !number_take(heaptrack, &trace))
        return wrong(heaptrack, "an allocation without size and trace");
    if (trace > heaptrack->traces.count)
        return wrong(heaptrack, "an allocation with a trace that is not defined before it");
    if (heaptrack->infos.count >= NUMBERS_MOST)
        return wrong(heaptrack, "too many kinds of allocation");
    vec_push(&heaptrack->infos, ((struct info){size, trace ? heaptrack->traces.at[trace - 1] : 0, 0}));
    return true;
}

static struct info *info_of(struct heaptrack *heaptrack)
{
    uint64_t number;
    if (!number_take(heaptrack, &number) || number >= heaptrack->infos.count)
        return wrong(heaptrack, "an event of an allocation that is not defined before it"), NULL;
    return heaptrack->infos.at + number;
}

static bool birth_take(struct heaptrack *heaptrack)
{
    struct info *info = info_of(heaptrack);
    if (!info)
        return false;
    ht_addr address = builder_alloc(&heaptrack->import->builder, info->size, info->stack, 0);
    if (!address)
        return wrong(heaptrack, "too many blocks live at once");
    uint32_t number = heaptrack->unused_live;
    if (number) {
        heaptrack->unused_live = heaptrack->lives.at[number - 1].older;
        heaptrack->lives.at[number - 1] = (struct live){address, info->youngest};
    } else {
        vec_push(&heaptrack->lives, ((struct live){address, info->youngest}));
        number = (uint32_t)heaptrack->lives.count;
    }
    info->youngest = number;
    return true;
}

static bool end_take(struct heaptrack *heaptrack)
{
    struct info *info = info_of(heaptrack);
    if (!info)
        return false;
    uint32_t number = info->youngest;
    if (!number) {
        heaptrack->strange_frees++;
        return true;
    }
    struct live *live = heaptrack->lives.at + number - 1;
    builder_free(&heaptrack->import->builder, live->address, info->size);
    info->youngest = live->older;
    live->older = heaptrack->unused_live;
    heaptrack->unused_live = number;
    return true;
}

static bool time_take(struct heaptrack *heaptrack)
{
    uint64_t time_ms;
    if (!number_take(heaptrack, &time_ms) || time_ms > UINT64_MAX / 4 / NS_PER_MS)
        return wrong(heaptrack, "no time");
    builder_time(&heaptrack->import->builder, time_ms * NS_PER_MS);
    return true;
}

static bool line_take(struct heaptrack *heaptrack, char *line)
{
    heaptrack->rest = line + (*line != 0);
    if (*line == 'v')
        return version_take(heaptrack);
    if (*line == 'x' || *line == 'm')
        return wrong(heaptrack, "raw data of heaptrack: let it interpret them first (heaptrack --interpret FILE)");
    if (!heaptrack->format)
        return wrong(heaptrack, "no version in front");
    if (*line == 'X')
        return trace_begin(heaptrack, heaptrack->rest + (*heaptrack->rest == ' '));
    if (!*line || strchr("#IRS", *line))
        return true;
    if (!heaptrack->import->builder.has_begun && !trace_begin(heaptrack, NULL))
        return false;
    switch (*line) {
    case 's': return string_take(heaptrack);
    case 'i': return ip_take(heaptrack);
    case 't': return trace_take(heaptrack);
    case 'a': return info_take(heaptrack);
    case '+': return birth_take(heaptrack);
    case '-': return end_take(heaptrack);
    case 'c': return time_take(heaptrack);
    case 'A': return heaptrack->is_attached = true;
    default: return wrong(heaptrack, "no line of heaptrack's");
    }
}

static bool heaptrack_read(struct import *import, struct error *error)
{
    struct heaptrack heaptrack = {.import = import, .error = error};
    bool is_good = true;
    for (char *line; is_good && (line = lines_next(import->lines, error));)
        is_good = line_take(&heaptrack, line);
    is_good = is_good && !error->kind && (import->builder.has_begun || wrong(&heaptrack, "ends before anything is told"));
    if (heaptrack.strange_frees)
        str_add_format(&import->note, "%" PRIu64 " frees of blocks that were never allocated are left out\n", heaptrack.strange_frees);
    if (heaptrack.is_attached)
        str_add(&import->note, "heaptrack was attached to a running program: what it held before is not in the file\n");
    arena_done(&heaptrack.texts);
    vec_done(&heaptrack.strings);
    vec_done(&heaptrack.places);
    vec_done(&heaptrack.ips);
    vec_done(&heaptrack.traces);
    vec_done(&heaptrack.infos);
    vec_done(&heaptrack.lives);
    return is_good;
}

/* "v 10400 3" in the first line. */
static bool heaptrack_detects(const char *head)
{
    return head[0] == 'v' && head[1] == ' ' && strspn(head + 2, "0123456789abcdef") > 4;
}

const struct import_format import_heaptrack = {
    .name = "heaptrack",
    .about = "heaptrack's files, also .gz and .zst",
    .detects = heaptrack_detects,
    .read = heaptrack_read,
};
