/* writer: in events, out blocks. The hot ones go through the encoder, the rare ones as records beside; a block ends when it is full or on a flush. */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "block.h"
#include "define.h"
#include "follow.h"
#include "index.h"
#include "ledger.h"
#include "totals.h"

enum {
    WRITER_LEVEL = 1,
    WRITER_RECORD_BYTES = 1 << 20,
    WRITER_CHECKPOINT_EVENTS = 4 << 20,
    WRITER_CHECKPOINT_RATIO = 64,
    WRITER_ORIGINS = 65535,
    WRITER_INDEX_MOST = 1 << 16, /* entries; while somebody follows ten blocks end a second, for days */
    WRITER_NEAR = 256,
    WRITER_RUN = 16,     /* events that are looked at together */
    WRITER_FAR = 1 << 18 /* living blocks that no cache holds */
};

struct flight {
    struct ledger_block block;
    uint64_t size;
    ht_addr address; /* 0: none is in flight */
    uint32_t process, heap;
};

struct process_image {
    uint32_t pid, how;
    bool ended;
};

/* Who bore a block, for checkpoints: what an event of the birth has beside address, size and stack. */
struct origin {
    uint64_t head; /* of code.h, without the kind */
    uint32_t source, thread;
};

static inline bool origin_is(const struct origin *a, const struct origin *b)
{
    return a->head == b->head && a->thread == b->thread && a->source == b->source;
}

struct trace_writer {
    int file, error_number;
    char *path;
    uint64_t tick_ns;
    uint64_t tick_begin_ns, tick;              /* the tick of the last event */
    uint64_t record_tick, first_tick;          /* of the block */
    uint64_t event_count, block_first_event, offset;
    uint64_t define_count; /* of event_count: definitions */
    uint32_t block_records;
    bool resets; /* the next block begins a segment */
    struct encoder encoder;
    struct trie frames;
    struct ledger ledger;
    VEC(struct flight) flights; /* by thread */
    VEC(ht_addr) latest;        /* by thread: place of the block that it made last */
    VEC(struct process_image) images; /* by process id */
    struct block_packer *packer;
    struct block_bytes records, out;
    VEC(struct index_block) index;
    size_t index_most; /* when it is thinned next */
    VEC(struct origin) origins; /* the first is not known */
    struct map origin_numbers;  /* by digest */
    uint16_t origin_near[WRITER_NEAR];
    uint64_t checkpoint_event; /* where the last one stands */
    uint64_t checkpoint_events;
    uint8_t checkpoint_flags;
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
    block_pack(writer->packer, &head, &(struct block_content){.records = &writer->records}, &writer->out);
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
    follow_hold(file);
    writer->path = memory_copy_text(config->path);
    writer->tick_ns = header.tick_ns;
    writer->checkpoint_events = config->checkpoint_events;
    writer->index_most = WRITER_INDEX_MOST;
    writer->packer = block_packer_new(config->level ? config->level : WRITER_LEVEL);
    encoder_init(&writer->encoder);
    ledger_init(&writer->ledger, header.sample_bytes);
    trie_init(&writer->frames, true);
    writer_put_header(writer, &header);
    encoder_begin(&writer->encoder, true);
    writer->resets = true;
    vec_push(&writer->origins, (struct origin){0});
    return writer;
}

static void writer_put_rare(struct trace_writer *writer, const struct event *event)
{
    char text[64];
    struct ht_record record;
    define_to_record(event, &record, text);
    record.numbers[HT_NUMBER_TICK] = ht_zigzag((int64_t)(writer->tick - writer->record_tick));
    writer->record_tick = writer->tick;
    encoder_place(&writer->encoder, false);
    writer_put_record(writer, &record);
    writer->block_records++;
}

static bool writer_block_is_full(const struct trace_writer *writer)
{
    return encoder_block_is_full(&writer->encoder) || writer->records.count > WRITER_RECORD_BYTES || writer->block_records >= TRIE_BLOCK_MOST;
}

/* Nobody has to find a block of events that defines nothing: readers come to it from the checkpoint before. */
static void writer_thin_index(struct trace_writer *writer)
{
    size_t kept = 0;
    for (size_t i = 0; i < writer->index.count; i++) {
        uint64_t flags = writer->index.at[i].flags;
        if (flags >> 8 != BLOCK_EVENTS || flags & BLOCK_HAS_RECORDS)
            writer->index.at[kept++] = writer->index.at[i];
    }
    writer->index.count = kept;
    writer->index_most = 2 * kept > WRITER_INDEX_MOST ? 2 * kept : WRITER_INDEX_MOST;
}

