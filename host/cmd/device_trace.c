/* device_trace: the writer is made when the first HELLO comes. */
#include "device_trace.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/now.h"
#include "host/base/number.h"
#include "host/base/path.h"
#include "host/base/utf8.h"

static bool writer_begin(void *context, const struct trace_header *header, struct error *error)
{
    struct device_trace *trace = context;
    struct trace_writer_config config = {.path = trace->output, .replace = trace->may_replace, .header = *header};
    trace->writer = trace_writer_new(&config, error);
    return trace->writer != NULL;
}

static void writer_put(void *context, const struct event *event)
{
    trace_writer_put(((struct device_trace *)context)->writer, event, 1);
}

static char *output_name(const char *output, const char *named_for)
{
    struct str name = {0};
    const char *base = path_name(named_for), *dot = strrchr(base, '.');
    if (output)
        str_add(&name, output);
    else
        str_add_format(&name, "%.*s.htrc", dot && dot != base ? (int)(dot - base) : (int)strlen(base), base);
    return name.at;
}

bool device_trace_open(struct device_trace *trace, const char *elf, const char *output, const char *named_for, const char *from, struct error *error)
{
    trace->sink = (struct twin_sink){writer_begin, writer_put, trace};
    trace->output = output_name(output, named_for);
    if (elf && !(trace->flash = flash_open(elf, error)))
        return false;
    receiver_init(&trace->receiver, &trace->sink, trace->flash, from);
    return true;
}

bool device_trace_may_write(const struct device_trace *trace, struct error *error)
{
    return trace->may_replace || access(trace->output, F_OK) || error_set(error, ERROR_WRITE, "'%s' is there already; --force replaces it", trace->output);
}

void device_trace_notes(struct device_trace *trace)
{
    struct str *note = &trace->receiver.twin.note;
    const char *line = str_text(note);
    for (size_t bytes; *line; line += bytes + 1) {
        bytes = strcspn(line, "\n");
        if (!trace->is_quiet)
            fprintf(stderr, "heaptracer: note: %.*s\n", (int)bytes, line);
    }
    str_clear(note);
}

static void loss_add(struct str *out, const struct receiver *receiver)
{
    char number[NUMBER_ROOM], other[NUMBER_ROOM];
    const struct receiver_counts *counts = &receiver->counts;
    uint64_t dropped = receiver->twin.cost[HT_COST_DROPPED];
    if (receiver->twin.cost[HT_COST_LONGEST_LOCK] && receiver->twin.ticks_per_s)
        str_add_format(out, ", interrupts held off for at most %s",
                       number_duration(number, (uint64_t)((double)receiver->twin.cost[HT_COST_LONGEST_LOCK] * 1e9 / (double)receiver->twin.ticks_per_s)));
    if (counts->restarts)
        str_add_format(out, ", %s restart%s", number_count(number, counts->restarts), counts->restarts == 1 ? "" : "s");
    if (counts->lost_events || counts->lost_frames)
        str_add_format(out, ", %s events lost on the line (%s frame%s)", number_count(number, counts->lost_events), number_count(other, counts->lost_frames),
                       counts->lost_frames == 1 ? "" : "s");
    if (dropped)
        str_add_format(out, ", %s dropped by the device", number_count(number, dropped));
    if (receiver->splitter.broken)
        str_add_format(out, ", %s pieces broken", number_count(number, receiver->splitter.broken));
    if (counts->repeated)
        str_add_format(out, ", %s frames repeated or late", number_count(number, counts->repeated));
}

static void summary_say(const struct device_trace *trace, const struct trace_totals *totals)
{
    struct str out = {0};
    char events[NUMBER_ROOM], time[NUMBER_ROOM], peak[NUMBER_ROOM], count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    str_add(&out, "heaptracer: ");
    utf8_add_clean(&out, trace->output);
    str_add_format(&out, "  %s events, %s, peak %s, %s blocks (%s) not freed", number_count(events, totals->events), number_duration(time, totals->duration_ns),
                   number_bytes(peak, totals->peak_bytes), number_count(count, totals->leaked_count), number_bytes(bytes, totals->leaked_bytes));
    loss_add(&out, &trace->receiver);
    str_add(&out, "\n  next: heaptracer analyze ");
    utf8_add_clean(&out, trace->output);
    str_add(&out, "\n");
    fputs(str_text(&out), stderr);
    str_done(&out);
}

bool device_trace_close(struct device_trace *trace, struct error *error)
{
    const struct receiver *receiver = &trace->receiver;
    struct trace_totals totals;
    struct cost_definition cost = {.events = receiver->twin.events,
                                   .lost_events = receiver->counts.lost_events + receiver->twin.cost[HT_COST_DROPPED],
                                   .truncated_stacks = receiver->twin.cut_stacks,
                                   .recorder_cpu_ns = now_of(CLOCK_PROCESS_CPUTIME_ID),
                                   .raw_bytes = receiver->counts.bytes,
                                   .clock_ticks_per_s = receiver->twin.ticks_per_s};
    receiver_end(&trace->receiver);
    device_trace_notes(trace);
    bool is_written = !trace->writer || trace_writer_close(trace->writer, &cost, &totals, error);
    if (is_written && trace->writer && !trace->is_quiet)
        summary_say(trace, &totals);
    trace->writer = NULL;
    if (receiver->error.kind)
        *error = receiver->error;
    return is_written && !error->kind;
}

void device_trace_done(struct device_trace *trace)
{
    receiver_done(&trace->receiver);
    flash_close(trace->flash);
    memory_free(trace->output);
}
