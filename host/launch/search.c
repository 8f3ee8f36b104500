/* search: as a shell does it, with the same folders when PATH is not set. */
#include "search.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_program(const char *path)
{
    struct stat status;
    return !stat(path, &status) && S_ISREG(status.st_mode) && !access(path, X_OK);
}

bool search_path(const char *word, char *found)
{
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t count = strcspn(at, ":");
        int wrote = snprintf(found, PATH_MAX, "%.*s/%s", count ? (int)count : 1, count ? at : ".", word);
        if (wrote > 0 && wrote < PATH_MAX && is_program(found))
            return true;
        at += count + (at[count] == ':');
    }
    return false;
}

/* Beside the command, or where the runtime is installed. */
bool search_installed(size_t number, char *folder)
{
    static const char *const places[] = {"", "../" HT_LIBDIR "/heaptracer/", "../lib/heaptracer/"};
    if (number >= sizeof places / sizeof *places)
        return false;
    ssize_t count = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    folder[count > 0 ? count : 0] = 0;
    char *slash = strrchr(folder, '/');
    size_t used = slash ? (size_t)(slash + 1 - folder) : 0;
    snprintf(folder + used, PATH_MAX - used, "%s", places[number]);
    return true;
}
