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
    struct trie frames;
    uint64_t tick; /* of the last event */
    bool in_block, can_decode, ended;
    bool block_waits;    /* `head` was found while the trace was opened */
    uint64_t next_index; /* of the next event to tell */
    uint64_t record_tick;
    uint64_t gap_events, gap_bytes; /* lost and not yet told */
    bool gap_waits;
    const char *gap_why;
    union define_any any;
    struct index index;
    bool tells_checkpoint;        /* its blocks are told until the next block of events */
    size_t define_at, define_end; /* after a seek: blocks of the index whose definitions are still to be told */
    bool only_definitions;
    struct block_bytes define_bytes;
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
        if (reader->head.kind <= BLOCK_INDEX && (reader->head.kind != BLOCK_CHECKPOINT || reader->tells_checkpoint))
            return true;
    }
}

/* Records and frames of the block: what can still be told when its tokens cannot. */
static uint64_t reader_count_definitions(const struct trace_reader *reader)
{
    struct ht_bytes records = reader->records;
    struct ht_record record;
    uint64_t count = 0;
    while (ht_record_get(&records, &record))
        count++;
    const struct ht_bytes *tokens = reader->frames.in + TRIE_TOKENS;
    for (const uint8_t *at = tokens->at; at < tokens->end; at++)
        count += *at < 0x80;
    return count;
}

/* The hot events of the block are lost; they count as if they stood before its records. */
static void reader_lose_tokens(struct trace_reader *reader)
{
    uint64_t left = reader_count_definitions(reader);
    uint64_t lost = reader->head.event_count > left ? reader->head.event_count - left : 0;
    if (reader->head.kind != BLOCK_EVENTS)
        return;
    reader_lose(reader, lost, 0, "a block of the trace is damaged here");
    reader->next_index += lost;
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
    reader->tick = head->first_tick;
    reader->tells_checkpoint &= head->kind == BLOCK_CHECKPOINT;
    reader->record_tick = 0;
    if (!block_unpack_records(reader->unpacker, bytes, head, &reader->records, &reader->frames))
        reader->records = (struct ht_bytes){0};
    bool whole = block_tokens_are_whole(bytes, head) && block_unpack_tokens(reader->unpacker, bytes, head, streams, &hot);
    reader->can_decode = whole && (reader->can_decode || head->flags & BLOCK_RESET);
    if (reader->can_decode) {
        memcpy(reader->decoder.streams, streams, sizeof streams);
        decoder_begin(&reader->decoder, hot, head->flags & BLOCK_RESET);
    } else {
        reader_lose_tokens(reader);
    }
    reader->in_block = true;
}