/* Packs and writes the block that encoder, frames and records hold, and begins the next. */
static void writer_pack(struct trace_writer *writer, struct block_head *head)
{
    head->flags |= writer->resets ? BLOCK_RESET : 0;
    head->flags |= writer->block_records ? BLOCK_HAS_RECORDS : 0;
    struct index_block entry = {writer->offset, 0, head->first_event, head->first_tick, (uint64_t)head->kind << 8 | head->flags};
    block_pack(writer->packer, head, &(struct block_content){&writer->records, &writer->frames, &writer->encoder}, &writer->out);
    entry.bytes = writer->out.count;
    vec_push(&writer->index, entry);
    if (writer->index.count >= writer->index_most)
        writer_thin_index(writer);
    writer_write(writer, &writer->out);
    trie_begin(&writer->frames);
    writer->resets = encoder_segment_is_full(&writer->encoder);
    encoder_begin(&writer->encoder, writer->resets);
    writer->records.count = writer->block_records = 0;
    writer->record_tick = 0;
}

static void checkpoint_end_block(struct trace_writer *writer, uint8_t flags)
{
    struct block_head head = {.kind = BLOCK_CHECKPOINT,
                              .flags = flags,
                              .event_count = writer->encoder.block_events + writer->block_records,
                              .first_event = writer->event_count,
                              .first_tick = writer->tick,
                              .last_tick = writer->tick};
    writer_pack(writer, &head);
}

static void checkpoint_see(void *context, uint32_t process, ht_addr place, uint64_t size, const struct ledger_block *block)
{
    struct trace_writer *writer = context;
    const struct origin *origin = writer->origins.at + block->origin;
    struct event event = {.kind = EVENT_ALLOC,
                          .api = (uint8_t)origin->head,
                          .flags = (uint8_t)(origin->head >> 8) | EVENT_INHERITED,
                          .alignment_log2 = (uint8_t)(origin->head >> 16),
                          .heap = (uint32_t)(origin->head >> 24),
                          .source = origin->source,
                          .process = process,
                          .thread = origin->thread,
                          .address = ledger_place(place, (uint32_t)(origin->head >> 24)),
                          .size = size,
                          .stack = block->site};
    uint32_t node;
    if (!encoder_put_birth(&writer->encoder, &event, writer->tick, &node))
        writer_put_rare(writer, &event);
    if (writer_block_is_full(writer)) {
        checkpoint_end_block(writer, writer->checkpoint_flags);
        writer->checkpoint_flags = 0;
    }
}

/* All living blocks, for readers that begin here. */
static void writer_checkpoint(struct trace_writer *writer)
{
    writer->checkpoint_event = writer->event_count;
    writer->checkpoint_flags = BLOCK_FIRST;
    encoder_begin(&writer->encoder, true);
    writer->resets = true;
    ledger_each(&writer->ledger, checkpoint_see, writer);
    checkpoint_end_block(writer, writer->checkpoint_flags);
    encoder_begin(&writer->encoder, true);
    writer->resets = true;
}

/* Seldom enough that checkpoints are a small part of the file, often enough that a reader need not go far. */
static bool writer_wants_checkpoint(const struct trace_writer *writer)
{
    uint64_t since = writer->event_count - writer->checkpoint_event;
    if (writer->checkpoint_events)
        return since >= writer->checkpoint_events;
    return since >= WRITER_CHECKPOINT_EVENTS && since / WRITER_CHECKPOINT_RATIO >= writer->ledger.live.count >> TALLY_SHIFT;
}

static void writer_end_block(struct trace_writer *writer)
{
    if (!writer->encoder.block_events && !writer->block_records)
        return;
    struct block_head head = {
        .kind = BLOCK_EVENTS,
        .event_count = writer->encoder.block_events + writer->block_records,
        .first_event = writer->block_first_event,
        .first_tick = writer->first_tick,
        .last_tick = writer->tick,
    };
    writer_pack(writer, &head);
    writer->block_first_event = writer->event_count;
    writer->first_tick = writer->tick;
    if (writer_wants_checkpoint(writer))
        writer_checkpoint(writer);
}

static __attribute__((noinline)) void writer_new_tick(struct trace_writer *writer, uint64_t time_ns)
{
    writer->tick = time_ns / writer->tick_ns;
    writer->tick_begin_ns = writer->tick * writer->tick_ns;
    if (writer->event_count == writer->block_first_event)
        writer->first_tick = writer->tick;
}

