/* tlsf: in sizes, out tiles as Two-Level Segregated Fit gives them: a bitmap of classes of sizes, the newest free block of the lowest class that surely fits. What
 * ESP-IDF's and the upstream one share; a block's header is one word, before the address that the caller gets. */
#ifndef HOST_SIM_TLSF_H
#define HOST_SIM_TLSF_H

#include "tiles.h"

enum { TLSF_TOPS = 32, TLSF_SUBS = 32 };

struct tlsf {
    struct tiles *tiles;
    uint32_t word, align_log2, sub_log2, top_log2; /* top_log2: no block has 2^top_log2 bytes */
    bool keeps_rounding;                           /* the bytes added to a size for its class stay in the block */
    uint32_t shift, tops;                          /* below 2^shift bytes a class is one size */
    uint32_t top_map, sub_map[TLSF_TOPS], heads[TLSF_TOPS * TLSF_SUBS];
};

/* Those of `tlsf` above `shift` are the caller's to set. */
void tlsf_begin(struct tlsf *tlsf);
/* `bytes` from `at` are what the real one's add_pool gets. False: too few, or too many. */
bool tlsf_add_pool(struct tlsf *tlsf, const struct arena_region *region, uint64_t at, uint64_t bytes);
/* These give a tile, 0: refused. */
uint32_t tlsf_alloc(struct tlsf *tlsf, uint64_t size);
/* Byte `offset` of what the caller gets is aligned. */
uint32_t tlsf_alloc_aligned(struct tlsf *tlsf, uint64_t size, uint64_t align, uint64_t offset);
uint32_t tlsf_resize(struct tlsf *tlsf, uint32_t i, uint64_t size);
void tlsf_free(struct tlsf *tlsf, uint32_t i);
/* The most bytes that tlsf_alloc would give. */
uint64_t tlsf_largest(const struct tlsf *tlsf);

#endif
