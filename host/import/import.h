/* import: in the lines of another tool's file, out the events of a trace. The list is import.def; a new format is a new file and a line there. */
#ifndef HOST_IMPORT_IMPORT_H
#define HOST_IMPORT_IMPORT_H

#include "builder.h"
#include "lines.h"

struct import {
    struct lines *lines;
    struct builder builder;
    const char *elf; /* of firmware: the file that its addresses lie in; NULL: not known */
    bool with_freed; /* of profiles that know it: also what was freed before they were written */
    uint64_t blocks_most; /* that live at once, and that were freed; 0: BUILDER_LIVE_MOST and PROFILE_FREED_MOST */
    struct str note; /* what the file does not know: sentences, each ended by a newline */
};

struct import_format {
    const char *name;
    const char *about; /* for the help */
    bool (*detects)(const char *head); /* whether a file that begins like this is of the format */
    /* False and `error` if the file is wrong somewhere; what came before was put. */
    bool (*read)(struct import *import, struct error *error);
};

extern const struct import_format *const import_formats[]; /* NULL-terminated */
const struct import_format *import_find(const char *name);  /* or NULL */
const struct import_format *import_detect(const char *head); /* or NULL */
/* Reads all of `lines`. `format` NULL: by its content. Frees what the builder holds; import->note is the caller's. */
bool import_read(struct import *import, const struct import_format *format, const struct import_sink *sink, struct error *error);

#endif
