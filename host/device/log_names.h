/* log_names: in the lines of a device's log, out the code addresses in them by function, file and line, and whether the log is of this very ELF file. */
#ifndef HOST_DEVICE_LOG_NAMES_H
#define HOST_DEVICE_LOG_NAMES_H

#include "flash.h"

struct log_names;

/* `flash` may be NULL: then nothing is named. */
struct log_names *log_names_new(const struct flash *flash);
/* The line as it may be shown: without colours and what else moves a terminal. */
void log_names_clean(struct str *out, const char *line);
/* A line for each address of code in it: "0x", eight hexadecimal digits. */
void log_names_add(struct log_names *names, const char *line, struct str *out);
/* How many addresses were named; those that lie in code but have no name are not. */
uint64_t log_names_count(const struct log_names *names);
uint64_t log_names_seen(const struct log_names *names); /* that look like addresses */
/* True if a line "ELF file SHA256: …" told of another file. */
bool log_names_is_other(const struct log_names *names);
void log_names_free(struct log_names *names);

#endif
