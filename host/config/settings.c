/* settings: a list in the order of reading; there are a few dozen at most, so nothing is indexed. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/str.h"
#include "toml_file.h"

enum { SETTINGS_MOST = 10000 };

struct reading {
    struct settings *settings;
    const char *file;
    size_t before; /* settings of earlier files */
    struct error *error;
};

size_t settings_stem(const char *key)
{
    return strcspn(key, "[");
}

static bool is_given(const struct reading *reading, const char *key)
{
    size_t stem = settings_stem(key);
    for (size_t i = 0; i < reading->before; i++) {
        const char *other = reading->settings->list.at[i].key;
        if (settings_stem(other) == stem && !memcmp(other, key, stem))
            return true;
    }
    return false;
}

static void setting_add(void *context, const struct toml_value *value)
{
    struct reading *reading = context;
    struct arena *arena = &reading->settings->arena;
    struct str place = {0};
    if (is_given(reading, value->key) || reading->settings->list.count >= SETTINGS_MOST)
        return;
    str_add_format(&place, "%s:%u", reading->file, value->line);
    vec_push(&reading->settings->list,
             ((struct setting){.key = arena_copy_text(arena, value->key, strlen(value->key)), .text = arena_copy_text(arena, value->text, strlen(value->text)),
                               .place = arena_copy_text(arena, str_text(&place), place.count), .file = reading->file, .kind = value->kind}));
    str_done(&place);
}

static bool file_check(const char *path, int file, struct error *error)
{
    struct stat facts;
    if (fstat(file, &facts))
        return error_set_errno(error, ERROR_READ, "%s cannot be read", path);
    if (!S_ISREG(facts.st_mode))
        return S_ISCHR(facts.st_mode) || error_set(error, ERROR_READ, "%s is no file", path);
    if (facts.st_uid != geteuid() && facts.st_uid)
        return error_set(error, ERROR_READ, "%s belongs to user %u: a configuration can name commands to run, so it must be yours; HEAPTRACER_CONFIG=none goes without", path,
                         (unsigned)facts.st_uid);
    if (facts.st_mode & S_IWOTH)
        return error_set(error, ERROR_READ, "%s can be written by everybody: a configuration can name commands to run; chmod o-w %s", path, path);
    return true;
}

bool settings_read(struct settings *settings, const char *path, struct error *error)
{
    struct reading reading = {settings, arena_copy_text(&settings->arena, path, strlen(path)), settings->list.count, error};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return errno == ENOENT || errno == ENOTDIR || (errno == EACCES && access(path, F_OK)) || error_set_errno(error, ERROR_READ, "%s cannot be read", path);
    bool is_good = file_check(path, file, error) && toml_file_read(path, file, setting_add, &reading, error);
    close(file);
    return is_good;
}

const struct setting *settings_find(const struct settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->list.count; i++)
        if (!strcmp(settings->list.at[i].key, key))
            return &settings->list.at[i];
    return NULL;
}

void settings_done(struct settings *settings)
{
    vec_done(&settings->list);
    arena_done(&settings->arena);
}
