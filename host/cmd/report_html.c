/* report_html: in a report, out the page with its document in it: gzip, as base64. */
#include "report_html.h"

#include <string.h>

#include "host/base/base64.h"
#include "host/export/pack.h"
#include "report_page.h"

static void document_put(FILE *out, const struct report *report)
{
    FILE *text = base64_open(out), *packed = text ? pack_open(text, PACK_GZIP) : NULL;
    if (packed) {
        report_json(packed, report);
        fclose(packed);
    }
    if (text)
        fclose(text);
}

/* The page's own script names the place, too; the last one is the data's. */
static const char *data_find(const char *page, const char *end)
{
    const char *found = end;
    for (const char *at = page; (at = memmem(at, (size_t)(end - at), REPORT_PAGE_DATA, strlen(REPORT_PAGE_DATA))); at++)
        found = at;
    return found;
}

void report_html(FILE *out, const struct report *report)
{
    const char *data = data_find(report_page, report_page_end);
    fwrite(report_page, 1, (size_t)(data - report_page), out);
    if (data == report_page_end)
        return;
    if (report)
        document_put(out, report);
    data += strlen(REPORT_PAGE_DATA);
    fwrite(data, 1, (size_t)(report_page_end - data), out);
}
