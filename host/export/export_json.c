/* export_json: in the tables of all analyses, out one JSON document (docs/json-schema/tables.schema.json). */
#include "export.h"

#include "host/view/view_json.h"

static bool json_write(struct export *export, struct error *error)
{
    (void)error;
    struct view view = {.symbols = export->symbols, .has_unicode = true};
    struct view_json *page = view_json_new(export->out, &view, export->path, export->header);
    for (size_t i = 0; i < export->table_count; i++)
        view_json_table(page, export->tables + i);
    view_json_end(page, export->problem);
    return true;
}

const struct export_format export_json = {
    .name = "json",
    .suffix = ".json",
    .about = "the tables of all analyses, see docs/json-schema",
    .open_with = "jq .tables[0].rows",
    .write = json_write,
};
