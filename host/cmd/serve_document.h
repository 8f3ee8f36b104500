/* serve_document: in a trace that is followed, out its whole report as it is now, or one of its tables. */
#ifndef HOST_CMD_SERVE_DOCUMENT_H
#define HOST_CMD_SERVE_DOCUMENT_H

#include <stdio.h>

#include "feed.h"
#include "host/serve/route.h"

/* The tables that the feed must have, to be freed by memory_free; `more` of them are analysis_slices and analysis_moments. */
const char **serve_document_tables(void);
/* As `heaptracer report --json`. */
void serve_document_put(FILE *out, const struct feed *feed);
/* Puts what was asked for; a sentence if there is no such thing, else NULL. */
const char *serve_document_file(FILE *out, const struct feed *feed, const struct route *route);

#endif
