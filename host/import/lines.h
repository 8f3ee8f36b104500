/* lines: in a file or stream that may be packed by gzip or zstd, out its lines. Memory is bounded whatever comes: a line may have 1 MiB, and what unpacks to
 * more than a thousand times its size is refused. */
#ifndef HOST_IMPORT_LINES_H
#define HOST_IMPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/error.h"

struct lines;

enum { LINES_HEAD_BYTES = 4096, LINES_LINE_BYTES = 1 << 20 };

/* Like read(2): count, 0 at the end, -1 on error with errno. */
typedef long (*lines_read)(void *context, void *bytes, size_t room);
/* "-" is standard input. NULL and `error` if it cannot be opened. */
struct lines *lines_open(const char *path, struct error *error);
struct lines *lines_open_stream(lines_read read, void *context, const char *name);
/* The first bytes of the text, NUL-terminated; nothing is passed over. NULL and `error` if they cannot be read. */
const char *lines_head(struct lines *lines, struct error *error);
/* The next line without its end; NULL at the end, or on an error, which is then set. Valid until the next call. */
char *lines_next(struct lines *lines, struct error *error);
const char *lines_name(const struct lines *lines);
uint64_t lines_number(const struct lines *lines); /* of the line that lines_next gave last, from 1 */
/* Sets the error "NAME:LINE: ..." and returns false. */
bool lines_wrong(const struct lines *lines, struct error *error, const char *format, ...) __attribute__((format(printf, 3, 4)));
void lines_close(struct lines *lines);

#endif
