/* block_type: in a call that allocates, out the type of what its block becomes: what it is cast to, assigned to or returned as, also by functions that only
 * pass it on. */
#ifndef HOST_PREDICT_BLOCK_TYPE_H
#define HOST_PREDICT_BLOCK_TYPE_H

#include "call_text.h"

/* False: not known, or only a block of something. */
bool block_type_find(struct sizing *sizing, const struct call_text *call, struct value_type *element);

#endif