static void reader_end_events(struct trace_reader *reader)
{
    bool counts = reader->head.kind == BLOCK_EVENTS;
    uint64_t end = counts ? reader->head.first_event + reader->head.event_count : reader->next_index;
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

/* The index of the event that is told now. Those of a checkpoint stand beside the count: all have the index of the event that follows. */
static uint64_t reader_count(struct trace_reader *reader)
{
    return reader->head.kind == BLOCK_CHECKPOINT ? reader->next_index : reader->next_index++;
}

static bool reader_tell_record(struct trace_reader *reader, struct event *event)
{
    struct ht_record record;
    while (ht_record_get(&reader->records, &record)) {
        if (!define_from_record(&record, event, &reader->any))
            continue;
        reader->record_tick += (uint64_t)ht_unzigzag(record.numbers[HT_NUMBER_TICK]);
        reader->tick = reader->record_tick;
        event->time_ns = reader->record_tick * reader->header.tick_ns;
        event->index = reader_count(reader);
        return true;
    }
    return false;
}

static bool reader_tell_frame(struct trace_reader *reader, struct event *event)
{
    if (!trie_get(&reader->frames, &reader->any.frame))
        return false;
    *event = (struct event){.kind = EVENT_FRAME, .define = &reader->any, .time_ns = reader->tick * reader->header.tick_ns, .index = reader_count(reader)};
    return true;
}

/* The next event of the block; false at its end. When its tokens cannot be read, records and frames come without their places. */
static bool reader_tell(struct trace_reader *reader, struct event *event)
{
    while (reader->can_decode) {
        enum decoder_place place = decoder_place(&reader->decoder);
        if (place == PLACE_END)
            break;
        if (place == PLACE_FRAME && reader_tell_frame(reader, event))
            return true;
        if (place == PLACE_RECORD && reader_tell_record(reader, event))
            return true;
        if (place == PLACE_HOT && decoder_next(&reader->decoder, event, &reader->tick)) {
            event->time_ns = reader->tick * reader->header.tick_ns;
            event->index = reader_count(reader);
            return true;
        }
        reader->can_decode = false;
    }
    return reader_tell_record(reader, event) || reader_tell_frame(reader, event);
}

static bool reader_pread(struct trace_reader *reader, size_t count, uint64_t offset)
{
    uint8_t *to = block_bytes_room(&reader->define_bytes, count);
    reader->define_bytes.count += count;
    return pread(reader->file, to, count, (off_t)offset) == (ssize_t)count;
}

/* Head and records of a block of the index; its tokens stay where they are. */
static bool reader_load_records(struct trace_reader *reader, const struct index_block *block)
{
    reader->define_bytes.count = 0;
    if (block->offset > INT64_MAX || !reader_pread(reader, BLOCK_HEAD_BYTES, block->offset) || !block_head_get(reader->define_bytes.at, &reader->head) ||
        !reader_pread(reader, reader->head.record_bytes, block->offset + BLOCK_HEAD_BYTES))
        return false;
    const uint8_t *bytes = reader->define_bytes.at;
    return block_records_are_whole(bytes, &reader->head) &&
           block_unpack_records(reader->unpacker, bytes, &reader->head, &reader->records, &reader->frames);
}

/* After a seek: the records of the next block before it that has some. */
static bool reader_next_definitions(struct trace_reader *reader)
{
    while (reader->define_at < reader->define_end) {
        const struct index_block *block = reader->index.blocks.at + reader->define_at++;
        if (block->flags >> 8 == BLOCK_EVENTS && block->flags & BLOCK_HAS_RECORDS && reader_load_records(reader, block))
            return true;
    }
    return false;
}

/* What a later event may refer to, and which threads and processes are over. */
static bool kind_defines(uint8_t kind)
{
    return (kind >= EVENT_FRAME && kind <= EVENT_SOURCE) || kind == EVENT_THREAD_END || kind == EVENT_PROCESS_END;
}

static bool reader_tell_definition(struct trace_reader *reader, struct event *event)
{
    uint64_t index = reader->next_index;
    bool told = false;
    while (!told && reader->define_end) {
        told = (reader_tell_record(reader, event) && kind_defines(event->kind)) || reader_tell_frame(reader, event);
        if (told || reader->records.at < reader->records.end)
            continue;
        reader->record_tick = 0;
        if (!reader_next_definitions(reader))
            reader->define_at = reader->define_end = 0;
    }
    reader->next_index = index;
    if (told)
        event->index = index;
    return told;
}

static void reader_take_index(struct trace_reader *reader)
{
    struct ht_bytes records;
    if (reader->head.first_event > reader->next_index)
        reader_lose(reader, reader->head.first_event - reader->next_index, 0, "a block of the trace is damaged here");
    reader->next_index = reader->head.first_event;
    if (block_unpack_records(reader->unpacker, intake_block(&reader->intake), &reader->head, &records, NULL))
        index_get_totals(records, &reader->index.totals);
}

bool trace_next(struct trace_reader *reader, struct event *event, struct error *error)
{
    if (reader->define_end && reader_tell_definition(reader, event))
        return true;
    if (reader->only_definitions)
        return false;
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
        if (found && (reader->head.kind == BLOCK_EVENTS || reader->head.kind == BLOCK_CHECKPOINT)) {
            reader_begin_events(reader);
        } else if (found && reader->head.kind == BLOCK_INDEX) {
            reader_take_index(reader);
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
    trie_init(&reader->frames, false);
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
    if (reader->head.kind == BLOCK_HEADER && block_unpack_records(reader->unpacker, intake_block(intake), &reader->head, &records, NULL))
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

bool trace_get_totals(struct trace_reader *reader, struct trace_totals *totals)
{
    bool have = reader->index.totals.complete || (reader->file >= 0 && index_load_totals(&reader->index, reader->file));
    *totals = reader->index.totals;
    return have;
}

static bool reader_restart(struct trace_reader *reader, uint64_t offset)
{
    if (lseek(reader->file, (off_t)offset, SEEK_SET) < 0)
        return false;
    intake_restart(&reader->intake, offset);
    reader->in_block = reader->can_decode = reader->ended = reader->gap_waits = reader->block_waits = false;
    reader->tick = reader->next_index = 0;
    reader->records = (struct ht_bytes){0};
    trie_begin(&reader->frames);
    reader->define_at = reader->define_end = 0;
    reader->only_definitions = false;
    return true;
}

/* The number of the last checkpoint in the index that is not after the time; 0: none. */
static size_t reader_find_checkpoint(const struct trace_reader *reader, uint64_t time_ns)
{
    const uint64_t want = (uint64_t)BLOCK_CHECKPOINT << 8 | BLOCK_FIRST;
    for (size_t i = reader->index.blocks.count; i-- > 1;) {
        const struct index_block *block = reader->index.blocks.at + i;
        if ((block->flags & want) == want && block->flags >> 8 == BLOCK_CHECKPOINT && block->first_tick <= time_ns / reader->header.tick_ns)
            return i;
    }
    return 0;
}

static bool reader_load_index(struct trace_reader *reader, struct error *error)
{
    if (reader->file < 0 || !index_load(&reader->index, reader->file))
        return error_set(error, ERROR_READ, "%s is a stream: it can only be read from its start", reader->intake.name);
    return true;
}

bool trace_seek(struct trace_reader *reader, uint64_t time_ns, struct error *error)
{
    if (!reader_load_index(reader, error))
        return false;
    size_t checkpoint = reader_find_checkpoint(reader, time_ns);
    if (!reader_restart(reader, checkpoint ? reader->index.blocks.at[checkpoint].offset : sizeof TRACE_MAGIC - 1))
        return error_set_errno(error, ERROR_READ, "%s cannot be sought in", reader->intake.name);
    reader->tells_checkpoint = checkpoint != 0;
    reader->define_end = checkpoint;
    reader->next_index = checkpoint ? reader->index.blocks.at[checkpoint].first_event : 0;
    return true;
}

bool trace_seek_definitions(struct trace_reader *reader, struct error *error)
{
    if (!reader_load_index(reader, error) || !reader_restart(reader, 0))
        return false;
    reader->define_end = reader->index.blocks.count;
    reader->only_definitions = true;
    return true;
}

bool trace_get_layout(struct trace_reader *reader, struct trace_layout *layout)
{
    struct error error = {0};
    *layout = (struct trace_layout){0};
    if (!reader_load_index(reader, &error))
        return false;
    for (size_t i = 0; i < reader->index.blocks.count; i++) {
        const struct index_block *block = reader->index.blocks.at + i;
        bool is_checkpoint = block->flags >> 8 == BLOCK_CHECKPOINT, is_events = block->flags >> 8 == BLOCK_EVENTS;
        layout->blocks += is_events;
        layout->bytes += is_events ? block->bytes : 0;
        layout->segments += is_events && block->flags & BLOCK_RESET;
        layout->checkpoints += is_checkpoint && block->flags & BLOCK_FIRST;
        layout->checkpoint_blocks += is_checkpoint;
        layout->checkpoint_bytes += is_checkpoint ? block->bytes : 0;
    }
    layout->has_index = reader->index.totals.complete;
    return true;
}

void trace_close(struct trace_reader *reader)
{
    if (!reader)
        return;
    if (reader->file >= 0)
        close(reader->file);
    decoder_done(&reader->decoder);
    trie_done(&reader->frames);
    block_unpacker_free(reader->unpacker);
    block_bytes_done(&reader->header_bytes);
    block_bytes_done(&reader->define_bytes);
    index_done(&reader->index);
    intake_done(&reader->intake);
    memory_free(reader);
}
