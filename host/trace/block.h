/* block: in the records and token streams of some events, out framed, checked, compressed bytes, and back. SPEC.md "Blocks". */
#ifndef HOST_TRACE_BLOCK_H
#define HOST_TRACE_BLOCK_H

#include <heaptracer/trace.h>

#include "code.h"
#include "trie.h"
#include "host/base/error.h"

#define TRACE_MAGIC "\x89HTRC\r\n\x1A"
enum { TRACE_VERSION = 1, TRACE_TICK_NS = 100000 };

enum { BLOCK_HEAD_BYTES = 64, BLOCK_STORED_MOST = 16 << 20, BLOCK_RAW_MOST = 48 << 20 };
enum block_kind { BLOCK_HEADER = 1, BLOCK_EVENTS, BLOCK_CHECKPOINT, BLOCK_INDEX };
enum {
    BLOCK_RESET = 1,       /* all guesses begin anew */
    BLOCK_FIRST = 2,       /* of a checkpoint */
    BLOCK_HAS_RECORDS = 4, /* or frames */
};

#define BLOCK_SYNC 0x4B425448u /* "HTBK" */

struct block_head {
    uint8_t kind, flags;
    uint32_t record_bytes, token_bytes; /* stored */
    uint32_t event_count;               /* hot events and records */
    uint64_t first_event;
    uint64_t first_tick, last_tick;
};

/* Growing bytes without the cost of asking at each byte. */
struct block_bytes {
    uint8_t *at;
    size_t count, room;
};
uint8_t *block_bytes_room(struct block_bytes *bytes, size_t more); /* the place behind the last byte */
void block_bytes_done(struct block_bytes *bytes);

struct block_packer; /* compression state */
struct block_packer *block_packer_new(int level);
void block_packer_free(struct block_packer *packer);

/* What a block is made of; `frames` and `encoder` may be NULL. */
struct block_content {
    const struct block_bytes *records;
    const struct trie *frames;
    const struct encoder *encoder;
};

/* The whole block into `out` (emptied before): head, packed records and frames, packed tokens. Fills the byte counts of `head`. */
void block_pack(struct block_packer *packer, struct block_head *head, const struct block_content *content, struct block_bytes *out);

/* False: these bytes are no block's head. */
bool block_head_get(const uint8_t *bytes, struct block_head *head);
/* Whether the records and the tokens are what was written; `bytes` is the head and what follows. */
bool block_records_are_whole(const uint8_t *bytes, const struct block_head *head);
bool block_tokens_are_whole(const uint8_t *bytes, const struct block_head *head);

struct block_unpacker; /* decompression state and buffers: what it gives out is valid until its next use */
struct block_unpacker *block_unpacker_new(void);
void block_unpacker_free(struct block_unpacker *unpacker);
/* `frames` NULL: they are left out. */
bool block_unpack_records(struct block_unpacker *unpacker, const uint8_t *bytes, const struct block_head *head, struct ht_bytes *records, struct trie *frames);
/* Fills streams and *hot, the number of hot events. */
bool block_unpack_tokens(struct block_unpacker *unpacker, const uint8_t *bytes, const struct block_head *head, struct ht_bytes *streams, uint32_t *hot);

#endif
