/* base64: in bytes written to a stream, out their base64 text on another. */
#ifndef HOST_BASE_BASE64_H
#define HOST_BASE_BASE64_H

#include <stdio.h>

/* fclose writes what is left and leaves `out` open; an error of `out` is an error here. NULL when out of memory. */
FILE *base64_open(FILE *out);

#endif
