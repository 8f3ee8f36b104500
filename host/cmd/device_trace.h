/* device_trace: in a receiver of a firmware's line, out its trace in a file, and at the end what came of it, for people. */
#ifndef HOST_CMD_DEVICE_TRACE_H
#define HOST_CMD_DEVICE_TRACE_H

#include "host/device/receiver.h"
#include "host/trace/writer.h"

struct device_trace {
    struct receiver receiver;
    struct flash *flash;         /* NULL: no ELF file was given */
    struct trace_writer *writer; /* NULL until the device introduced itself */
    struct twin_sink sink;
    char *output;
    bool may_replace, is_quiet;
};

/* `output` NULL: the name of `named_for` without its ending, with .htrc, in this folder. `elf` may be NULL. `from` is for the trace's header, and must stay. */
bool device_trace_open(struct device_trace *trace, const char *elf, const char *output, const char *named_for, const char *from, struct error *error);
/* Said before anybody waits for the device; the writer asks again. */
bool device_trace_may_write(const struct device_trace *trace, struct error *error);
/* What the receiver warns of, once. */
void device_trace_notes(struct device_trace *trace);
/* The file is closed; what came of it is said. False and `error` when nothing could be recorded, or not all. */
bool device_trace_close(struct device_trace *trace, struct error *error);
void device_trace_done(struct device_trace *trace);

#endif
