/* memory_word: in a word that names memory, like pool, pool+64K or 0x7f00+4096, out where that is in a process. */
#ifndef HOST_REACH_MEMORY_WORD_H
#define HOST_REACH_MEMORY_WORD_H

#include "host/base/error.h"
#include "mappings.h"
#include "roots.h"

/* What the user says of memory that cannot be known otherwise. */
struct memory_words {
    const char *const *roots; /* words, NULL-terminated or NULL: pointers in there count */
    const char *const *heaps; /* pointers in there do not count, but in living blocks */
    uint64_t tag_bits;        /* of a pointer that are not of its address */
};

/* An address and a size, or a variable with or without one. `option` is for the message. */
bool memory_word_check(const char *option, const char *word, struct error *error);
/* False: the process has no variable of that name. */
bool memory_word_find(const char *word, const struct mappings *mappings, struct reach_range *range);
/* "0-2,56-63" or "0xff00000000000007". */
bool memory_word_tag_bits(const char *text, uint64_t *bits, struct error *error);

#endif
