/* account: in a change and its block, out the sums of all that the block belongs to: everything, its process, heap, thread and site. */
#ifndef HOST_MODEL_ACCOUNT_H
#define HOST_MODEL_ACCOUNT_H

#include "state.h"
#include "weight.h"

/* All that a block belongs to. A malloc heap that is its process's only heap needs no account of its own: see model_heap. */
struct owners {
    struct account *account[5];
    int count;
};

static inline void model_owners(struct model *model, struct heap_state *heap, const struct block *block, struct owners *owners)
{
    *owners = (struct owners){{&model->totals.account, &model->processes.at[block->process].account, &model->threads.at[block->thread].account,
                               &model->sites.at[block->site].account, &heap->heap.account},
                              heap->is_alone ? 4 : 5};
}

/* What a site holds at the peak is what it held before its first change after it: no peak has to visit all sites. */
static inline void model_keep_peak(struct model *model, uint32_t number)
{
    struct site *site = model->sites.at + number;
    if (site->peak_epoch == model->peak_epoch)
        return;
    site->peak_epoch = model->peak_epoch;
    site->at_peak = site->account.live;
    if (model->config.sample_bytes)
        model->spreads.at[number].at_peak = model->spreads.at[number].live;
}

static inline void model_enter(struct model *model, struct heap_state *heap, struct change *change, bool counts)
{
    const struct tally amount = change->amount, counted = counts ? amount : (struct tally){0};
    struct owners owners;
    model_keep_peak(model, change->block.site);
    model_owners(model, heap, &change->block, &owners);
    if (change->block.flags & BLOCK_SAMPLED) {
        weight_spread_add(&model->totals.live_spread, change->block.size, model->config.sample_bytes);
        weight_spread_add(&model->spreads.at[change->block.site].live, change->block.size, model->config.sample_bytes);
    }
    bool peak = model->totals.account.live.bytes + amount.bytes > model->totals.account.peak.bytes;
    for (int i = 0; i < owners.count; i++) {
        struct account *account = owners.account[i];
        account->live.bytes += amount.bytes;
        account->live.count += amount.count;
        account->allocated.bytes += counted.bytes;
        account->allocated.count += counted.count;
        if (account->live.bytes > account->peak.bytes) {
            account->peak = account->live;
            account->peak_time_ns = change->time_ns;
        }
    }
    change->live = model->totals.account.live;
    if (!peak)
        return;
    model->peak_epoch++;
    if (model->config.sample_bytes)
        model->totals.peak_spread = model->totals.live_spread;
}

/* The block is not live any more. */
static inline void model_exit(struct model *model, struct heap_state *heap, struct change *change, bool freed)
{
    const struct tally amount = change->amount, counted = freed ? amount : (struct tally){0};
    struct owners owners;
    model_keep_peak(model, change->block.site);
    model_owners(model, heap, &change->block, &owners);
    if (change->block.flags & BLOCK_SAMPLED) {
        weight_spread_remove(&model->totals.live_spread, change->block.size, model->config.sample_bytes);
        weight_spread_remove(&model->spreads.at[change->block.site].live, change->block.size, model->config.sample_bytes);
    }
    for (int i = 0; i < owners.count; i++) {
        struct account *account = owners.account[i];
        account->live.bytes -= amount.bytes;
        account->live.count -= amount.count;
        account->freed.bytes += counted.bytes;
        account->freed.count += counted.count;
    }
    change->live = model->totals.account.live;
}

static inline void model_count_freed(struct model *model, struct heap_state *heap, const struct block *block)
{
    struct tally amount = model_weigh(model, block);
    struct owners owners;
    model_owners(model, heap, block, &owners);
    for (int i = 0; i < owners.count; i++) {
        owners.account[i]->freed.bytes += amount.bytes;
        owners.account[i]->freed.count += amount.count;
    }
}

#endif
