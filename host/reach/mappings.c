/* mappings: one line of maps is one mapping. */
#include "mappings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The zeroes of a file's data lie behind it without a name. */
static const char *mapping_module(const struct mappings *mappings, const struct mapping *mapping)
{
    const struct mapping *before = mappings->at.count ? mappings->at.at + mappings->at.count - 1 : NULL;
    if (mapping->path[0] == '/')
        return mapping->path;
    bool follows = !mapping->path[0] && before && before->end == mapping->start && before->writable && before->path[0] == '/';
    return follows ? before->module : NULL;
}

static void mappings_add(struct mappings *mappings, const char *line)
{
    struct mapping mapping = {0};
    char rights[5] = "";
    int rest = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %*u%n", &mapping.start, &mapping.end, rights, &rest) != 3 || !rest || mapping.start >= mapping.end)
        return;
    const char *path = line + rest + strspn(line + rest, " ");
    mapping.readable = rights[0] == 'r';
    mapping.writable = rights[1] == 'w';
    mapping.shared = rights[3] == 's';
    mapping.path = arena_copy_text(&mappings->arena, path, strcspn(path, "\n"));
    mapping.module = mapping.shared ? NULL : mapping_module(mappings, &mapping);
    vec_push(&mappings->at, mapping);
}

void mappings_read(struct mappings *mappings, FILE *maps)
{
    char *line = NULL;
    size_t room = 0;
    *mappings = (struct mappings){0};
    while (getline(&line, &room, maps) > 0)
        mappings_add(mappings, line);
    free(line);
}

const struct mapping *mappings_find(const struct mappings *mappings, uint64_t address)
{
    size_t low = 0, high = mappings->at.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (mappings->at.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < mappings->at.count && mappings->at.at[low].start <= address ? mappings->at.at + low : NULL;
}

void mappings_done(struct mappings *mappings)
{
    vec_done(&mappings->at);
    arena_done(&mappings->arena);
}
