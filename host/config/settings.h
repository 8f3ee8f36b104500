/* settings: in configuration files, out the value of a key and the place that gave it. The file that was read first holds against later ones. */
#ifndef HOST_CONFIG_SETTINGS_H
#define HOST_CONFIG_SETTINGS_H

#include "host/base/arena.h"
#include "host/base/error.h"
#include "host/base/vec.h"
#include "toml.h"

struct setting {
    const char *key, *text;
    const char *place; /* "FILE:LINE" */
    const char *file;
    enum toml_kind kind;
};

struct settings {
    VEC(struct setting) list; /* in the order of the files; the elements of an array stand one behind the other */
    struct arena arena;
};

/* Zero-filled is empty. A file that is not there, or in a folder that is closed to us, is no error. One that others may write, or that belongs to somebody else
 * (but root), is refused: a setting can name a command to run. */
bool settings_read(struct settings *settings, const char *path, struct error *error);
/* NULL: nothing is said about it. */
const struct setting *settings_find(const struct settings *settings, const char *key);
/* "alerts.rule" of "alerts.rule[0].when": the length of what names one thing, which one file alone gives. */
size_t settings_stem(const char *key);
void settings_done(struct settings *settings);

#endif
