/* export_folded: in the sites, out folded stacks: a line for each, its frames outermost first parted by ';', a blank and the bytes. */
#include "site_frames.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/utf8.h"

/* What parts frames may not stand in a name. */
static void name_add(struct str *line, const char *function)
{
    size_t start = line->count;
    utf8_add_clean(line, function);
    for (char *at = line->at + start; *at; at++)
        if (*at == ';')
            *at = ',';
}

static bool folded_write(struct export *export, struct error *error)
{
    (void)error;
    struct site_frames sites = {0};
    struct str line = {0};
    site_frames_take(&sites, export);
    for (size_t i = 0; i < sites.list.count; i++) {
        const struct site_frame_range *range = sites.list.at + i;
        uint64_t bytes = export_value(export, range->site, export_metric(export)).bytes;
        str_clear(&line);
        for (uint32_t frame = range->count; frame-- > 0;) {
            name_add(&line, site_frame_text(&sites, range, frame)->function);
            str_add(&line, frame ? ";" : "");
        }
        if (bytes)
            fprintf(export->out, "%s %" PRIu64 "\n", str_text(&line), bytes);
    }
    str_done(&line);
    site_frames_done(&sites);
    return true;
}

const struct export_format export_folded = {
    .name = "folded",
    .suffix = ".folded",
    .about = "folded stacks, for flamegraph.pl, inferno, speedscope",
    .open_with = "speedscope",
    .tables = export_no_tables,
    .has_one_value = true,
    .write = folded_write,
};
