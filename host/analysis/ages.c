/* ages: in ends of blocks, out one row per class of lifetimes: how many blocks lived so long. */
#include "answer.h"
#include "host/base/memory.h"

enum { FROM, TO, ENDED, ENDED_BYTES, SHARE, SURVIVED, SURVIVED_BYTES };

static const struct column columns[] = {
    [FROM] = {"from_ns", "From", "", "shortest lifetime of the class", COLUMN_DURATION},
    [TO] = {"to_ns", "To", "", "lifetimes of the class are below this, the first one's below a tick of the trace's clock; the last class has no end", COLUMN_DURATION},
    [ENDED] = {"ended", "Ended", "", "blocks whose end was seen and that lived so long: freed or replaced by realloc", COLUMN_COUNT},
    [ENDED_BYTES] = {"ended_bytes", "Bytes", "", "their bytes", COLUMN_BYTES},
    [SHARE] = {"share", "Share", "", "ended / all blocks whose end was seen", COLUMN_RATIO},
    [SURVIVED] = {"survived", "Survived", "", "blocks that had lived so long when their process ended, or at the end of the range", COLUMN_COUNT},
    [SURVIVED_BYTES] = {"survived_bytes", "Bytes survived", "", "their bytes", COLUMN_BYTES},
};

enum { CLASSES = 20 };
static const uint64_t edges[CLASSES] = {0,         1000,      3000,       10000,      30000,       100000,      300000,       1000000,      3000000,      10000000,
                                        30000000,  100000000, 300000000,  1000000000, 3000000000,  10000000000, 30000000000,  100000000000, 300000000000, 1000000000000};

struct ages {
    const struct model *model;
    struct tally ended[CLASSES], survived[CLASSES];
    uint64_t now_ns; /* while answering */
};

static unsigned ages_class(uint64_t age)
{
    unsigned number = 0;
    while (number + 1 < CLASSES && age >= edges[number + 1])
        number++;
    return number;
}

static void *ages_begin(const struct model *model)
{
    struct ages *ages = memory_new(1, sizeof *ages);
    ages->model = model;
    return ages;
}

static void ages_ended(struct ages *ages, const struct block *block, struct tally amount, uint64_t now_ns)
{
    tally_add(ages->ended + ages_class(age_ns(block->birth_ns, now_ns)), amount);
}

static void ages_survived(struct ages *ages, const struct block *block, uint64_t now_ns)
{
    tally_add(ages->survived + ages_class(age_ns(block->birth_ns, now_ns)), model_weigh(ages->model, block));
}

static void ages_see(void *state, const struct changes *changes)
{
    struct ages *ages = state;
    for (size_t i = 0; i < changes->freed_count; i++)
        ages_ended(ages, &changes->freed[i]->block, changes->freed[i]->amount, changes->freed[i]->time_ns);
    for (size_t i = 0; i < changes->rare_count; i++) {
        const struct change *change = changes->rare[i];
        if (change->kind == CHANGE_LEAVE)
            ages_survived(ages, &change->block, change->time_ns);
        else if (change->kind == CHANGE_RESIZE)
            ages_ended(ages, &change->old, model_weigh(ages->model, &change->old), change->time_ns);
    }
}

static void ages_visit(void *context, const struct block *block)
{
    struct ages *now = context;
    ages_survived(now, block, now->now_ns);
}

/* Below one tick of the trace's clock nothing more is known. */
static uint64_t ages_end(unsigned number, uint64_t tick_ns)
{
    uint64_t end = number + 1 < CLASSES ? edges[number + 1] : UINT64_MAX;
    return number || end > tick_ns ? end : tick_ns;
}

static void ages_answer(const void *state, const struct model *model, struct table *table)
{
    struct ages now = *(const struct ages *)state;
    struct tally all = {0};
    now.now_ns = model_time(model);
    model_each_block(model, ages_visit, &now);
    for (unsigned i = 0; i < CLASSES; i++)
        tally_add(&all, now.ended[i]);
    for (unsigned i = 0; i < CLASSES; i++) {
        if (!now.ended[i].count && !now.survived[i].count)
            continue;
        union cell *row = table_row(table);
        row[FROM].u = edges[i];
        row[TO].u = ages_end(i, model_tick_ns(model));
        row[ENDED].u = tally_count(now.ended[i]);
        row[ENDED_BYTES].u = now.ended[i].bytes;
        row[SHARE].f = ratio((double)now.ended[i].count, (double)all.count);
        row[SURVIVED].u = tally_count(now.survived[i]);
        row[SURVIVED_BYTES].u = now.survived[i].bytes;
    }
}

const struct analysis analysis_ages = {
    .name = "ages",
    .title = "Ages",
    .about = "Histogram of lifetimes over all blocks, in classes from 1 to 3 and 3 to 10 times a power of ten. A realloc ends the old block and begins a new one.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = ages_begin,
    .see = ages_see,
    .end = memory_free,
    .answer = ages_answer,
};
