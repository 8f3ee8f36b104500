/* trie: in the definitions of frames of one block, out short tokens in three streams, and back. A block's frames need no other block: a parent that
 * stands elsewhere is known by its number only. */
#ifndef HOST_TRACE_TRIE_H
#define HOST_TRACE_TRIE_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/base/vec.h"
#include "wire/varint.h"

enum { TRIE_PARENTS, TRIE_TOKENS, TRIE_SPOTS, TRIE_STREAMS };
enum { TRIE_TABLE_BITS = 12, TRIE_BLOCK_MOST = 1 << 17, TRIE_EVENT_MOST = 32 };
enum { TRIE_AFTER_TWO, TRIE_AFTER_ONE, TRIE_NEW, TRIE_KNOWN };

struct trie_spot {
    uint64_t offset;
    uint32_t module;
    bool exact;
};

struct trie {
    uint32_t first_id, count; /* of the block; ids go up by one */
    VEC(uint32_t) spot_of;    /* of each: number of its spot, from 1 */
    VEC(uint32_t) parent_of;
    VEC(struct trie_spot) spots; /* distinct places in the code */
    struct map numbers;          /* encoder: digest of a spot -> its number */
    uint32_t after_two[1 << TRIE_TABLE_BITS], after_one[1 << TRIE_TABLE_BITS];
    struct {
        uint8_t *start, *at;
    } out[TRIE_STREAMS];
    struct ht_bytes in[TRIE_STREAMS];
};

void trie_init(struct trie *frames, bool writes);
void trie_done(struct trie *frames);
void trie_begin(struct trie *frames);
/* False: its id does not follow the last one, it has a name, or there are too many; nothing has changed. */
bool trie_put(struct trie *frames, const struct frame_definition *frame);
/* The next of the block, whose first id is `first_id`; false at the end or when it makes no sense. */
bool trie_get(struct trie *frames, struct frame_definition *frame);

#endif
