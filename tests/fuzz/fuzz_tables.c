/* fuzz_tables: in any bytes as a trace file, out all tables of it in every form, and the same again after a seek. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/pipeline.h"
#include "host/view/view_csv.h"
#include "host/view/view_json.h"
#include "host/view/view_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(FILE *out, const struct view *view, const struct pipeline *pipeline, const struct trace_header *header)
{
    struct view_json *json = view_json_new(out, view, "input", header);
    for (size_t i = 0; pipeline_analysis(pipeline, i); i++) {
        struct table table;
        pipeline_answer(pipeline, i, &table);
        view_text(out, view, &table);
        view_csv(out, view, &table);
        view_json_table(json, &table);
        table_done(&table);
    }
    view_json_end(json, NULL);
}

static void define(void *symbols, const struct event *event)
{
    symbols_see(symbols, event);
}

/* From the start, or from what the input's last byte says. */
static void read_all(FILE *out, struct trace_reader *reader, uint64_t from_ns)
{
    struct error error = {0};
    struct symbols *symbols = symbols_new(&(struct symbols_config){.sysroot = "/nonexistent"});
    struct view view = {.symbols = symbols, .width = 80, .has_unicode = true, .row_limit = 20};
    struct pipeline_options options = {.from_ns = from_ns, .define = define, .context = symbols};
    struct pipeline *pipeline = pipeline_new(&options, trace_get_header(reader), &error);
    if (!pipeline)
        abort();
    if (!from_ns || trace_seek(reader, from_ns, &error))
        pipeline_read(pipeline, reader, &error);
    show(out, &view, pipeline, trace_get_header(reader));
    pipeline_free(pipeline);
    symbols_free(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *out;
    char path[64];
    struct error error = {0};
    struct trace_totals totals;
    if (!out)
        out = fopen("/dev/null", "w");
    int file = memfd_create("input", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (!out || file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    struct trace_reader *reader = trace_open(path, &error);
    if (reader) {
        trace_get_totals(reader, &totals);
        read_all(out, reader, 0);
        read_all(out, reader, 1 + (uint64_t)data[size - 1] * 100000);
    }
    trace_close(reader);
    close(file);
    return 0;
}
