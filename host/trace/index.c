/* index: records of blocks, totals and top sites; put and get side by side. */
#include "index.h"

#include <sys/stat.h>
#include <unistd.h>

#include "define.h"
#include "host/base/little.h"

static const char trailer_mark[8] = {'H', 'T', 'R', 'C', 'E', 'N', 'D', '\n'};

static void put(struct block_bytes *records, const struct ht_record *record)
{
    uint8_t *to = block_bytes_room(records, ht_record_room(record));
    records->count += (size_t)(ht_record_put(to, record) - to);
}

static void put_site(struct block_bytes *records, const struct trace_site_total *s)
{
    put(records, &(struct ht_record){.kind = HT_RECORD_SITE,
                                     .numbers = {s->stack, s->allocated.bytes, tally_count(s->allocated), s->peak.bytes, tally_count(s->peak), s->leaked.bytes,
                                                 tally_count(s->leaked), s->temporary.bytes, tally_count(s->temporary), s->own_peak_bytes, s->refused,
                                                 [HT_NUMBER_SOURCE_ID] = s->source}});
}

static struct tally get_tally(const uint64_t *numbers)
{
    return (struct tally){numbers[0], numbers[1] << TALLY_SHIFT};
}

static void get_site(const struct ht_record *record, struct trace_totals *totals)
{
    const uint64_t *n = record->numbers;
    if (totals->site_count == TRACE_SITES_MOST)
        return;
    totals->site[totals->site_count++] = (struct trace_site_total){.stack = (uint32_t)n[0],
                                                                   .source = (uint32_t)n[HT_NUMBER_SOURCE_ID],
                                                                   .allocated = get_tally(n + 1),
                                                                   .peak = get_tally(n + 3),
                                                                   .leaked = get_tally(n + 5),
                                                                   .temporary = get_tally(n + 7),
                                                                   .own_peak_bytes = n[9],
                                                                   .refused = n[10]};
}

static void put_totals(struct block_bytes *records, const struct trace_totals *t)
{
    put(records, &(struct ht_record){.kind = HT_RECORD_TOTALS,
                                     .numbers = {t->events, t->allocations, t->frees, t->allocated_bytes, t->duration_ns, t->processes, t->threads,
                                                 t->peak_bytes, t->peak_time_ns, t->peak_count, t->leaked_bytes, t->leaked_count, t->freed_bytes, t->vague}});
    put(records, &(struct ht_record){.kind = HT_RECORD_COURSE,
                                     .numbers = {t->sites, t->resizes, t->refused, t->unknown_frees, t->inherited_frees, t->vanished, t->inherited, t->maps,
                                                 t->gaps, t->lost_events, t->lost_bytes, t->live_bytes, t->live_count, t->told}});
    put(records, &(struct ht_record){.kind = HT_RECORD_SITE_COUNTS,
                                     .numbers = {t->allocated_sites, t->peak_sites, t->leaked_sites, t->temporary_sites}});
}

static void get_totals(const struct ht_record *record, struct trace_totals *totals)
{
    const uint64_t *n = record->numbers;
    totals->complete = true;
    totals->events = n[0];
    totals->allocations = n[1];
    totals->frees = n[2];
    totals->allocated_bytes = n[3];
    totals->duration_ns = n[4];
    totals->processes = n[5];
    totals->threads = n[6];
    totals->peak_bytes = n[7];
    totals->peak_time_ns = n[8];
    totals->peak_count = n[9];
    totals->leaked_bytes = n[10];
    totals->leaked_count = n[11];
    totals->freed_bytes = n[12];
    totals->vague = n[13] != 0;
}

static void get_course(const struct ht_record *record, struct trace_totals *totals)
{
    const uint64_t *n = record->numbers;
    totals->sites = n[0];
    totals->resizes = n[1];
    totals->refused = n[2];
    totals->unknown_frees = n[3];
    totals->inherited_frees = n[4];
    totals->vanished = n[5];
    totals->inherited = n[6];
    totals->maps = n[7];
    totals->gaps = n[8];
    totals->lost_events = n[9];
    totals->lost_bytes = n[10];
    totals->live_bytes = n[11];
    totals->live_count = n[12];
    totals->told = n[13];
}

static void get_site_counts(const struct ht_record *record, struct trace_totals *totals)
{
    const uint64_t *n = record->numbers;
    totals->has_sites = true;
    totals->allocated_sites = n[0];
    totals->peak_sites = n[1];
    totals->leaked_sites = n[2];
    totals->temporary_sites = n[3];
}

void index_put(struct block_bytes *records, const struct index_block *blocks, size_t count, const struct trace_totals *totals)
{
    struct ht_record cost = {.kind = HT_RECORD_COST};
    put_totals(records, totals);
    define_cost_to_record(&totals->cost, &cost);
    put(records, &cost);
    for (uint32_t i = 0; i < totals->site_count; i++)
        put_site(records, totals->site + i);
    for (size_t i = 0; i < count; i++)
        put(records, &(struct ht_record){.kind = HT_RECORD_BLOCK,
                                         .numbers = {blocks[i].offset, blocks[i].bytes, blocks[i].first_event, blocks[i].first_tick, blocks[i].flags}});
}

