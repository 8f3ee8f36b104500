/* import_jemalloc: in jemalloc's heap profile (heap_v2), out its samples. */
#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"

#include "profile.h"

struct jemalloc {
    struct profile profile;
    struct arena texts;
    struct profile_entry entry;
    bool has_stack, has_amount, in_maps;
};

static bool wrong(const struct jemalloc *jemalloc, const char *what)
{
    return lines_wrong(jemalloc->profile.import->lines, jemalloc->profile.error, "%s", what);
}

static bool head_take(struct jemalloc *jemalloc, const char *line)
{
    static const char magic[] = "heap_v2/";
    if (strncmp(line, magic, sizeof magic - 1))
        return wrong(jemalloc, "no heap_v2 profile of jemalloc's");
    return profile_take_distance(&jemalloc->profile, line + sizeof magic - 1);
}

static bool entry_end(struct jemalloc *jemalloc)
{
    bool is_good = !jemalloc->has_stack || jemalloc->has_amount || wrong(jemalloc, "a stack without its amounts");
    if (is_good && jemalloc->has_stack)
        is_good = profile_add(&jemalloc->profile, &jemalloc->entry);
    jemalloc->has_stack = jemalloc->has_amount = false;
    return is_good;
}

static bool stack_take(struct jemalloc *jemalloc, const char *text)
{
    if (!entry_end(jemalloc))
        return false;
    jemalloc->entry = (struct profile_entry){0};
    jemalloc->has_stack = profile_take_stack(&jemalloc->profile, text, &jemalloc->entry);
    return jemalloc->has_stack;
}

/* "  t*: 13: 6688 [0: 0]"; the lines of single threads add up to it. */
static bool amount_take(struct jemalloc *jemalloc, const char *line)
{
    line += strspn(line, " ");
    if (line[0] != 't')
        return wrong(jemalloc, "no line of a heap profile");
    if (line[1] != '*' || !jemalloc->has_stack)
        return true;
    line += 2 + (line[2] == ':');
    jemalloc->has_amount = profile_take_amounts(&line, &jemalloc->entry.live, &jemalloc->entry.all);
    return jemalloc->has_amount || wrong(jemalloc, "no amounts behind t*");
}

static bool line_take(struct jemalloc *jemalloc, const char *line)
{
    if (jemalloc->in_maps)
        return profile_take_map(&jemalloc->profile, line);
    if (!strncmp(line, "MAPPED_LIBRARIES:", 17))
        return jemalloc->in_maps = entry_end(jemalloc);
    if (*line == '@')
        return stack_take(jemalloc, line + 1);
    return !*line || amount_take(jemalloc, line);
}

static bool jemalloc_read(struct import *import, struct error *error)
{
    struct jemalloc jemalloc = {.profile = {.import = import, .error = error}};
    jemalloc.profile.texts = &jemalloc.texts;
    char *line = lines_next(import->lines, error);
    bool is_good = line ? head_take(&jemalloc, line) : error->kind || wrong(&jemalloc, "the file is empty");
    while (is_good && !error->kind && (line = lines_next(import->lines, error)))
        is_good = line_take(&jemalloc, line);
    is_good = is_good && !error->kind && entry_end(&jemalloc) && profile_put(&jemalloc.profile, "jemalloc");
    profile_done(&jemalloc.profile);
    arena_done(&jemalloc.texts);
    return is_good;
}

static bool jemalloc_detects(const char *head)
{
    return !strncmp(head, "heap_v2/", 8);
}

const struct import_format import_jemalloc = {
    .name = "jemalloc",
    .about = "jemalloc's heap profiles (heap_v2)",
    .detects = jemalloc_detects,
    .read = jemalloc_read,
};
