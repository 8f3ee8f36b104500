/* writer: in events, out blocks. The hot ones go through the encoder, the rare ones as records beside; a block ends when it is full or on a flush. */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "block.h"
#include "define.h"
#include "index.h"
#include "ledger.h"

enum { WRITER_LEVEL = 1, WRITER_RECORD_BYTES = 1 << 20 };

struct flight {
    struct ledger_slot slot;
    uint64_t size;
    ht_addr address;
};

struct trace_writer {
    int file, error_number;
    char *path;
    uint64_t tick_ns;
    uint64_t tick_begin_ns, tick_end_ns, tick; /* the tick of the last event */
    uint64_t record_tick, first_tick;          /* of the block */
    uint64_t event_count, block_first_event, offset;
    uint32_t block_records;
    bool resets; /* the next block begins a segment */
    struct encoder encoder;
    struct ledger ledger;
    VEC(struct flight) flights; /* by thread */
    struct block_packer *packer;
    struct block_bytes records, out;
    VEC(struct index_block) index;
};

static void writer_write(struct trace_writer *writer, const struct block_bytes *bytes)
{
    const uint8_t *at = bytes->at;
    size_t left = bytes->count;
    while (left && !writer->error_number) {
        ssize_t done = write(writer->file, at, left);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            writer->error_number = done ? errno : ENOSPC;
            break;
        }
        at += done;
        left -= (size_t)done;
    }
    if (writer->error_number && ftruncate(writer->file, (off_t)writer->offset))
        return;
    writer->offset += writer->error_number ? 0 : bytes->count;
}

static void writer_put_record(struct trace_writer *writer, const struct ht_record *record)
{
    uint8_t *to = block_bytes_room(&writer->records, ht_record_room(record));
    writer->records.count += (size_t)(ht_record_put(to, record) - to);
}

static void writer_put_header(struct trace_writer *writer, const struct trace_header *header)
{
    struct ht_record record = {.kind = HT_RECORD_HEADER};
    const uint64_t numbers[] = {header->version, header->pointer_bytes, header->page_bytes,   header->big_endian,
                                header->tick_ns, header->sample_bytes,  header->start_unix_ns};
    const char *texts[] = {header->command, header->machine, header->system, header->directory, header->recorder, header->environment};
    memcpy(record.numbers, numbers, sizeof numbers);
    memcpy(record.texts, texts, sizeof texts);
    struct block_head head = {.kind = BLOCK_HEADER};
    memcpy(block_bytes_room(&writer->out, sizeof TRACE_MAGIC), TRACE_MAGIC, sizeof TRACE_MAGIC - 1);
    writer->out.count = sizeof TRACE_MAGIC - 1;
    writer_write(writer, &writer->out);
    writer_put_record(writer, &record);
    block_pack(writer->packer, &head, &writer->records, NULL, &writer->out);
    writer_write(writer, &writer->out);
    writer->records.count = 0;
}

struct trace_writer *trace_writer_new(const struct trace_writer_config *config, struct error *error)
{
    int file = open(config->path, O_WRONLY | O_CREAT | O_CLOEXEC | (config->replace ? O_TRUNC : O_EXCL), 0666);
    if (file < 0)
        return error_set_errno(error, ERROR_WRITE, "the trace %s cannot be made", config->path), NULL;
    struct trace_writer *writer = memory_new(1, sizeof *writer);
    struct trace_header header = config->header;
    header.version = TRACE_VERSION;
    header.tick_ns = header.tick_ns ? header.tick_ns : TRACE_TICK_NS;
    writer->file = file;
    writer->path = memory_copy_text(config->path);
    writer->tick_ns = header.tick_ns;
    writer->packer = block_packer_new(config->level ? config->level : WRITER_LEVEL);
    encoder_init(&writer->encoder);
    writer_put_header(writer, &header);
    encoder_begin(&writer->encoder, true);
    writer->resets = true;
    return writer;
}

static void writer_end_block(struct trace_writer *writer)
{
    if (!writer->encoder.block_events && !writer->block_records)
        return;
    struct block_head head = {
        .kind = BLOCK_EVENTS,
        .flags = writer->resets ? BLOCK_RESET : 0,
        .event_count = writer->encoder.block_events + writer->block_records,
        .first_event = writer->block_first_event,
        .first_tick = writer->first_tick,
        .last_tick = writer->tick,
    };
    struct index_block entry = {writer->offset, 0, head.first_event, head.first_tick, (uint64_t)head.kind << 8 | head.flags};
    block_pack(writer->packer, &head, &writer->records, &writer->encoder, &writer->out);
    entry.bytes = writer->out.count;
    vec_push(&writer->index, entry);
    writer_write(writer, &writer->out);
    writer->resets = encoder_segment_is_full(&writer->encoder);
    encoder_begin(&writer->encoder, writer->resets);
    writer->records.count = writer->block_records = 0;
    writer->block_first_event = writer->event_count;
    writer->record_tick = 0;
    writer->first_tick = writer->tick;
}

static void writer_set_tick(struct trace_writer *writer, uint64_t time_ns)
{
    if (time_ns - writer->tick_begin_ns < writer->tick_ns && writer->tick_end_ns)
        return;
    writer->tick = time_ns / writer->tick_ns;
    writer->tick_begin_ns = writer->tick * writer->tick_ns;
    writer->tick_end_ns = writer->tick_begin_ns + writer->tick_ns;
    if (writer->event_count == writer->block_first_event)
        writer->first_tick = writer->tick;
}

