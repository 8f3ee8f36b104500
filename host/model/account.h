/* account: in a change and its block, out the sums of all that the block belongs to: everything, its process, heap, thread and site. */
#ifndef HOST_MODEL_ACCOUNT_H
#define HOST_MODEL_ACCOUNT_H

#include "state.h"
#include "weight.h"

struct owners {
    struct account *account[5];
    struct site *site;
};

static inline void model_owners(struct model *model, struct heap_state *heap, const struct block *block, struct owners *owners)
{
    struct site *site = model->sites.at + block->site;
    *owners = (struct owners){
        {&model->totals.account, &model->processes.at[block->process].account, &heap->heap.account, &model->threads.at[block->thread].account, &site->account},
        site};
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

static inline void model_enter(struct model *model, struct heap_state *heap, const struct change *change, bool counts)
{
    const struct tally amount = change->amount;
    struct owners owners;
    model_keep_peak(model, change->block.site);
    model_owners(model, heap, &change->block, &owners);
    if (change->block.flags & BLOCK_SAMPLED) {
        weight_spread_add(&model->totals.live_spread, change->block.size, model->config.sample_bytes);
        weight_spread_add(&model->spreads.at[change->block.site].live, change->block.size, model->config.sample_bytes);
    }
    bool peak = model->totals.account.live.bytes + amount.bytes > model->totals.account.peak.bytes;
    for (int i = 0; i < 5; i++) {
        struct account *account = owners.account[i];
        account->live.bytes += amount.bytes;
        account->live.count += amount.count;
        account->allocated.bytes += counts ? amount.bytes : 0;
        account->allocated.count += counts ? amount.count : 0;
        if (account->live.bytes > account->peak.bytes) {
            account->peak = account->live;
            account->peak_time_ns = change->time_ns;
        }
    }
    if (!peak)
        return;
    model->peak_epoch++;
    if (model->config.sample_bytes)
        model->totals.peak_spread = model->totals.live_spread;
}

/* The block is not live any more. */
static inline void model_exit(struct model *model, struct heap_state *heap, const struct change *change, bool freed)
{
    const struct tally amount = change->amount;
    struct owners owners;
    model_keep_peak(model, change->block.site);
    model_owners(model, heap, &change->block, &owners);
    if (change->block.flags & BLOCK_SAMPLED) {
        weight_spread_remove(&model->totals.live_spread, change->block.size, model->config.sample_bytes);
        weight_spread_remove(&model->spreads.at[change->block.site].live, change->block.size, model->config.sample_bytes);
    }
    for (int i = 0; i < 5; i++) {
        struct account *account = owners.account[i];
        account->live.bytes -= amount.bytes;
        account->live.count -= amount.count;
        account->freed.bytes += freed ? amount.bytes : 0;
        account->freed.count += freed ? amount.count : 0;
    }
}

static inline void model_count_freed(struct model *model, struct heap_state *heap, const struct block *block)
{
    struct tally amount = model_weigh(model, block);
    struct owners owners;
    model_owners(model, heap, block, &owners);
    for (int i = 0; i < 5; i++) {
        owners.account[i]->freed.bytes += amount.bytes;
        owners.account[i]->freed.count += amount.count;
    }
}

#endif