static inline void writer_set_tick(struct trace_writer *writer, uint64_t time_ns)
{
    if (__builtin_expect(time_ns - writer->tick_begin_ns >= writer->tick_ns, 0))
        writer_new_tick(writer, time_ns);
}

static void writer_put_frame(struct trace_writer *writer, const struct event *event)
{
    if (!trie_put(&writer->frames, event->define)) {
        writer_put_rare(writer, event);
        return;
    }
    encoder_place(&writer->encoder, true);
    writer->block_records++;
}

static struct flight *writer_flight(struct trace_writer *writer, uint32_t thread)
{
    vec_extend(&writer->flights, (size_t)thread + 1);
    return writer->flights.at + thread;
}

static uint16_t writer_new_origin(struct trace_writer *writer, const struct origin *origin)
{
    uint64_t digest = ((uint64_t)origin->thread << 32 ^ (uint64_t)origin->source << 12) + origin->head * 0x9E3779B97F4A7C15u;
    uint64_t *number = map_put(&writer->origin_numbers, digest, NULL);
    if (*number && origin_is(writer->origins.at + *number, origin))
        return (uint16_t)*number;
    if (writer->origins.count == WRITER_ORIGINS)
        return 0;
    vec_push(&writer->origins, *origin);
    *number = writer->origins.count - 1;
    return (uint16_t)*number;
}

static inline uint16_t writer_origin(struct trace_writer *writer, const struct event *event)
{
    struct origin origin = {.head = event_head(event) >> 8, .source = event->source, .thread = event->thread};
    uint16_t *near = writer->origin_near + (event->thread * 8 + event->api) % WRITER_NEAR;
    if (__builtin_expect(!*near || !origin_is(writer->origins.at + *near, &origin), 0))
        *near = writer_new_origin(writer, &origin);
    return *near;
}

/* A realloc that failed, or was in flight when its process ended: the old block lives on. */
static void writer_land(struct trace_writer *writer, struct flight *flight, uint64_t time_ns)
{
    struct event again = {.process = flight->process,
                          .heap = flight->heap,
                          .address = flight->address,
                          .size = flight->size,
                          .stack = flight->block.site,
                          .time_ns = time_ns,
                          .flags = flight->block.sampled ? EVENT_SAMPLED : 0};
    if (flight->address)
        ledger_birth(&writer->ledger, &again, 0, (uint16_t)flight->block.origin, LEDGER_RESTORED);
    *flight = (struct flight){0};
}

static __attribute__((noinline)) void writer_resized(struct trace_writer *writer, const struct event *event)
{
    struct flight *flight = writer_flight(writer, event->thread);
    if (!event->address && flight->address == event->old_address && flight->heap == event->heap)
        writer_land(writer, flight, event->time_ns);
    *flight = (struct flight){0};
    writer->ledger.totals.resizes += event->address != 0;
}

static inline void writer_birth(struct trace_writer *writer, const struct event *event)
{
    uint32_t node;
    if (!encoder_put_birth(&writer->encoder, event, writer->tick, &node))
        writer_put_rare(writer, event);
    if (event->kind == EVENT_RESIZE_END)
        writer_resized(writer, event);
    if (__builtin_expect(!event->address, 0))
        return;
    if (__builtin_expect(event->source != 0, 0))
        ledger_note(&writer->ledger, event->stack)->source = event->source;
    if (__builtin_expect(event->flags & EVENT_INHERITED, 0)) {
        ledger_birth(&writer->ledger, event, node, writer_origin(writer, event), LEDGER_INHERITED);
        return;
    }
    ledger_birth(&writer->ledger, event, node, writer_origin(writer, event), LEDGER_BORN);
    if (__builtin_expect(event->thread >= writer->latest.count, 0))
        vec_extend(&writer->latest, event->thread + (size_t)1);
    writer->latest.at[event->thread] = ledger_place(event->address, event->heap);
}

/* The block's node, if it was born in this segment. */
static inline uint32_t writer_node(const struct trace_writer *writer, const struct ledger_block *block, ht_addr address)
{
    const struct predict *predict = &writer->encoder.predict;
    return block->node < predict->node_count && predict->nodes[block->node].address == address ? block->node : 0;
}

static struct process_image *writer_image(struct trace_writer *writer, uint32_t process)
{
    static struct process_image none;
    return process < writer->images.count ? writer->images.at + process : &none;
}

static void writer_unknown(struct trace_writer *writer, uint32_t process)
{
    if (writer->ledger.sample_bytes)
        return;
    if (writer_image(writer, process)->how == 1)
        writer->ledger.totals.inherited_frees++;
    else
        writer->ledger.totals.unknown_frees++;
}