static void writer_put_rare(struct trace_writer *writer, const struct event *event)
{
    char text[64];
    struct ht_record record;
    define_to_record(event, &record, text);
    record.numbers[HT_NUMBER_TICK] = ht_zigzag((int64_t)(writer->tick - writer->record_tick));
    writer->record_tick = writer->tick;
    encoder_place(&writer->encoder);
    writer_put_record(writer, &record);
    writer->block_records++;
}

static struct flight *writer_flight(struct trace_writer *writer, uint32_t thread)
{
    vec_extend(&writer->flights, (size_t)thread + 1);
    return writer->flights.at + thread;
}

static void writer_birth(struct trace_writer *writer, const struct event *event)
{
    uint32_t node = 0;
    if (!encoder_put(&writer->encoder, event, writer->tick, &node))
        writer_put_rare(writer, event);
    struct trace_totals *totals = &writer->ledger.totals;
    if (event->kind == EVENT_RESIZE_END && !event->address) {
        struct flight *flight = writer_flight(writer, event->thread);
        if (flight->address == event->old_address && flight->address)
            ledger_birth(&writer->ledger, event->process, flight->address, flight->size, flight->slot.site, event->time_ns, 0, flight->slot.origin);
        totals->frees -= flight->address != 0;
        return;
    }
    if (!(event->flags & EVENT_INHERITED)) {
        totals->allocations++;
        totals->allocated_bytes += event->size;
    }
    ledger_birth(&writer->ledger, event->process, event->address, event->size, event->stack, event->time_ns, node, 0);
}

static void writer_ending(struct trace_writer *writer, const struct event *event)
{
    struct flight flight = {.address = event->address};
    bool known = event->address && ledger_end(&writer->ledger, event->process, event->address, &flight.slot, &flight.size);
    uint32_t node = known && flight.slot.node < writer->encoder.predict.node_count && writer->encoder.predict.nodes[flight.slot.node].address == event->address
                        ? flight.slot.node
                        : 0;
    if (!known)
        flight.address = 0;
    if (!encoder_put(&writer->encoder, event, writer->tick, &node))
        writer_put_rare(writer, event);
    if (event->kind == EVENT_RESIZE_BEGIN)
        *writer_flight(writer, event->thread) = flight;
    writer->ledger.totals.frees += event->address != 0;
}

static void writer_count_rare(struct trace_writer *writer, const struct event *event)
{
    struct trace_totals *totals = &writer->ledger.totals;
    if (event->kind == EVENT_PROCESS)
        totals->processes++;
    if (event->kind == EVENT_THREAD && event->define && ((const struct thread_definition *)event->define)->id > totals->threads)
        totals->threads = ((const struct thread_definition *)event->define)->id;
}

void trace_writer_put(struct trace_writer *writer, const struct event *event)
{
    if (writer->error_number)
        return;
    writer_set_tick(writer, event->time_ns);
    switch (event->kind) {
    case EVENT_ALLOC:
    case EVENT_RESIZE_END:
        writer_birth(writer, event);
        break;
    case EVENT_FREE:
    case EVENT_RESIZE_BEGIN:
        writer_ending(writer, event);
        break;
    default:
        writer_put_rare(writer, event);
        writer_count_rare(writer, event);
    }
    writer->event_count++;
    if (encoder_block_is_full(&writer->encoder) || writer->records.count > WRITER_RECORD_BYTES)
        writer_end_block(writer);
}

bool trace_writer_failed(const struct trace_writer *writer)
{
    return writer->error_number != 0;
}

void trace_writer_flush(struct trace_writer *writer)
{
    if (!writer->error_number)
        writer_end_block(writer);
}

static void writer_free(struct trace_writer *writer)
{
    encoder_done(&writer->encoder);
    ledger_done(&writer->ledger);
    vec_done(&writer->flights);
    vec_done(&writer->index);
    block_packer_free(writer->packer);
    block_bytes_done(&writer->records);
    block_bytes_done(&writer->out);
    memory_free(writer->path);
    memory_free(writer);
}

static void writer_put_index(struct trace_writer *writer)
{
    struct block_head head = {.kind = BLOCK_INDEX, .first_event = writer->event_count, .first_tick = writer->tick, .last_tick = writer->tick};
    uint64_t offset = writer->offset;
    index_put(&writer->records, writer->index.at, writer->index.count, &writer->ledger.totals);
    block_pack(writer->packer, &head, &writer->records, NULL, &writer->out);
    index_put_trailer(&writer->out, offset);
    writer_write(writer, &writer->out);
}

bool trace_writer_close(struct trace_writer *writer, const struct cost_definition *cost, struct trace_totals *totals, struct error *error)
{
    trace_writer_flush(writer);
    struct trace_totals *sums = &writer->ledger.totals;
    sums->events = writer->event_count;
    sums->duration_ns = writer->tick * writer->tick_ns;
    if (cost)
        sums->cost = *cost;
    sums->cost.stored_bytes = writer->offset;
    sums->complete = true;
    ledger_sum(&writer->ledger);
    if (!writer->error_number)
        writer_put_index(writer);
    if ((fsync(writer->file) && errno != EINVAL && errno != EROFS) | close(writer->file) && !writer->error_number)
        writer->error_number = errno;
    bool ok = !writer->error_number;
    if (!ok) {
        errno = writer->error_number;
        error_set_errno(error, ERROR_WRITE, "the trace %s ends after %llu whole events", writer->path, (unsigned long long)writer->block_first_event);
    }
    sums->complete = ok;
    if (totals)
        *totals = *sums;
    writer_free(writer);
    return ok;
}
