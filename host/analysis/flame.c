/* flame: in what each site did, out the tree of frames with sums over all stacks that pass through them. */
#include "answer.h"
#include "host/base/memory.h"

enum { FRAME, ALLOCATED, ALLOCATIONS, PEAK, LEAKED, TEMPORARY };

static const struct column columns[] = {
    [FRAME] = {"frame", "Frame", "", "the innermost frame of this stack; its parent row is its caller", COLUMN_FRAME},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes asked for by all stacks through this frame", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs of those stacks", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "At peak", "", "bytes that those stacks held at the global peak", COLUMN_BYTES},
    [LEAKED] = {"leaked_bytes", "Never freed", "", "their bytes that lived when their process ended or at the end of the range", COLUMN_BYTES},
    [TEMPORARY] = {"temporary_bytes", "Temporary", "", "their bytes freed by the thread that made them before its next allocation", COLUMN_BYTES},
};

struct flame {
    uint64_t allocated, allocations, peak, leaked, temporary; /* allocations in units of TALLY_ONE */
};

static void flame_site(const struct model *model, const struct site *site, uint32_t number, struct flame *flame)
{
    flame->allocated += site->account.allocated.bytes;
    flame->allocations += site->account.allocated.count;
    flame->peak += model_site_at_peak(model, number).bytes;
    flame->leaked += site->left.bytes + site->account.live.bytes;
    flame->temporary += site->temporary.bytes;
}

static void flame_add(struct flame *sum, const struct flame *part)
{
    sum->allocated += part->allocated;
    sum->allocations += part->allocations;
    sum->peak += part->peak;
    sum->leaked += part->leaked;
    sum->temporary += part->temporary;
}

static bool flame_is_empty(const struct flame *flame)
{
    return !(flame->allocated | flame->allocations | flame->peak | flame->leaked | flame->temporary);
}

static void flame_cells(const struct flame *flame, uint32_t stack, union cell *row)
{
    row[FRAME].u = stack;
    row[ALLOCATED].u = flame->allocated;
    row[ALLOCATIONS].u = tally_count((struct tally){0, flame->allocations});
    row[PEAK].u = flame->peak;
    row[LEAKED].u = flame->leaked;
    row[TEMPORARY].u = flame->temporary;
}

/* Callers have smaller ids than what they call: sums flow down in one pass, rows are made in another. */
static void flame_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t stacks = model_stacks(model), sites;
    const struct site *site = model_sites(model, &sites);
    struct flame *flames = memory_new(stacks, sizeof *flames);
    uint32_t *rows = memory_new(stacks, sizeof *rows);
    for (uint32_t i = 0; i < sites; i++)
        flame_site(model, site + i, i, flames + site[i].stack);
    for (uint32_t i = (uint32_t)stacks - 1; i > 0; i--)
        if (model_parent(model, i))
            flame_add(flames + model_parent(model, i), flames + i);
    for (uint32_t i = 0; i < stacks; i++) {
        if (flame_is_empty(flames + i))
            continue;
        rows[i] = (uint32_t)table->row_count;
        flame_cells(flames + i, i, table_child(table, model_parent(model, i) ? rows[model_parent(model, i)] : TABLE_NO_PARENT));
    }
    memory_free(flames);
    memory_free(rows);
}

const struct analysis analysis_flame = {
    .name = "flame",
    .title = "Flame graph",
    .about = "The tree of all call stacks, callers above; every number is the sum over the stacks that pass through the frame. Frame 0 stands for "
             "blocks without a stack.",
    .shape = TABLE_TREE,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = flame_answer,
};
