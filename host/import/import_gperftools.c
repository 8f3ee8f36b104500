/* import_gperftools: in a heap profile of gperftools (HEAPPROFILE of the heap profiler, or samples of tcmalloc), out its blocks or samples. */
#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"

#include "profile.h"

static const char gperftools_head[] = "heap profile:";

static bool wrong(const struct profile *profile, const char *what)
{
    return lines_wrong(profile->import->lines, profile->error, "%s", what);
}

/* "heap profile:   1246:  8800744 [  1246:  8800744] @ heap_v2/524288"; "@ heapprofile" tells every block. */
static bool head_take(struct profile *profile, const char *line)
{
    struct profile_amount live, all;
    if (strncmp(line, gperftools_head, sizeof gperftools_head - 1))
        return wrong(profile, "no heap profile of gperftools'");
    line += sizeof gperftools_head - 1;
    if (!profile_take_amounts(&line, &live, &all))
        return wrong(profile, "no amounts behind 'heap profile:'");
    line += strspn(line, " @");
    if (!strncmp(line, "heap/", 5))
        return wrong(profile, "sampled in the old way ('heap/N'), whose weights are only estimates: write the profile with a newer tcmalloc");
    return strncmp(line, "heap_v2/", 8) || profile_take_distance(profile, line + 8);
}

static bool entry_take(struct profile *profile, const char *line)
{
    struct profile_entry entry = {0};
    if (!profile_take_amounts(&line, &entry.live, &entry.all))
        return wrong(profile, "no amounts of a stack");
    line += strspn(line, " ");
    if (*line != '@')
        return wrong(profile, "amounts without '@' and a stack");
    return profile_take_stack(profile, line + 1, &entry) && profile_add(profile, &entry);
}

static bool lines_take(struct profile *profile)
{
    bool in_maps = false, is_good = true;
    for (char *line; is_good && (line = lines_next(profile->import->lines, profile->error));) {
        if (in_maps)
            is_good = profile_take_map(profile, line);
        else if (!strncmp(line, "MAPPED_LIBRARIES:", 17))
            in_maps = true;
        else if (line[strspn(line, " ")])
            is_good = entry_take(profile, line);
    }
    return is_good && !profile->error->kind;
}

static bool gperftools_read(struct import *import, struct error *error)
{
    struct arena texts = {0};
    struct profile profile = {.import = import, .error = error, .texts = &texts};
    char *line = lines_next(import->lines, error);
    bool is_good = line ? head_take(&profile, line) : error->kind || wrong(&profile, "the file is empty");
    is_good = is_good && !error->kind && lines_take(&profile) && profile_put(&profile, "gperftools");
    profile_done(&profile);
    arena_done(&texts);
    return is_good;
}

static bool gperftools_detects(const char *head)
{
    return !strncmp(head, gperftools_head, sizeof gperftools_head - 1);
}

const struct import_format import_gperftools = {
    .name = "gperftools",
    .about = "heap profiles of gperftools and tcmalloc",
    .detects = gperftools_detects,
    .read = gperftools_read,
};
