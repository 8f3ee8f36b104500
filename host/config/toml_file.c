/* toml_file: in a file or a descriptor that is open, out the values of its text. */
#include "toml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/base/str.h"

static bool text_read(const char *name, int file, struct str *text, struct error *error)
{
    char bytes[4096];
    long got;
    while ((got = read(file, bytes, sizeof bytes)) > 0 && text->count <= TOML_FILE_MOST)
        str_add_bytes(text, bytes, (size_t)got);
    if (got < 0)
        return error_set_errno(error, ERROR_READ, "%s cannot be read", name);
    return text->count <= TOML_FILE_MOST || error_set(error, ERROR_READ, "%s has more than 1 MiB: what is read here is a few lines of text", name);
}

bool toml_file_read(const char *name, int file, toml_see see, void *context, struct error *error)
{
    struct str text = {0};
    bool is_good = text_read(name, file, &text, error) && toml_read(name, str_text(&text), text.count, see, context, error);
    str_done(&text);
    return is_good;
}

bool toml_file_open(const char *path, toml_see see, void *context, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set_errno(error, ERROR_READ, "%s cannot be read", path);
    bool is_good = toml_file_read(path, file, see, context, error);
    close(file);
    return is_good;
}