/* The thread frees what it made last. */
static inline void writer_count_temporary(struct trace_writer *writer, const struct event *event, ht_addr place, const struct ledger_block *block,
                                          uint64_t size)
{
    if (event->thread >= writer->latest.count || writer->latest.at[event->thread] != place || writer->origins.at[block->origin].thread != event->thread)
        return;
    tally_add(&ledger_note(&writer->ledger, block->site)->temporary, ledger_weigh(&writer->ledger, block->sampled, size));
}

static inline void writer_ending(struct trace_writer *writer, const struct event *event)
{
    struct ledger_block block;
    uint64_t size = 0;
    ht_addr place = ledger_place(event->address, event->heap);
    bool known = event->address && ledger_end(&writer->ledger, event->process, place, &block, &size);
    uint32_t node = known ? writer_node(writer, &block, event->address) : 0;
    if (!encoder_put_end(&writer->encoder, event, writer->tick, node))
        writer_put_rare(writer, event);
    if (event->kind == EVENT_RESIZE_BEGIN)
        *writer_flight(writer, event->thread) = known ? (struct flight){block, size, event->address, event->process, event->heap} : (struct flight){0};
    else if (known)
        writer_count_temporary(writer, event, place, &block, size);
    if (!known && event->address)
        writer_unknown(writer, event->process);
}

/* Its blocks are left; those in flight were still its own. */
static void writer_process_over(struct trace_writer *writer, uint32_t process, uint64_t time_ns)
{
    struct process_image *image = writer_image(writer, process);
    if (!process || process >= writer->images.count || image->ended)
        return;
    image->ended = true;
    for (size_t i = 0; i < writer->flights.count; i++)
        if (writer->flights.at[i].address && writer->flights.at[i].process == process)
            writer_land(writer, writer->flights.at + i, time_ns);
    ledger_leave(&writer->ledger, process);
}

/* An image that execs is over, though its process id goes on. One of another id was spawned, and its parent lives. */
static void writer_see_process(struct trace_writer *writer, const struct process_definition *process, uint64_t time_ns)
{
    if (process->how == 2 && writer_image(writer, process->parent)->pid == process->pid)
        writer_process_over(writer, process->parent, time_ns);
    if (!process->id || process->id > writer->images.count + !writer->images.count)
        return;
    writer->ledger.totals.processes += process->id >= writer->images.count;
    vec_extend(&writer->images, process->id + (size_t)1);
    writer->images.at[process->id].pid = process->pid;
    writer->images.at[process->id].how = process->how;
}

static void writer_count_rare(struct trace_writer *writer, const struct event *event)
{
    struct trace_totals *totals = &writer->ledger.totals;
    if (event->kind == EVENT_PROCESS && event->define)
        writer_see_process(writer, event->define, event->time_ns);
    if (event->kind == EVENT_PROCESS_END)
        writer_process_over(writer, event->process, event->time_ns);
    if (event->kind == EVENT_THREAD && event->define && ((const struct thread_definition *)event->define)->id > totals->threads)
        totals->threads = ((const struct thread_definition *)event->define)->id;
    if (event->kind == EVENT_REFUSE) {
        totals->refused++;
        ledger_note(&writer->ledger, event->stack)->refused++;
    }
    if (event->kind == EVENT_MAP) {
        totals->maps++;
        ledger_note(&writer->ledger, event->stack);
    }
    if (event->kind == EVENT_GAP) {
        totals->gaps++;
        totals->lost_events += event->size;
        totals->lost_bytes += event->address;
    }
    totals->told += event->kind >= EVENT_FAULT;
    writer->define_count += event->define && event->kind != EVENT_GAP;
}

static __attribute__((noinline)) void writer_rare(struct trace_writer *writer, const struct event *event)
{
    if (event->kind == EVENT_FRAME) {
        writer_put_frame(writer, event);
        writer->define_count++;
    } else {
        writer_put_rare(writer, event);
        writer_count_rare(writer, event);
    }
}

static inline void writer_put(struct trace_writer *writer, const struct event *event)
{
    if (__builtin_expect(writer->error_number, 0))
        return;
    writer_set_tick(writer, event->time_ns);
    if (event->kind == EVENT_ALLOC || event->kind == EVENT_RESIZE_END)
        writer_birth(writer, event);
    else if (event->kind == EVENT_FREE || event->kind == EVENT_RESIZE_BEGIN)
        writer_ending(writer, event);
    else
        writer_rare(writer, event);
    writer->event_count++;
    if (__builtin_expect(writer_block_is_full(writer), 0))
        writer_end_block(writer);
}

