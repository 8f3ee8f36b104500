/* chain: in a block that is kept alive, out by whom: a root, then the blocks that lead to it. */
#ifndef HOST_REACH_CHAIN_H
#define HOST_REACH_CHAIN_H

#include "mark.h"
#include "roots.h"

struct chain_context {
    const struct edges *edges;
    const struct mark *mark;
    const struct roots *roots;
    const struct roots_config *config;
};

/* "libfoo.so 0x7f0a > 0x5512 > ": what is before the block itself; of an indirect one: from its owner on. */
void chain_put(const struct chain_context *context, uint32_t block, struct str *out);
/* Every pointer to or into the block, one after the other; `see` gets a line. */
void chain_each(const struct chain_context *context, uint32_t block, void (*see)(void *see_context, const char *line), void *see_context);

#endif
