/* export_list: in export.def, out the list of formats; and what several of them need. */
#include "export.h"

#include <string.h>

#include "host/base/utf8.h"

const char *const export_metric_names[EXPORT_METRICS] = {"leaked", "peak", "allocated", "temporary"};
const char *const export_no_tables[] = {NULL};

#define EXPORT(name) extern const struct export_format export_##name;
#include "export.def"
#undef EXPORT

const struct export_format *const export_formats[] = {
#define EXPORT(name) &export_##name,
#include "export.def"
#undef EXPORT
    NULL};

const struct export_format *export_find(const char *name)
{
    for (const struct export_format *const *at = export_formats; *at; at++)
        if (!strcmp((*at)->name, name))
            return *at;
    return NULL;
}

enum export_metric export_metric(const struct export *export)
{
    return export->metric < 0 ? EXPORT_PEAK : (enum export_metric)export->metric;
}

struct tally export_value(const struct export *export, uint32_t number, enum export_metric metric)
{
    size_t count;
    const struct site *site = model_sites(export->model, &count) + number;
    if (metric == EXPORT_PEAK)
        return model_site_at_peak(export->model, number);
    if (metric == EXPORT_ALLOCATED)
        return site->account.allocated;
    if (metric == EXPORT_TEMPORARY)
        return site->temporary;
    return (struct tally){site->left.bytes + site->account.live.bytes, site->left.count + site->account.live.count};
}

const struct module *export_module(const struct export *export, uint32_t id)
{
    size_t count;
    const struct module *modules = model_modules(export->model, &count);
    if (id && id <= count && modules[id - 1].id == id)
        return modules + id - 1;
    for (size_t i = 0; id && i < count; i++)
        if (modules[i].id == id)
            return modules + i;
    return NULL;
}

void export_add_command(const struct export *export, struct str *out)
{
    utf8_add_clean(out, export->header->command && export->header->command[0] ? export->header->command : "?");
}

void export_add_origin(const struct export *export, struct str *out)
{
    str_add(out, "from the HeapTracer trace ");
    utf8_add_clean(out, export->path);
    if (export->header->recorder && export->header->recorder[0]) {
        str_add(out, ", recorded by ");
        utf8_add_clean(out, export->header->recorder);
    }
}
