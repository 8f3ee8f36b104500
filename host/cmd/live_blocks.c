/* live_blocks: the model tells its blocks in no order; those that were asked for are sorted. */
#include "live_blocks.h"

#include <stdlib.h>

#include "host/base/number.h"

enum { ADDRESS, SIZE, AGE, TIME, PROCESS, THREAD, HEAP, STACK, BLOCK_COLUMNS };
static const struct column block_columns[] = {
    [ADDRESS] = {"address", "Address", "", "first address of the block", COLUMN_ADDRESS},
    [SIZE] = {"size_bytes", "Size", "", "as asked for", COLUMN_BYTES},
    [AGE] = {"age_ns", "Age", "", "how long it lives", COLUMN_DURATION},
    [TIME] = {"time_ns", "Since", "", "when it was allocated", COLUMN_TIME},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
    [THREAD] = {"thread", "Thread", "id", "that made it", COLUMN_COUNT},
    [HEAP] = {"heap", "Heap", "id", "where it lies; 0: the program's", COLUMN_COUNT},
    [STACK] = {"stack", "Made by", "", "stack that made it", COLUMN_STACK},
};

struct taking {
    struct table *table;
    struct route_window window;
    const struct site *sites;
    size_t site_count;
    uint64_t now_ns;
};

static bool is_wanted(const struct route_window *window, const struct block *block)
{
    uint64_t bytes = block->size ? block->size : 1;
    bool is_behind = window->to && block->address >= window->to, is_before = window->from > block->address && window->from - block->address >= bytes;
    return !is_behind && !is_before && (!window->process || window->process == block->process);
}

static void block_put(void *context, const struct block *block)
{
    struct taking *taking = context;
    if (!is_wanted(&taking->window, block))
        return;
    union cell *row = table_row(taking->table);
    row[ADDRESS].u = block->address;
    row[SIZE].u = block->size;
    row[AGE].u = taking->now_ns > block->birth_ns ? taking->now_ns - block->birth_ns : 0;
    row[TIME].u = block->birth_ns;
    row[PROCESS].u = block->process;
    row[THREAD].u = block->thread;
    row[HEAP].u = block->heap;
    row[STACK].u = block->site < taking->site_count ? taking->sites[block->site].stack : 0;
}

static int by_size(const void *one, const void *other)
{
    const union cell *a = one, *b = other;
    if (a[SIZE].u != b[SIZE].u)
        return a[SIZE].u < b[SIZE].u ? 1 : -1;
    return a[ADDRESS].u < b[ADDRESS].u ? -1 : a[ADDRESS].u > b[ADDRESS].u;
}

static void most_keep(struct table *table, size_t most)
{
    char kept[NUMBER_ROOM], all[NUMBER_ROOM];
    if (!most || table->row_count <= most)
        return;
    table_note(table, "the largest %s of %s blocks", number_count(kept, most), number_count(all, table->row_count));
    table->row_count = most;
}

void live_blocks_take(struct table *table, const struct model *model, uint64_t now_ns, const struct route_window *window)
{
    struct taking taking = {.table = table, .now_ns = now_ns};
    taking.sites = model_sites(model, &taking.site_count);
    if (window)
        taking.window = *window;
    table_init(table, "blocks", "Blocks", "Blocks that live now, the largest first.", TABLE_ROWS, block_columns, BLOCK_COLUMNS);
    model_each_block(model, block_put, &taking);
    if (table->row_count)
        qsort(table->cells, table->row_count, BLOCK_COLUMNS * sizeof *table->cells, by_size);
    most_keep(table, taking.window.most);
}
