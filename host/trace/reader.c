/* reader: in the bytes of a trace from any source, out its events; damage is stepped over and told as a gap. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "define.h"
#include "index.h"
#include "intake.h"

struct trace_reader {
    struct intake intake;
    int file; /* -1: a stream of the caller */
    struct trace_header header;
    struct ht_record header_record;
    struct block_bytes header_bytes; /* what the header's texts point into */
    struct block_unpacker *unpacker;
    struct decoder decoder;
    struct block_head head; /* of the block that is being told */
    struct ht_bytes records;
    bool in_block, can_decode, ended;
    bool block_waits;    /* `head` was found while the trace was opened */
    uint64_t next_index; /* of the next event to tell */
    uint64_t record_tick;
    uint64_t gap_events, gap_bytes; /* lost and not yet told */
    bool gap_waits;
    const char *gap_why;
    union define_any any;
    struct trace_totals totals;
};

static void reader_lose(struct trace_reader *reader, uint64_t events, uint64_t bytes, const char *why)
{
    if (!reader->gap_waits)
        reader->gap_events = reader->gap_bytes = 0;
    reader->gap_waits = true;
    reader->gap_events += events;
    reader->gap_bytes += bytes;
    reader->gap_why = why;
}

static void reader_take_header(struct trace_reader *reader, struct ht_bytes records)
{
    size_t count = (size_t)(records.end - records.at);
    memcpy(block_bytes_room(&reader->header_bytes, count), records.at, count);
    struct ht_bytes kept = {reader->header_bytes.at, reader->header_bytes.at + count, false};
    struct ht_record *record = &reader->header_record;
    if (!ht_record_get(&kept, record) || record->kind != HT_RECORD_HEADER)
        return;
    const uint64_t *n = record->numbers;
    reader->header = (struct trace_header){
        .version = (uint32_t)n[0],
        .pointer_bytes = (uint32_t)n[1],
        .page_bytes = (uint32_t)n[2],
        .big_endian = n[3] != 0,
        .tick_ns = n[4] ? n[4] : 1,
        .sample_bytes = n[5],
        .start_unix_ns = n[6],
        .command = record->texts[0],
        .machine = record->texts[1],
        .system = record->texts[2],
        .directory = record->texts[3],
        .recorder = record->texts[4],
        .environment = record->texts[5],
    };
}

/* Makes the next whole block the reader's; false at the end. */
static bool reader_next_block(struct trace_reader *reader)
{
    struct intake *intake = &reader->intake;
    for (;;) {
        uint64_t lost = 0;
        enum intake_found found = intake_next(intake, &reader->head, &lost);
        if (lost)
            reader_lose(reader, 0, lost, found == INTAKE_END ? "the trace is cut here, in the middle of a block" : "bytes of the trace are damaged here");
        if (found == INTAKE_END)
            return false;
        if (reader->head.kind == BLOCK_EVENTS || reader->head.kind == BLOCK_INDEX || reader->head.kind == BLOCK_HEADER)
            return true;
    }
}

static void reader_begin_events(struct trace_reader *reader)
{
    const struct block_head *head = &reader->head;
    struct ht_bytes streams[STREAM_COUNT];
    uint32_t hot = 0;
    const uint8_t *bytes = intake_block(&reader->intake);
    if (head->first_event > reader->next_index) {
        reader_lose(reader, head->first_event - reader->next_index, 0, "a block of the trace is damaged here");
        reader->can_decode = false;
    }
    reader->next_index = head->first_event;
    reader->record_tick = 0;
    if (!block_unpack_records(reader->unpacker, bytes, head, &reader->records))
        reader->records = (struct ht_bytes){0};
    bool whole = block_tokens_are_whole(bytes, head) && block_unpack_tokens(reader->unpacker, bytes, head, streams, &hot);
    reader->can_decode = whole && (reader->can_decode || head->flags & BLOCK_RESET);
    if (reader->can_decode) {
        memcpy(reader->decoder.streams, streams, sizeof streams);
        decoder_begin(&reader->decoder, hot, head->flags & BLOCK_RESET);
    } else {
        reader->decoder.left = 0;
        reader->decoder.to_place = 0;
    }
    reader->in_block = true;
}

