/* report_html: in a report, out the page with its document in it: gzip, as base64. */
#ifndef HOST_CMD_REPORT_HTML_H
#define HOST_CMD_REPORT_HTML_H

#include "host/view/report_document.h"

/* Errors of the stream are the stream's (ferror). */
/* `report` NULL: the page without a document, which asks a server for it. */
void report_html(FILE *out, const struct report *report);

#endif
