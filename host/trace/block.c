/* block: what SPEC.md calls a block, its head and its packed parts.
 *
 * Head, 64 bytes, little-endian: 0 sync u32, 4 kind u8, 5 flags u8, 6 zero u16, 8 record_bytes u32, 12 token_bytes u32, 16 event_count u32, 20 zero u32,
 * 24 first_event u64, 32 first_tick u64, 40 last_tick u64, 48 XXH64 of bytes 0 to 47 and the records u64, 56 XXH64 of the tokens, seeded with that, u64. */
#include "block.h"

#include <xxhash.h>
#include <zstd.h>

#include "host/base/little.h"

/* A fuzzer cannot guess checksums: with it they all hold. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define BLOCK_SUMS_ARE_IDLE true
#else
#define BLOCK_SUMS_ARE_IDLE false
#endif

struct block_packer {
    ZSTD_CCtx *zstd;
};

struct block_unpacker {
    ZSTD_DCtx *zstd;
    struct block_bytes records, frames, tokens;
};

uint8_t *block_bytes_room(struct block_bytes *bytes, size_t more)
{
    if (!bytes->at || bytes->room - bytes->count < more) {
        bytes->room = (bytes->count + more) * 2 + 64;
        bytes->at = memory_resize(bytes->at, bytes->room, 1);
    }
    return bytes->at + bytes->count;
}

void block_bytes_done(struct block_bytes *bytes)
{
    memory_free(bytes->at);
    *bytes = (struct block_bytes){0};
}

struct block_packer *block_packer_new(int level)
{
    struct block_packer *packer = memory_new(1, sizeof *packer);
    packer->zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_contentSizeFlag, 0);
    return packer;
}

void block_packer_free(struct block_packer *packer)
{
    if (packer)
        ZSTD_freeCCtx(packer->zstd);
    memory_free(packer);
}

/* varint raw bytes, varint stored bytes (0: as they are), the bytes. */
static void part_pack(struct block_packer *packer, struct block_bytes *out, const uint8_t *raw, size_t count)
{
    size_t most = ZSTD_compressBound(count) + 2 * HT_VARINT_MOST;
    uint8_t *to = block_bytes_room(out, most);
    uint8_t *body = to + 2 * HT_VARINT_MOST;
    size_t stored = count < 32 ? 0 : ZSTD_compress2(packer->zstd, body, most - 2 * HT_VARINT_MOST, raw, count);
    bool plain = count < 32 || ZSTD_isError(stored) || stored >= count;
    to = ht_varint_put(to, count);
    to = ht_varint_put(to, plain ? 0 : stored);
    memmove(to, plain ? raw : body, plain ? count : stored);
    out->count = (size_t)(to - out->at) + (plain ? count : stored);
}

static uint8_t *put_fixed(uint8_t *to, uint64_t value, int bytes)
{
    for (; bytes; bytes--, value >>= 8)
        *to++ = (uint8_t)value;
    return to;
}

static void head_put(uint8_t *to, const struct block_head *head)
{
    to = put_fixed(to, BLOCK_SYNC, 4);
    to = put_fixed(to, head->kind, 1);
    to = put_fixed(to, head->flags, 3);
    to = put_fixed(to, head->record_bytes, 4);
    to = put_fixed(to, head->token_bytes, 4);
    to = put_fixed(to, head->event_count, 8);
    to = put_fixed(to, head->first_event, 8);
    to = put_fixed(to, head->first_tick, 8);
    put_fixed(to, head->last_tick, 8);
}

static uint64_t records_sum(const uint8_t *bytes, const struct block_head *head)
{
    return XXH64(bytes + BLOCK_HEAD_BYTES, head->record_bytes, XXH64(bytes, 48, 0));
}

static uint64_t tokens_sum(const uint8_t *bytes, const struct block_head *head)
{
    return XXH64(bytes + BLOCK_HEAD_BYTES + head->record_bytes, head->token_bytes, little_get(bytes + 48, 8));
}

static void number_pack(struct block_bytes *out, uint64_t number)
{
    uint8_t *to = block_bytes_room(out, HT_VARINT_MOST);
    out->count += (size_t)(ht_varint_put(to, number) - to);
}

static void frames_pack(struct block_packer *packer, struct block_bytes *out, const struct trie *frames)
{
    number_pack(out, frames && frames->count ? frames->first_id : 0);
    for (int i = 0; i < TRIE_STREAMS && frames && frames->count; i++)
        part_pack(packer, out, frames->out[i].start, (size_t)(frames->out[i].at - frames->out[i].start));
}

static void tokens_pack(struct block_packer *packer, struct block_bytes *out, const struct encoder *encoder)
{
    number_pack(out, encoder->block_events);
    for (int i = 0; i < STREAM_COUNT; i++)
        part_pack(packer, out, encoder->streams[i].start, (size_t)(encoder->streams[i].at - encoder->streams[i].start));
}