static void reader_end_events(struct trace_reader *reader)
{
    uint64_t end = reader->head.first_event + reader->head.event_count;
    if (end > reader->next_index)
        reader_lose(reader, end - reader->next_index, 0, "a block of the trace is damaged here");
    reader->can_decode = reader->can_decode && end == reader->next_index && !reader->decoder.bad;
    reader->next_index = end;
    reader->in_block = false;
}

static bool reader_tell_gap(struct trace_reader *reader, struct event *event)
{
    if (!reader->gap_waits)
        return false;
    *event = (struct event){.kind = EVENT_GAP,
                            .size = reader->gap_events,
                            .address = reader->gap_bytes,
                            .define = reader->gap_why,
                            .index = reader->next_index,
                            .time_ns = reader->head.first_tick * reader->header.tick_ns};
    reader->gap_waits = false;
    return true;
}

static bool reader_tell_record(struct trace_reader *reader, struct event *event)
{
    struct ht_record record;
    while (ht_record_get(&reader->records, &record)) {
        if (!define_from_record(&record, event, &reader->any))
            continue;
        reader->record_tick += (uint64_t)ht_unzigzag(record.numbers[HT_NUMBER_TICK]);
        event->time_ns = reader->record_tick * reader->header.tick_ns;
        event->index = reader->next_index++;
        return true;
    }
    return false;
}

/* The next event of the block; false at its end. */
static bool reader_tell(struct trace_reader *reader, struct event *event)
{
    uint64_t tick;
    if (reader->can_decode && !decoder_takes_record(&reader->decoder)) {
        if (decoder_next(&reader->decoder, event, &tick)) {
            event->time_ns = tick * reader->header.tick_ns;
            event->index = reader->next_index++;
            return true;
        }
        reader->can_decode = false;
    }
    return reader_tell_record(reader, event);
}

bool trace_next(struct trace_reader *reader, struct event *event, struct error *error)
{
    for (;;) {
        if (reader->in_block) {
            if (reader_tell(reader, event))
                return true;
            reader_end_events(reader);
        }
        if (reader->ended)
            return false;
        bool found = reader->block_waits || reader_next_block(reader);
        reader->block_waits = false;
        if (found && reader->head.kind == BLOCK_EVENTS) {
            reader_begin_events(reader);
        } else if (found && reader->head.kind == BLOCK_INDEX) {
            struct ht_bytes records;
            if (block_unpack_records(reader->unpacker, intake_block(&reader->intake), &reader->head, &records))
                index_get_totals(records, &reader->totals);
        } else if (!found) {
            reader->ended = true;
            if (reader->intake.error_number) {
                errno = reader->intake.error_number;
                error_set_errno(error, ERROR_READ, "%s cannot be read on after byte %llu", reader->intake.name, (unsigned long long)reader->intake.offset);
            }
        }
        if (reader_tell_gap(reader, event))
            return true;
    }
}

static struct trace_reader *reader_new(trace_read read, void *context, const char *name)
{
    struct trace_reader *reader = memory_new(1, sizeof *reader);
    reader->file = -1;
    reader->unpacker = block_unpacker_new();
    reader->header = (struct trace_header){.version = TRACE_VERSION,
                                           .pointer_bytes = 8,
                                           .page_bytes = 4096,
                                           .tick_ns = TRACE_TICK_NS,
                                           .command = "",
                                           .machine = "",
                                           .system = "",
                                           .directory = "",
                                           .recorder = "",
                                           .environment = ""};
    decoder_init(&reader->decoder);
    intake_init(&reader->intake, read, context, name);
    return reader;
}

/* Takes magic and header. A damaged header is not the end: its defaults do, and the first gap tells. */
static bool reader_begin(struct trace_reader *reader, struct error *error)
{
    struct intake *intake = &reader->intake;
    size_t count = intake_peek(intake, sizeof TRACE_MAGIC - 1);
    if (intake->error_number) {
        errno = intake->error_number;
        return error_set_errno(error, ERROR_READ, "%s cannot be read", intake->name);
    }
    if (!count)
        return error_set(error, ERROR_READ, "%s is empty: the recording wrote nothing; record again", intake->name);
    if (count < sizeof TRACE_MAGIC - 1 || memcmp(intake_at(intake), TRACE_MAGIC, count))
        return error_set(error, ERROR_READ, "%s is not a HeapTracer trace; `heaptracer run` writes one", intake->name);
    intake_skip(intake, count);
    if (!reader_next_block(reader))
        return error_set(error, ERROR_READ, "%s is cut: no whole block is in its %llu bytes; record again", intake->name, (unsigned long long)intake->offset);
    struct ht_bytes records;
    if (reader->head.kind == BLOCK_HEADER && block_unpack_records(reader->unpacker, intake_block(intake), &reader->head, &records))
        reader_take_header(reader, records);
    else
        reader->block_waits = true;
    if (reader->header.version > TRACE_VERSION)
        return error_set(error, ERROR_READ, "%s has format %u, written by %s; this heaptracer reads up to format %u: install a newer one", intake->name,
                         reader->header.version, reader->header.recorder, TRACE_VERSION);
    return true;
}

