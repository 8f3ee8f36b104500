/* view_markdown: in a table, out its rows as a table of Markdown, as GitHub and GitLab show it in summaries and comments. */
#ifndef HOST_VIEW_VIEW_MARKDOWN_H
#define HOST_VIEW_VIEW_MARKDOWN_H

#include <stdio.h>

#include "view.h"

void view_markdown(FILE *out, const struct view *view, const struct table *table);

#endif
