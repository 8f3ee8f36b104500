/* pack: in a stream and a way of compressing, out a stream whose bytes arrive there compressed. */
#ifndef HOST_EXPORT_PACK_H
#define HOST_EXPORT_PACK_H

#include <stdbool.h>
#include <stdio.h>

enum pack { PACK_NONE, PACK_GZIP, PACK_ZSTD };

/* To be closed with fclose, which ends the compressed data and tells whether all was written; `out` stays open. NULL when memory is out. */
FILE *pack_open(FILE *out, enum pack pack);

#endif