bool index_get_totals(struct ht_bytes records, struct trace_totals *totals)
{
    struct ht_record record;
    *totals = (struct trace_totals){0};
    while (ht_record_get(&records, &record)) {
        if (record.kind == HT_RECORD_TOTALS)
            get_totals(&record, totals);
        else if (record.kind == HT_RECORD_COST)
            define_cost_from_record(&record, &totals->cost);
        else if (record.kind == HT_RECORD_COURSE)
            get_course(&record, totals);
        else if (record.kind == HT_RECORD_SITE_COUNTS)
            get_site_counts(&record, totals);
        else if (record.kind == HT_RECORD_SITE)
            get_site(&record, totals);
        else if (record.kind == HT_RECORD_BLOCK)
            break;
    }
    return totals->complete;
}

void index_put_trailer(struct block_bytes *out, uint64_t offset)
{
    uint8_t *to = block_bytes_room(out, INDEX_TRAILER_BYTES);
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(offset >> i * 8);
    memcpy(to + 8, trailer_mark, sizeof trailer_mark);
    out->count += INDEX_TRAILER_BYTES;
}

bool index_get_trailer(const uint8_t *bytes, uint64_t *offset)
{
    *offset = little_get(bytes, sizeof *offset);
    return !memcmp(bytes + 8, trailer_mark, sizeof trailer_mark);
}

static bool read_at(int file, void *bytes, size_t count, uint64_t offset)
{
    return offset <= INT64_MAX && pread(file, bytes, count, (off_t)offset) == (ssize_t)count;
}

/* The index block of the file, to be freed; NULL: there is none that is whole. */
static uint8_t *read_footer(int file, struct block_head *head)
{
    struct stat status;
    uint8_t trailer[INDEX_TRAILER_BYTES];
    uint64_t offset;
    if (fstat(file, &status) || status.st_size < INDEX_TRAILER_BYTES + BLOCK_HEAD_BYTES)
        return NULL;
    uint64_t end = (uint64_t)status.st_size - INDEX_TRAILER_BYTES;
    if (!read_at(file, trailer, sizeof trailer, end) || !index_get_trailer(trailer, &offset) || offset > end - BLOCK_HEAD_BYTES ||
        end - offset > BLOCK_STORED_MOST)
        return NULL;
    uint8_t *bytes = memory_new(end - offset, 1);
    if (read_at(file, bytes, end - offset, offset) && block_head_get(bytes, head) && head->kind == BLOCK_INDEX &&
        BLOCK_HEAD_BYTES + (uint64_t)head->record_bytes <= end - offset && block_records_are_whole(bytes, head))
        return bytes;
    memory_free(bytes);
    return NULL;
}

static bool load_footer(struct index *index, int file, bool blocks)
{
    struct block_head head;
    struct ht_bytes records;
    struct ht_record record;
    uint8_t *bytes = read_footer(file, &head);
    if (!bytes)
        return false;
    struct block_unpacker *unpacker = block_unpacker_new();
    bool ok = block_unpack_records(unpacker, bytes, &head, &records, NULL) && index_get_totals(records, &index->totals);
    while (ok && blocks && ht_record_get(&records, &record)) {
        const uint64_t *n = record.numbers;
        if (record.kind == HT_RECORD_BLOCK)
            vec_push(&index->blocks, ((struct index_block){n[0], n[1], n[2], n[3], n[4]}));
    }
    block_unpacker_free(unpacker);
    memory_free(bytes);
    return ok;
}

/* From head to head; at the first that is none it stops: what lies behind damage is read in order only. */
static void load_heads(struct index *index, int file)
{
    uint8_t bytes[BLOCK_HEAD_BYTES];
    struct block_head head;
    uint64_t offset = sizeof TRACE_MAGIC - 1;
    index->blocks.count = 0;
    while (read_at(file, bytes, sizeof bytes, offset) && block_head_get(bytes, &head)) {
        uint64_t count = BLOCK_HEAD_BYTES + (uint64_t)head.record_bytes + head.token_bytes;
        vec_push(&index->blocks, ((struct index_block){offset, count, head.first_event, head.first_tick, (uint64_t)head.kind << 8 | head.flags}));
        offset += count;
    }
}

bool index_load(struct index *index, int file)
{
    if (index->is_loaded)
        return true;
    if (lseek(file, 0, SEEK_CUR) < 0)
        return false;
    if (!load_footer(index, file, true))
        load_heads(index, file);
    return index->is_loaded = true;
}

bool index_load_totals(struct index *index, int file)
{
    return index->totals.complete || (lseek(file, 0, SEEK_CUR) >= 0 && load_footer(index, file, false));
}

void index_done(struct index *index)
{
    vec_done(&index->blocks);
}
