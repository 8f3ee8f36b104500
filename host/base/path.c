/* path: in the path of a file, out the parts of its name, and the end of the file. */
#include "path.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Takes the last part away; false: there is none that could be. */
static bool part_drop(struct str *out, size_t start)
{
    const char *text = str_text(out) + start, *slash = strrchr(text, '/'), *last = slash ? slash + 1 : text;
    if (!*last || !strcmp(last, ".."))
        return false;
    out->count = (size_t)((slash && slash > text ? slash : slash ? text + 1 : text) - str_text(out));
    out->at[out->count] = 0;
    return true;
}

void path_add_plain(struct str *out, const char *path)
{
    size_t start = out->count;
    bool is_absolute = *path == '/';
    str_add(out, is_absolute ? "/" : "");
    for (size_t count; *path; path += count) {
        path += strspn(path, "/");
        count = strcspn(path, "/");
        bool is_up = count == 2 && !memcmp(path, "..", 2), is_here = !count || (count == 1 && *path == '.');
        if (is_here || (is_up && (part_drop(out, start) || is_absolute)))
            continue;
        str_add(out, out->count > start && out->at[out->count - 1] != '/' ? "/" : "");
        str_add_bytes(out, path, count);
    }
}

void path_remove_output(const char *path)
{
    struct stat status;
    if (!lstat(path, &status) && S_ISREG(status.st_mode))
        unlink(path);
}
