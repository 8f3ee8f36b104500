/* import_list: in import.def, out the list of formats, and the one that a file's beginning looks like. */
#include "import.h"

#include <string.h>

#define IMPORT(name) extern const struct import_format import_##name;
#include "import.def"
#undef IMPORT

const struct import_format *const import_formats[] = {
#define IMPORT(name) &import_##name,
#include "import.def"
#undef IMPORT
    NULL};

const struct import_format *import_find(const char *name)
{
    for (const struct import_format *const *at = import_formats; *at; at++)
        if (!strcmp((*at)->name, name))
            return *at;
    return NULL;
}

const struct import_format *import_detect(const char *head)
{
    for (const struct import_format *const *at = import_formats; *at; at++)
        if ((*at)->detects(head))
            return *at;
    return NULL;
}

bool import_read(struct import *import, const struct import_format *format, const struct import_sink *sink, struct error *error)
{
    const char *head = lines_head(import->lines, error);
    bool is_good = head != NULL;
    if (is_good && !format)
        format = import_detect(head);
    if (is_good && !format)
        is_good = error_set(error, ERROR_READ, "%s: is of no format that can be imported (heaptrack, massif, jemalloc, gperftools, esp_idf); --from names one",
                            lines_name(import->lines));
    builder_init(&import->builder, sink);
    if (import->blocks_most)
        import->builder.live_most = import->blocks_most;
    is_good = is_good && format->read(import, error);
    builder_end(&import->builder);
    return is_good;
}
