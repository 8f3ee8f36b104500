/* import_bytes: in any bytes and the name of a format, out the importer's events, looked at: what they name is defined before, and the model takes them. */
#ifndef TESTS_FUZZ_IMPORT_BYTES_H
#define TESTS_FUZZ_IMPORT_BYTES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <heaptracer/model.h>

#include "fuzz_bytes.h"
#include "host/import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct import_bytes {
    struct fuzz_bytes bytes;
    struct model *model;
    uint32_t frames, modules, processes;
};

static void import_bytes_check(bool holds)
{
    if (!holds)
        abort();
}

static bool import_bytes_begin(void *context, const struct trace_header *header, struct error *error)
{
    (void)error;
    ((struct import_bytes *)context)->model = model_new(&(struct model_config){.sample_bytes = header->sample_bytes});
    return true;
}

static void import_bytes_put(void *context, const struct event *event)
{
    struct import_bytes *input = context;
    const struct frame_definition *frame = event->define;
    import_bytes_check(input->model && event->stack <= input->frames);
    if (event->kind == EVENT_FRAME) {
        import_bytes_check(frame->id == ++input->frames && frame->parent < frame->id && frame->module <= input->modules);
        import_bytes_check(!frame->function || strlen(frame->function) <= BUILDER_NAME_BYTES);
    }
    input->modules += event->kind == EVENT_MODULE;
    input->processes += event->kind == EVENT_PROCESS;
    import_bytes_check(event->kind != EVENT_ALLOC || (event->address && input->processes == 1));
    model_put(input->model, event);
}

static inline int import_bytes_run(const char *format, const uint8_t *data, size_t size)
{
    struct import_bytes input = {.bytes = {data, size}};
    struct import_sink sink = {import_bytes_begin, import_bytes_put, &input};
    struct import import = {.lines = lines_open_stream(fuzz_bytes_read, &input.bytes, "input"), .with_freed = size % 2, .blocks_most = 2048};
    struct error error = {0};
    bool is_good = import_read(&import, import_find(format), &sink, &error);
    import_bytes_check(is_good == !error.kind);
    if (input.model) {
        model_finish(input.model, 0);
        model_free(input.model);
    }
    lines_close(import.lines);
    str_done(&import.note);
    return 0;
}

#endif
