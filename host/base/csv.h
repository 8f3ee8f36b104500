/* csv: in texts, out fields of CSV (RFC 4180). */
#ifndef HOST_BASE_CSV_H
#define HOST_BASE_CSV_H

#include <stdio.h>

/* In quotes where it needs them. */
void csv_put(FILE *out, const char *text);
void csv_put_quoted(FILE *out, const char *text);

#endif