struct trace_reader *trace_open_stream(trace_read read, void *context, const char *name, struct error *error)
{
    struct trace_reader *reader = reader_new(read, context, name);
    if (reader_begin(reader, error))
        return reader;
    trace_close(reader);
    return NULL;
}

static long file_read(void *context, void *bytes, size_t room)
{
    return read(*(int *)context, bytes, room);
}

struct trace_reader *trace_open(const char *path, struct error *error)
{
    int file = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    if (file < 0)
        return error_set_errno(error, ERROR_READ, "%s cannot be opened", path), NULL;
    struct trace_reader *reader = reader_new(file_read, NULL, strcmp(path, "-") ? path : "standard input");
    reader->file = file;
    reader->intake.context = &reader->file;
    if (reader_begin(reader, error))
        return reader;
    trace_close(reader);
    return NULL;
}

const struct trace_header *trace_get_header(const struct trace_reader *reader)
{
    return &reader->header;
}

static bool reader_load_totals(struct trace_reader *reader)
{
    uint8_t trailer[INDEX_TRAILER_BYTES], *bytes = NULL;
    uint64_t offset;
    struct block_head head;
    struct ht_bytes records;
    off_t end = reader->file < 0 ? -1 : lseek(reader->file, 0, SEEK_CUR) < 0 ? -1 : 0;
    struct stat status;
    if (end < 0 || fstat(reader->file, &status) || status.st_size < INDEX_TRAILER_BYTES + BLOCK_HEAD_BYTES)
        return false;
    off_t at = status.st_size - INDEX_TRAILER_BYTES;
    if (pread(reader->file, trailer, sizeof trailer, at) != sizeof trailer || !index_get_trailer(trailer, &offset) || offset >= (uint64_t)at ||
        (uint64_t)at - offset > BLOCK_STORED_MOST)
        return false;
    size_t count = (size_t)((uint64_t)at - offset);
    bytes = memory_new(count, 1);
    struct block_unpacker *unpacker = block_unpacker_new();
    bool ok = count >= BLOCK_HEAD_BYTES && pread(reader->file, bytes, count, (off_t)offset) == (ssize_t)count && block_head_get(bytes, &head) &&
              head.kind == BLOCK_INDEX && BLOCK_HEAD_BYTES + (uint64_t)head.record_bytes <= count && block_records_are_whole(bytes, &head) &&
              block_unpack_records(unpacker, bytes, &head, &records) && index_get_totals(records, &reader->totals);
    block_unpacker_free(unpacker);
    memory_free(bytes);
    return ok;
}

bool trace_get_totals(struct trace_reader *reader, struct trace_totals *totals)
{
    bool have = reader->totals.complete || reader_load_totals(reader);
    *totals = reader->totals;
    return have;
}

bool trace_seek(struct trace_reader *reader, uint64_t time_ns, struct error *error)
{
    (void)time_ns;
    if (reader->file < 0 || lseek(reader->file, sizeof TRACE_MAGIC - 1, SEEK_SET) < 0)
        return error_set(error, ERROR_READ, "%s is a stream: it can only be read from its start", reader->intake.name);
    intake_restart(&reader->intake, sizeof TRACE_MAGIC - 1);
    reader->in_block = reader->can_decode = reader->ended = reader->gap_waits = reader->block_waits = false;
    reader->next_index = 0;
    return true;
}

void trace_close(struct trace_reader *reader)
{
    if (!reader)
        return;
    if (reader->file >= 0)
        close(reader->file);
    decoder_done(&reader->decoder);
    block_unpacker_free(reader->unpacker);
    block_bytes_done(&reader->header_bytes);
    intake_done(&reader->intake);
    memory_free(reader);
}
