/* index: records of blocks, totals and top sites; put and get side by side. */
#include "index.h"

#include <sys/stat.h>
#include <unistd.h>

#include "define.h"

static const char trailer_mark[8] = {'H', 'T', 'R', 'C', 'E', 'N', 'D', '\n'};

static void put(struct block_bytes *records, const struct ht_record *record)
{
    uint8_t *to = block_bytes_room(records, ht_record_room(record));
    records->count += (size_t)(ht_record_put(to, record) - to);
}

static void put_sites(struct block_bytes *records, uint32_t kind, const struct trace_site_total *sites)
{
    for (int i = 0; i < TRACE_TOP_SITES && sites[i].stack; i++)
        put(records, &(struct ht_record){.kind = kind, .numbers = {sites[i].stack, sites[i].bytes, sites[i].count}});
}

static void get_site(const struct ht_record *record, struct trace_site_total *sites)
{
    int i = 0;
    while (i < TRACE_TOP_SITES && sites[i].stack)
        i++;
    if (i < TRACE_TOP_SITES)
        sites[i] = (struct trace_site_total){(uint32_t)record->numbers[0], record->numbers[1], record->numbers[2]};
}

static void put_totals(struct block_bytes *records, const struct trace_totals *t)
{
    put(records, &(struct ht_record){.kind = HT_RECORD_TOTALS,
                                     .numbers = {t->events, t->allocations, t->frees, t->allocated_bytes, t->duration_ns, t->processes, t->threads,
                                                 t->peak_bytes, t->peak_time_ns, t->peak_count, t->leaked_bytes, t->leaked_count}});
}

static void get_totals(const struct ht_record *record, struct trace_totals *totals)
{
    const uint64_t *n = record->numbers;
    *totals = (struct trace_totals){.complete = true,
                                    .events = n[0],
                                    .allocations = n[1],
                                    .frees = n[2],
                                    .allocated_bytes = n[3],
                                    .duration_ns = n[4],
                                    .processes = n[5],
                                    .threads = n[6],
                                    .peak_bytes = n[7],
                                    .peak_time_ns = n[8],
                                    .peak_count = n[9],
                                    .leaked_bytes = n[10],
                                    .leaked_count = n[11]};
}

void index_put(struct block_bytes *records, const struct index_block *blocks, size_t count, const struct trace_totals *totals)
{
    struct ht_record cost = {.kind = HT_RECORD_COST};
    put_totals(records, totals);
    define_cost_to_record(&totals->cost, &cost);
    put(records, &cost);
    put_sites(records, HT_RECORD_PEAK_SITE, totals->peak_sites);
    put_sites(records, HT_RECORD_LEAKED_SITE, totals->leaked_sites);
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
        else if (record.kind == HT_RECORD_PEAK_SITE)
            get_site(&record, totals->peak_sites);
        else if (record.kind == HT_RECORD_LEAKED_SITE)
            get_site(&record, totals->leaked_sites);
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
    *offset = 0;
    for (int i = 7; i >= 0; i--)
        *offset = *offset << 8 | bytes[i];
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
