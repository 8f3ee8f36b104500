/* library_block: in the calls that lead to an allocation inside the C++ library, which has no debug data as a rule, out what its symbols tell of its size. */
#ifndef HOST_PREDICT_LIBRARY_BLOCK_H
#define HOST_PREDICT_LIBRARY_BLOCK_H

#include "call_frame.h"
#include "size_form.h"

/* NULL: nothing. Else what it is, for people, and `form`. `size`: one that was seen there. */
const char *library_block_find(const struct call_frame *frames, unsigned count, const struct data_model *host, const struct data_model *target, uint64_t size,
                               struct form *form);

#endif
