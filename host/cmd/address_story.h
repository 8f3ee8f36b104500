/* address_story: in one address and the changes of the model, out every block that ever lay over it. */
#ifndef HOST_CMD_ADDRESS_STORY_H
#define HOST_CMD_ADDRESS_STORY_H

#include <heaptracer/model.h>

#include "host/base/vec.h"

enum { STORY_MOST = 1000 }; /* blocks that are kept; of more, the latest */

struct story_block {
    struct block block;
    uint64_t end_ns;   /* of its life; UINT64_MAX: it lives */
    uint32_t end_stack; /* stack that ended it; 0: not known */
    uint8_t end_kind;  /* enum change_kind */
};

struct address_story {
    ht_addr address;
    uint64_t to_ns;        /* later changes are left out */
    uint32_t only_process; /* 0: of all */
    VEC(struct story_block) blocks; /* in the order of their births; `first` on is what is kept */
    size_t first;
    uint64_t left_out;
};

/* For the model's changes. */
void address_story_see(struct address_story *story, const struct changes *changes);
void address_story_done(struct address_story *story);

#endif
