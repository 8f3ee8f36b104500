/* number: in texts of people (512K, 1.5s, 00:01:02), out numbers; and the other way round. The one place where sizes and times are parsed and worded. */
#ifndef HOST_BASE_NUMBER_H
#define HOST_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* `place` names where the text came from ("--sample", "HEAPTRACER_DEPTH") and begins the sentence of an error. */
bool number_parse_count(const char *place, const char *text, uint64_t *count, struct error *error);     /* 1204, 1,204, 10k, 2M */
bool number_parse_size(const char *place, const char *text, uint64_t *bytes, struct error *error);      /* 4096, 512K, 1.5MiB: always powers of 1024 */
bool number_parse_share(const char *place, const char *text, double *share, struct error *error);       /* 0.25, 25%; any number that is finite */
bool number_parse_time(const char *place, const char *text, uint64_t *nanoseconds, struct error *error); /* 1.5s, 200ms, 90 (seconds), 00:01:02.5 */

enum { NUMBER_ROOM = 48 };
/* Each fills `text` (NUMBER_ROOM bytes) and returns it. */
const char *number_bytes(char *text, uint64_t bytes);             /* 512.0 MiB */
const char *number_signed_bytes(char *text, int64_t bytes);       /* +1.5 KiB */
const char *number_count(char *text, uint64_t count);             /* 1,204 */
const char *number_signed_count(char *text, int64_t count);       /* -1,204 */
const char *number_time(char *text, uint64_t nanoseconds);        /* 1.234 s, 00:01:02.500 */
const char *number_duration(char *text, uint64_t nanoseconds);    /* 320 ns, 1.5 ms, 12.3 s, 1 h 02 min */
const char *number_ratio(char *text, double ratio);               /* 42 %, 3.8 %, <0.1 % */
const char *number_real(char *text, double value);                /* 12.4 M, 3.14 */

#endif
