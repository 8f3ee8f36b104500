/* leak_names: the user's rules first, then those of leak_names.def. */
#include "leak_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_LOOKED_AT = 6 };

static const struct leak_name known[] = {
#define LEAK_NAME(what, pattern) {what, pattern, false},
#define LEAK_RESOURCE(what, pattern) {what, pattern, true},
#include "leak_names.def"
#undef LEAK_NAME
#undef LEAK_RESOURCE
};

static bool is_resource(const char *what)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].is_resource && !strcmp(known[i].what, what))
            return true;
    return false;
}

static bool add_line(struct leak_names *names, const char *line, const char *path, unsigned number, struct error *error)
{
    size_t count = strcspn(line, "\r\n"), colon = strcspn(line, ":");
    if (!count || *line == '#')
        return true;
    if (colon >= count)
        return error_set(error, ERROR_USAGE, "%s:%u: write WHAT: PATTERN, like 'mutex: my_lock_*'", path, number);
    const char *pattern = line + colon + 1 + strspn(line + colon + 1, " \t");
    const char *what = arena_copy_text(&names->arena, line, colon);
    vec_push(&names->own, ((struct leak_name){what, arena_copy_text(&names->arena, pattern, strcspn(pattern, "\r\n")), is_resource(what)}));
    return true;
}

bool leak_names_read(struct leak_names *names, const char *path, struct error *error)
{
    char *line = NULL;
    size_t room = 0;
    bool is_good = true;
    FILE *in = fopen(path, "re");
    if (!in)
        return error_set_errno(error, ERROR_USAGE, "cannot read %s", path);
    for (unsigned number = 1; is_good && getline(&line, &room, in) > 0; number++)
        is_good = add_line(names, line, path, number, error);
    free(line);
    fclose(in);
    return is_good;
}

static const struct leak_name *find_in(const struct leak_name *list, size_t list_count, const char *function)
{
    for (size_t i = 0; i < list_count; i++)
        if (suppress_matches(list[i].pattern, function))
            return list + i;
    return NULL;
}

const struct leak_name *leak_names_find(const struct leak_names *names, const struct suppress_frame *frames, size_t count)
{
    for (size_t i = 0; i < count && i < FRAMES_LOOKED_AT; i++) {
        const struct leak_name *found = find_in(names->own.at, names->own.count, frames[i].function);
        found = found ? found : find_in(known, sizeof known / sizeof *known, frames[i].function);
        if (found)
            return found;
    }
    return NULL;
}

void leak_names_done(struct leak_names *names)
{
    vec_done(&names->own);
    arena_done(&names->arena);
}
