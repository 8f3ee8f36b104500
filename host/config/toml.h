/* toml: in the text of a TOML file, out each of its values with its dotted key and its line. The one place that knows the library (toml++), which is C++. */
#ifndef HOST_CONFIG_TOML_H
#define HOST_CONFIG_TOML_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "host/base/error.h"

enum toml_kind { TOML_TEXT, TOML_NUMBER, TOML_BOOL };

struct toml_value {
    const char *key;  /* "record.sample"; in an array of tables "alerts.rule[0].when"; each element of an array of values has the array's own key */
    const char *text; /* numbers as they would be typed, "true", "false" */
    unsigned line;
    enum toml_kind kind;
};

/* `name` is what an error calls the file. False and `error` with the place. Values seen before an error have been seen. */
bool toml_read(const char *name, const char *text, size_t count, void (*see)(void *context, const struct toml_value *value), void *context, struct error *error);

#ifdef __cplusplus
}
#endif
#endif
