/* demangle: in a symbol's name as the linker knows it, out the name as the source has it. libiberty does the work.
 *
 * A short name can stand for a text of any length (each part may refer to the part before twice), so the text is taken piece by piece and the
 * demangler is left when there is enough; it holds no memory of its own at that time. Its D part has no such way out: there only short names go in. */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
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

struct output {
    char text[DEMANGLE_OUTPUT_BYTES + 1]; /* one more than is shown, so that cutting is noticed */
    size_t count;
    jmp_buf enough;
};

static void take_piece(const char *piece, size_t count, void *context)
{
    struct output *output = context;
    size_t room = sizeof output->text - output->count;
    memcpy(output->text + output->count, piece, count < room ? count : room);
    output->count += count < room ? count : room;
    if (count >= room)
        longjmp(output->enough, 1);
}

/* Fills `output`; false if the name is of no scheme. */
static bool demangle_known(const char *mangled, struct output *output)
{
    enum { OPTIONS = DMGL_PARAMS | DMGL_ANSI };
    output->count = 0;
    if (setjmp(output->enough))
        return true;
    if (rust_demangle_callback(mangled, OPTIONS, take_piece, output))
        return true;
    output->count = 0;
    if (cplus_demangle_v3_callback(mangled, OPTIONS, take_piece, output))
        return true;
    output->count = 0;
    char *clear = strlen(mangled) <= DEMANGLE_D_BYTES ? dlang_demangle(mangled, OPTIONS) : NULL;
    size_t count = clear ? strnlen(clear, sizeof output->text) : 0;
    memcpy(output->text, clear ? clear : "", count);
    output->count = count;
    free(clear);
    return count > 0;
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
    struct output output;
    memcpy(mangled, name, count);
    mangled[count] = 0;
    return demangle_known(mangled, &output) ? copy_cut(arena, output.text, output.count) : copy_cut(arena, name, count);
}
