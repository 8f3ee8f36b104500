/* survey: the pieces in their order: mappings, roots, edges, classes, then what is told. */
#include "survey.h"

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "host/base/map.h"
#include "host/base/now.h"

struct telling {
    const struct chain_context *chain;
    const struct survey_hear *hear;
    struct survey_totals *totals;
    VEC(struct survey_finding) sites;
    VEC(uint32_t) examples; /* by site: the block that stands for all */
    struct map numbers;     /* stack and class -> number of the site + 1 */
};

static struct survey_finding finding_of(const struct telling *telling, uint32_t block)
{
    const struct mark *mark = telling->chain->mark;
    const struct reach_block *blocks = telling->chain->edges->lookup->blocks;
    uint32_t owner = mark->owner[block];
    return (struct survey_finding){.class = mark->class[block],
                                  .stack = blocks[block].stack,
                                  .address = blocks[block].address,
                                  .bytes = blocks[block].size,
                                  .count = 1,
                                  .owner = owner == MARK_NOBODY ? 0 : blocks[owner].address,
                                  .retained_bytes = mark->retained_bytes[block],
                                  .retained_count = mark->retained_count[block],
                                  .cycle = mark->cycle[block],
                                  .chain = ""};
}

/* The one that most hangs on stands for all of its site. */
static void site_add(struct telling *telling, uint32_t block)
{
    struct survey_finding one = finding_of(telling, block);
    uint64_t *number = map_put(&telling->numbers, (uint64_t)one.stack << 3 | one.class, NULL);
    if (!*number) {
        vec_push(&telling->sites, one);
        vec_push(&telling->examples, block);
        *number = telling->sites.count;
        return;
    }
    struct survey_finding *site = telling->sites.at + *number - 1;
    uint32_t *example = telling->examples.at + *number - 1;
    site->bytes += one.bytes;
    site->count++;
    site->retained_bytes += one.retained_bytes;
    site->retained_count += one.retained_count;
    site->cycle = one.cycle > site->cycle ? one.cycle : site->cycle;
    if (one.retained_bytes <= telling->chain->mark->retained_bytes[*example])
        return;
    site->address = one.address;
    site->owner = one.owner;
    *example = block;
}

static void tell(const struct telling *telling, void (*hear)(void *context, const struct survey_finding *finding), struct survey_finding *finding, uint32_t block)
{
    struct str chain = {0};
    chain_put(telling->chain, block, &chain);
    finding->chain = str_text(&chain);
    hear(telling->hear->context, finding);
    str_done(&chain);
}

static void tell_blocks(struct telling *telling)
{
    const struct lookup *lookup = telling->chain->edges->lookup;
    for (uint32_t i = 0; i < lookup->count; i++) {
        enum block_class class = telling->chain->mark->class[i];
        telling->totals->of[class].bytes += lookup->blocks[i].size;
        telling->totals->of[class].count++;
        site_add(telling, i);
        if (class == CLASS_REACHABLE || !telling->hear->block)
            continue;
        struct survey_finding finding = finding_of(telling, i);
        tell(telling, telling->hear->block, &finding, i);
    }
}

static void tell_why(struct telling *telling, uint64_t address)
{
    const struct lookup *lookup = telling->chain->edges->lookup;
    uint32_t block;
    if (address - lookup->low < lookup->span && lookup_find(lookup, address, &block) != LOOKUP_NOTHING)
        chain_each(telling->chain, block, telling->hear->why, telling->hear->context);
}

static void tell_all(struct telling *telling, const struct survey_config *config)
{
    tell_blocks(telling);
    for (size_t i = 0; telling->hear->site && i < telling->sites.count; i++)
        tell(telling, telling->hear->site, telling->sites.at + i, telling->examples.at[i]);
    if (config->why && telling->hear->why)
        tell_why(telling, config->why);
    vec_done(&telling->sites);
    vec_done(&telling->examples);
    map_done(&telling->numbers);
}

typedef VEC(struct reach_range) ranges;

static void ranges_find(const struct survey_hear *hear, const char *const *words, const struct mappings *mappings, ranges *found)
{
    struct reach_range range;
    for (; words && *words; words++)
        if (memory_word_find(*words, mappings, &range))
            vec_push(found, range);
        else if (hear->unknown)
            hear->unknown(hear->context, *words);
}

/* What a program has for a heap of its own is left out like the runtime's own memory: of it only living blocks count. */
static void heaps_leave_out(const struct survey_config *config, const struct survey_hear *hear, const struct mappings *mappings, ranges *left_out, struct roots_config *roots)
{
    for (size_t i = 0; i < roots->left_out_count; i++)
        vec_push(left_out, roots->left_out[i]);
    ranges_find(hear, config->regions.heaps, mappings, left_out);
    roots->left_out = left_out->at;
    roots->left_out_count = left_out->count;
}

static void roots_add_more(const struct survey_config *config, const struct survey_hear *hear, const struct mappings *mappings, struct roots *roots)
{
    ranges more = {0};
    ranges_find(hear, config->regions.roots, mappings, &more);
    for (size_t i = 0; i < more.count; i++)
        roots_add(roots, mappings, more.at[i]);
    vec_done(&more);
}

void survey_run(const struct survey_config *config, const struct survey_hear *hear, struct survey_totals *totals)
{
    uint64_t start_ns = now_ns();
    struct window window;
    struct mappings mappings;
    struct edges edges;
    struct roots roots;
    struct mark mark;
    *totals = (struct survey_totals){0};
    uint32_t count = lookup_sort(config->blocks, config->block_count);
    struct lookup *lookup = lookup_new(config->blocks, count);
    struct roots_config roots_config = config->roots;
    window_init(&window, config->pid, config->memory, config->pagemap);
    window.still = config->still;
    mappings_read(&mappings, config->maps);
    ranges left_out = {0};
    roots_config.mappings = &mappings;
    roots_config.lookup = lookup;
    heaps_leave_out(config, hear, &mappings, &left_out, &roots_config);
    roots_find(&roots, &roots_config, &window);
    roots_add_more(config, hear, &mappings, &roots);
    struct edges_config edges_config = {roots_config.pointer_bytes, config->swapped, config->regions.tag_bits, &roots, &roots_config};
    edges_find(&edges, lookup, &edges_config, &window);
    mark_run(&mark, &edges, &window, &mappings);
    totals->block_bytes = edges.block_bytes;
    totals->root_bytes = edges.root_bytes;
    totals->read_bytes = window.read_bytes;
    totals->unseen_blocks = config->block_count - count;
    totals->mark_ns = now_ns() - start_ns;
    struct chain_context chain = {&edges, &mark, &roots, &roots_config};
    tell_all(&(struct telling){.chain = &chain, .hear = hear, .totals = totals}, config);
    mark_done(&mark);
    edges_done(&edges);
    roots_done(&roots);
    vec_done(&left_out);
    mappings_done(&mappings);
    window_done(&window);
    lookup_free(lookup);
}
