/* demangle: in a symbol's name as the linker knows it, out the name as the source has it. libiberty does the work. */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

static size_t count_without_version(const char *text)
{
    const char *at = strchr(text, '@');
    return at && at != text ? (size_t)(at - text) : strlen(text);
}

static char *copy_cut(struct arena *arena, const char *text, size_t count)
{
    if (count <= DEMANGLE_OUTPUT_BYTES)
        return arena_copy_text(arena, text, count);
    char *copy = arena_copy_text(arena, text, DEMANGLE_OUTPUT_BYTES);
    memcpy(copy + DEMANGLE_OUTPUT_BYTES - 3, "...", 3);
    return copy;
}

bool demangle_knows(const char *name)
{
    size_t count = strspn(name, "_.");
    return count && (name[count] == 'Z' || name[count] == 'R' || name[count] == 'D' || name[count] == 'G');
}

const char *demangle_name(struct arena *arena, const char *name)
{
    static const char glibc[] = "__GI_"; /* glibc's inner alias of each function: not in its source */
    if (strncmp(name, glibc, sizeof glibc - 1) == 0 && name[sizeof glibc - 1])
        name += sizeof glibc - 1;
    size_t count = count_without_version(name);
    if (!demangle_knows(name) || count > DEMANGLE_INPUT_BYTES)
        return copy_cut(arena, name, count);
    char mangled[DEMANGLE_INPUT_BYTES + 1];
    memcpy(mangled, name, count);
    mangled[count] = 0;
    char *clear = cplus_demangle(mangled, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI);
    const char *copy = clear ? copy_cut(arena, clear, strlen(clear)) : copy_cut(arena, name, count);
    free(clear);
    return copy;
}