void block_pack(struct block_packer *packer, struct block_head *head, const struct block_content *content, struct block_bytes *out)
{
    out->count = 0;
    block_bytes_room(out, BLOCK_HEAD_BYTES);
    out->count = BLOCK_HEAD_BYTES;
    part_pack(packer, out, content->records->at, content->records->count);
    frames_pack(packer, out, content->frames);
    head->record_bytes = (uint32_t)(out->count - BLOCK_HEAD_BYTES);
    if (content->encoder)
        tokens_pack(packer, out, content->encoder);
    head->token_bytes = (uint32_t)(out->count - BLOCK_HEAD_BYTES - head->record_bytes);
    head_put(out->at, head);
    put_fixed(out->at + 48, records_sum(out->at, head), 8);
    put_fixed(out->at + 56, tokens_sum(out->at, head), 8);
}

bool block_head_get(const uint8_t *bytes, struct block_head *head)
{
    *head = (struct block_head){
        .kind = bytes[4],
        .flags = bytes[5],
        .record_bytes = (uint32_t)little_get(bytes + 8, 4),
        .token_bytes = (uint32_t)little_get(bytes + 12, 4),
        .event_count = (uint32_t)little_get(bytes + 16, 4),
        .first_event = little_get(bytes + 24, 8),
        .first_tick = little_get(bytes + 32, 8),
        .last_tick = little_get(bytes + 40, 8),
    };
    return little_get(bytes, 4) == BLOCK_SYNC && (uint64_t)head->record_bytes + head->token_bytes <= BLOCK_STORED_MOST;
}

bool block_records_are_whole(const uint8_t *bytes, const struct block_head *head)
{
    return BLOCK_SUMS_ARE_IDLE || little_get(bytes + 48, 8) == records_sum(bytes, head);
}

bool block_tokens_are_whole(const uint8_t *bytes, const struct block_head *head)
{
    return BLOCK_SUMS_ARE_IDLE || little_get(bytes + 56, 8) == tokens_sum(bytes, head);
}

struct block_unpacker *block_unpacker_new(void)
{
    struct block_unpacker *unpacker = memory_new(1, sizeof *unpacker);
    unpacker->zstd = ZSTD_createDCtx();
    return unpacker;
}

void block_unpacker_free(struct block_unpacker *unpacker)
{
    if (!unpacker)
        return;
    ZSTD_freeDCtx(unpacker->zstd);
    block_bytes_done(&unpacker->records);
    block_bytes_done(&unpacker->frames);
    block_bytes_done(&unpacker->tokens);
    memory_free(unpacker);
}

static bool part_unpack(struct block_unpacker *unpacker, struct ht_bytes *from, struct block_bytes *out)
{
    uint64_t raw = ht_varint_get(from), stored = ht_varint_get(from), here = stored ? stored : raw;
    if (from->bad || here > (uint64_t)(from->end - from->at) || raw > BLOCK_RAW_MOST - out->count)
        return false;
    uint8_t *to = block_bytes_room(out, raw);
    if (!stored && raw)
        memcpy(to, from->at, raw);
    else if (stored && ZSTD_decompressDCtx(unpacker->zstd, to, raw, from->at, stored) != raw)
        return false;
    from->at += here;
    out->count += raw;
    return true;
}

/* Several parts, one behind the other in `out`; places are told when all are there, since `out` may move. */
static bool parts_unpack(struct block_unpacker *unpacker, struct ht_bytes *from, struct block_bytes *out, struct ht_bytes *parts, int part_count)
{
    size_t counts[STREAM_COUNT], start = out->count;
    for (int i = 0; i < part_count; i++) {
        size_t before = out->count;
        if (!part_unpack(unpacker, from, out))
            return false;
        counts[i] = out->count - before;
    }
    const uint8_t *at = out->at + start;
    for (int i = 0; i < part_count; at += counts[i++])
        parts[i] = (struct ht_bytes){at, at + counts[i], false};
    return true;
}

bool block_unpack_records(struct block_unpacker *unpacker, const uint8_t *bytes, const struct block_head *head, struct ht_bytes *records, struct trie *frames)
{
    struct ht_bytes from = {bytes + BLOCK_HEAD_BYTES, bytes + BLOCK_HEAD_BYTES + head->record_bytes, false};
    unpacker->records.count = unpacker->frames.count = 0;
    if (frames)
        trie_begin(frames);
    if (!parts_unpack(unpacker, &from, &unpacker->records, records, 1))
        return false;
    uint64_t first_id = ht_varint_get(&from);
    if (!frames || !first_id)
        return !from.bad;
    frames->first_id = (uint32_t)first_id;
    return parts_unpack(unpacker, &from, &unpacker->frames, frames->in, TRIE_STREAMS);
}

bool block_unpack_tokens(struct block_unpacker *unpacker, const uint8_t *bytes, const struct block_head *head, struct ht_bytes *streams, uint32_t *hot)
{
    struct ht_bytes from = {bytes + BLOCK_HEAD_BYTES + head->record_bytes, bytes + BLOCK_HEAD_BYTES + head->record_bytes + head->token_bytes, false};
    memset(streams, 0, STREAM_COUNT * sizeof *streams);
    uint64_t events = head->token_bytes ? ht_varint_get(&from) : 0;
    *hot = (uint32_t)events;
    unpacker->tokens.count = 0;
    return events <= CODE_BLOCK_EVENTS && (!head->token_bytes || parts_unpack(unpacker, &from, &unpacker->tokens, streams, STREAM_COUNT));
}
