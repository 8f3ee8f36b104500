/* chain: from keeper to keeper up to a root, then told from there on. */
#include "chain.h"

enum { CHAIN_MOST = 24 };

static void put_block(const struct chain_context *context, uint32_t block, struct str *out)
{
    const struct reach_block *at = context->edges->lookup->blocks + block;
    str_add_format(out, "0x%llx (%llu bytes)", (unsigned long long)at->address, (unsigned long long)at->size);
}

static void put_root(const struct chain_context *context, const struct root_edge *edge, struct str *out)
{
    roots_name(context->roots, context->config, edge->root, edge->address, out);
}

void chain_put(const struct chain_context *context, uint32_t block, struct str *out)
{
    uint32_t path[CHAIN_MOST], count = 0, keeper = context->mark->keeper[block];
    for (; count < CHAIN_MOST && keeper != MARK_NOBODY && !(keeper & MARK_ROOT); keeper = context->mark->keeper[keeper])
        path[count++] = keeper;
    if (keeper != MARK_NOBODY && keeper & MARK_ROOT)
        put_root(context, context->edges->roots.at + (keeper & ~MARK_ROOT), out);
    else if (count == CHAIN_MOST)
        str_add(out, "...");
    while (count) {
        str_add(out, out->count ? " > " : "");
        put_block(context, path[--count], out);
    }
}

static void tell_roots(const struct chain_context *context, uint32_t block, void (*see)(void *see_context, const char *line), void *see_context)
{
    for (size_t i = 0; i < context->edges->roots.count; i++) {
        const struct root_edge *edge = context->edges->roots.at + i;
        struct str line = {0};
        if (edge->to != block)
            continue;
        put_root(context, edge, &line);
        if (edge->offset)
            str_add_format(&line, " (points %u bytes into it)", edge->offset);
        see(see_context, str_text(&line));
        str_done(&line);
    }
}

void chain_each(const struct chain_context *context, uint32_t block, void (*see)(void *see_context, const char *line), void *see_context)
{
    tell_roots(context, block, see, see_context);
    for (uint32_t i = 0; i < context->edges->lookup->count; i++) {
        uint64_t at = context->edges->first[i];
        for (struct edge edge; edges_next(context->edges, i, &at, &edge);) {
            struct str line = {0};
            if (edge.to != block)
                continue;
            chain_put(context, i, &line);
            str_add(&line, line.count ? " > " : "");
            put_block(context, i, &line);
            if (edge.offset)
                str_add_format(&line, " (points %u bytes into it)", edge.offset);
            see(see_context, str_text(&line));
            str_done(&line);
        }
    }
}
