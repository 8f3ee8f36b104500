/* export_csv: in the sites, out CSV (RFC 4180): a row for each stack with all its amounts, and its frames innermost first, parted by ';'. */
#include "site_frames.h"

#include <inttypes.h>

#include "host/base/csv.h"

static void frames_add(struct str *text, const struct site_frames *sites, const struct site_frame_range *range)
{
    for (uint32_t frame = 0; frame < range->count; frame++) {
        str_add(text, frame ? "; " : "");
        frame_text_add(text, site_frame_text(sites, range, frame));
    }
}

static void row_put(struct export *export, const struct site_frames *sites, const struct site_frame_range *range, struct str *text)
{
    fprintf(export->out, "%" PRIu32, range->site);
    for (int metric = 0; metric < EXPORT_METRICS; metric++) {
        struct tally value = export_value(export, range->site, (enum export_metric)metric);
        fprintf(export->out, ",%" PRIu64 ",%" PRIu64, value.bytes, tally_count(value));
    }
    str_clear(text);
    frames_add(text, sites, range);
    putc(',', export->out);
    csv_put_quoted(export->out, str_text(text));
    fputs("\r\n", export->out);
}

static bool csv_write(struct export *export, struct error *error)
{
    (void)error;
    struct site_frames sites = {0};
    struct str text = {0};
    site_frames_take(&sites, export);
    fputs("site", export->out);
    for (int metric = 0; metric < EXPORT_METRICS; metric++)
        fprintf(export->out, ",%s_bytes,%s_count", export_metric_names[metric], export_metric_names[metric]);
    fputs(",stack\r\n", export->out);
    for (size_t i = 0; i < sites.list.count; i++)
        row_put(export, &sites, sites.list.at + i, &text);
    str_done(&text);
    site_frames_done(&sites);
    return true;
}

const struct export_format export_csv = {
    .name = "csv",
    .suffix = ".csv",
    .about = "a row for each stack with all its amounts, for spreadsheets and sqlite3",
    .tables = export_no_tables,
    .write = csv_write,
};
