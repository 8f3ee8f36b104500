/* health_text: in a health judgement, out a page for people: plain text, or Markdown. */
#ifndef HOST_VIEW_HEALTH_TEXT_H
#define HOST_VIEW_HEALTH_TEXT_H

#include "report_document.h"

void health_text_put(FILE *out, const struct report *report);
void health_markdown_put(FILE *out, const struct report *report);

#endif
