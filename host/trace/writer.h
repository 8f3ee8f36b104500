/* writer: in events in exact order, out the bytes of a trace file (SPEC.md), with an index and totals at its end. Errors are sticky: asked once, at the end. */
#ifndef HOST_TRACE_WRITER_H
#define HOST_TRACE_WRITER_H

#include <heaptracer/trace.h>

struct trace_writer;

struct trace_writer_config {
    const char *path; /* where the file goes; an existing file is refused unless `replace` */
    bool replace;
    uint64_t checkpoint_events; /* between two checkpoints; 0 = 4 Mi, and 64 for each living block */
    int level;                  /* zstd; 0 = default */
    struct trace_header header; /* version is filled in; tick_ns 0 = 100 us */
};

/* NULL and `error` if the file cannot be made. */
struct trace_writer *trace_writer_new(const struct trace_writer_config *config, struct error *error);
/* Definitions must come before their first use. After a failed write it does nothing; trace_writer_failed tells. */
/* Events that follow one another; some at a time cost less than each by itself. */
void trace_writer_put(struct trace_writer *writer, const struct event *events, size_t count);
/* Every block that lives in the process, those in a realloc too, in no order. */
typedef void (*trace_writer_see)(void *context, ht_addr address, uint64_t size, uint32_t stack);
void trace_writer_each_block(struct trace_writer *writer, uint32_t process, trace_writer_see see, void *context);
bool trace_writer_failed(const struct trace_writer *writer);
/* Makes all that was put readable for another process that reads the file now (ends the block). */
void trace_writer_flush(struct trace_writer *writer);
/* The same if somebody follows the file (follow.h); to be called some times a second. */
void trace_writer_attend(struct trace_writer *writer);
/* To those who follow: what the events come from went away and is waited for, or is back. */
void trace_writer_tell_away(struct trace_writer *writer, bool is_away);
/* Writes index and totals, syncs, closes, frees. Totals are filled even when writing failed. */
bool trace_writer_close(struct trace_writer *writer, const struct cost_definition *cost, struct trace_totals *totals, struct error *error);

#endif
