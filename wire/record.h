/* record: in numbers and texts, out the bytes of a record, and back. One layout for every kind, so a reader can pass over kinds and fields it does not know.
 *
 *   varint  bytes that follow
 *   varint  kind (record.def)
 *   varint  mask: bit n is set where number n is not 0
 *   varint  each number whose bit is set, in order
 *   text    the kind's texts, each ended by a byte 0
 *
 * Numbers 0 to 13 are the kind's own, 14 and up the same in every kind: enum ht_record_number. */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include "varint.h"

enum ht_record_kind {
    HT_RECORD_NONE,
#define HT_RECORD(name, number, numbers, texts) HT_RECORD_##name = number,
#include "record.def"
#undef HT_RECORD
};

enum ht_record_number {
    HT_NUMBER_OWN = 0,
    HT_NUMBER_TICK = 14, /* zigzag of the difference from the record before in the block */
    HT_NUMBER_PROCESS,
    HT_NUMBER_THREAD,
    HT_NUMBER_API,
    HT_NUMBER_FLAGS,
    HT_NUMBER_ALIGNMENT_LOG2,
    HT_NUMBER_HEAP_ID,
    HT_NUMBER_ADDRESS,
    HT_NUMBER_SIZE,
    HT_NUMBER_USABLE,
    HT_NUMBER_OLD_ADDRESS,
    HT_NUMBER_STACK,
    HT_NUMBER_SOURCE_ID,
    HT_RECORD_NUMBERS,
};
enum { HT_RECORD_TEXTS = 6, HT_RECORD_MOST = (HT_RECORD_NUMBERS + 3) * HT_VARINT_MOST /* bytes of a record without its texts */ };

struct ht_record {
    uint32_t kind;
    uint64_t numbers[HT_RECORD_NUMBERS];
    const char *texts[HT_RECORD_TEXTS]; /* NULL is written as "" */
};

/* Most bytes that the record may need. */
size_t ht_record_room(const struct ht_record *record);
/* The place behind it. */
uint8_t *ht_record_put(uint8_t *to, const struct ht_record *record);
/* False at the end of the bytes or when they make no sense (`bad`). Texts point into the bytes; those that are missing are "". */
bool ht_record_get(struct ht_bytes *from, struct ht_record *record);

#endif
