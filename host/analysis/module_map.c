/* module_map: in the model's modules, out the address map of the files that code came from. */
#include "answer.h"

enum { START, END, MODULE, PATH, BUILD_ID, BIAS, PROCESS };

static const struct column columns[] = {
    [START] = {"start", "Start", "", "first address in memory", COLUMN_ADDRESS},
    [END] = {"end", "End", "", "address behind the last", COLUMN_ADDRESS},
    [MODULE] = {"module", "Module", "id", "id in the trace", COLUMN_COUNT},
    [PATH] = {"path", "Path", "", "file, as the program knew it", COLUMN_TEXT},
    [BUILD_ID] = {"build_id", "Build-id", "", "in hexadecimal; empty if it has none", COLUMN_TEXT},
    [BIAS] = {"bias", "Bias", "", "address in memory - address in the file", COLUMN_ADDRESS},
    [PROCESS] = {"process", "Process", "id", "id of the process image that loaded it", COLUMN_COUNT},
};

static const char *module_map_build_id(const struct module *module, struct table *table)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * sizeof module->build_id + 1] = "";
    for (uint32_t i = 0; i < module->build_id_bytes; i++) {
        text[2 * i] = digits[module->build_id[i] >> 4];
        text[2 * i + 1] = digits[module->build_id[i] & 15];
        text[2 * i + 2] = 0;
    }
    return table_text(table, "%s", text);
}

static void module_map_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct module *modules = model_modules(model, &count);
    for (size_t i = 0; i < count; i++) {
        union cell *row = table_row(table);
        row[START].u = modules[i].start;
        row[END].u = modules[i].end;
        row[MODULE].u = modules[i].id;
        row[PATH].text = table_text(table, "%s", modules[i].path);
        row[BUILD_ID].text = module_map_build_id(modules + i, table);
        row[BIAS].u = modules[i].bias;
        row[PROCESS].u = modules[i].process;
    }
    table_sort(table, START, false, 0);
}

const struct analysis analysis_module_map = {
    .name = "module_map",
    .title = "Module map",
    .about = "The files that the code on the stacks came from, by address.",
    .shape = TABLE_MAP,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = module_map_answer,
};