/* The rows of these events, the blocks that they end and those blocks' nodes are far in memory: they come while others are waited for. */
static __attribute__((always_inline)) inline void writer_expect(const struct trace_writer *writer, const struct event *events, size_t count)
{
    const struct ledger_row *rows[WRITER_RUN];
    const struct ledger_block *blocks = writer->ledger.blocks.at;
    for (size_t i = 0; i < count; i++) {
        bool is_end = events[i].kind == EVENT_FREE || events[i].kind == EVENT_RESIZE_BEGIN;
        const struct ledger_row *row = ledger_expect(&writer->ledger, events[i].process, ledger_place(events[i].address, events[i].heap));
        rows[i] = is_end ? row : NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (rows[i])
            __builtin_prefetch(blocks + rows[i]->first);
    for (size_t i = 0; i < count; i++)
        if (rows[i])
            __builtin_prefetch(writer->encoder.predict.nodes + blocks[rows[i]->first].node);
}

void trace_writer_put(struct trace_writer *writer, const struct event *events, size_t count)
{
    while (count) {
        size_t run = count < WRITER_RUN ? count : WRITER_RUN;
        if (writer->ledger.live.count >> TALLY_SHIFT >= WRITER_FAR)
            writer_expect(writer, events, run);
        for (size_t i = 0; i < run; i++)
            writer_put(writer, events + i);
        events += run;
        count -= run;
    }
}

struct block_visit {
    const struct trace_writer *writer;
    uint32_t process;
    trace_writer_see see;
    void *context;
};

static void visit_block(void *context, uint32_t process, ht_addr place, uint64_t size, const struct ledger_block *block)
{
    const struct block_visit *visit = context;
    uint32_t heap = (uint32_t)(visit->writer->origins.at[block->origin].head >> 24);
    if (process == visit->process)
        visit->see(visit->context, ledger_place(place, heap), size, block->site);
}

void trace_writer_each_block(struct trace_writer *writer, uint32_t process, trace_writer_see see, void *context)
{
    struct block_visit visit = {writer, process, see, context};
    ledger_each(&writer->ledger, visit_block, &visit);
    for (size_t i = 0; i < writer->flights.count; i++)
        if (writer->flights.at[i].address && writer->flights.at[i].process == process)
            see(context, writer->flights.at[i].address, writer->flights.at[i].size, writer->flights.at[i].block.site);
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

void trace_writer_attend(struct trace_writer *writer)
{
    bool has_some = writer->encoder.block_events || writer->block_records;
    if (has_some && !writer->error_number && follow_is_wanted(writer->file))
        writer_end_block(writer);
}

void trace_writer_tell_away(struct trace_writer *writer, bool is_away)
{
    trace_writer_flush(writer);
    follow_tell_away(writer->file, is_away);
}

static void writer_free(struct trace_writer *writer)
{
    encoder_done(&writer->encoder);
    trie_done(&writer->frames);
    ledger_done(&writer->ledger);
    vec_done(&writer->flights);
    vec_done(&writer->latest);
    vec_done(&writer->images);
    vec_done(&writer->index);
    vec_done(&writer->origins);
    map_done(&writer->origin_numbers);
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
    block_pack(writer->packer, &head, &(struct block_content){.records = &writer->records}, &writer->out);
    index_put_trailer(&writer->out, offset);
    writer_write(writer, &writer->out);
}

bool trace_writer_close(struct trace_writer *writer, const struct cost_definition *cost, struct trace_totals *totals, struct error *error)
{
    trace_writer_flush(writer);
    struct trace_totals *sums = &writer->ledger.totals;
    sums->events = writer->event_count - writer->define_count;
    sums->vague = writer->origins.count == WRITER_ORIGINS;
    sums->duration_ns = writer->tick * writer->tick_ns;
    if (cost)
        sums->cost = *cost;
    sums->cost.stored_bytes = writer->offset;
    sums->complete = true;
    for (size_t i = 0; i < writer->flights.count; i++)
        writer_land(writer, writer->flights.at + i, writer->tick * writer->tick_ns);
    totals_sum(&writer->ledger, writer->tick_ns);
    if (!writer->error_number)
        writer_put_index(writer);
    /* No fsync: what has been written survives us, and waiting for the disk costs a short program more than all of its recording. */
    if (close(writer->file) && !writer->error_number)
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
