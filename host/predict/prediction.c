/* prediction: the requests are walked once with three sizes for each block, lowest, likely and highest, and then replayed with each on the target's allocator.
 */
#include "prediction.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_LEAST = 8 };

struct block {
    uint32_t site; /* + 1; 0: not live */
    uint64_t host;
    struct estimate size;
};

struct walk {
    struct prediction *prediction;
    const struct prediction_input *input;
    struct site_sizer sizer;
    struct map site_of; /* stack: place + 1 */
    VEC(struct block) blocks;
    struct estimate live, stride; /* stride: of the likely sizes only `likely` counts */
    uint64_t host_live, stride_peak;
};

static bool is_birth(const struct request *request)
{
    return request->kind == REQUEST_ALLOC || request->kind == REQUEST_ZEROED || request->kind == REQUEST_RESIZE;
}

static bool is_ours(const struct walk *walk, const struct request *request)
{
    return request->heap == walk->input->heap;
}

static struct predicted_site *site_get(struct walk *walk, uint32_t stack)
{
    bool is_new;
    uint64_t *place = map_put(&walk->site_of, stack, &is_new);
    if (is_new) {
        vec_push(&walk->prediction->sites, ((struct predicted_site){.stack = stack}));
        *place = walk->prediction->sites.count;
    }
    return &walk->prediction->sites.at[*place - 1];
}

static void size_note(struct predicted_site *site, uint64_t size)
{
    if (!size)
        return;
    for (size_t i = 0; i < site->sizes.count; i++)
        if (site->sizes.at[i] == size)
            return;
    if (site->sizes.count < SITE_SIZES_MOST)
        vec_push(&site->sizes, size);
}

static void sites_find(struct walk *walk)
{
    const struct requests *requests = walk->input->requests;
    for (size_t i = 0; i < requests->list.count; i++) {
        const struct request *request = &requests->list.at[i];
        if (!is_ours(walk, request) || !is_birth(request))
            continue;
        struct predicted_site *site = site_get(walk, request->stack);
        site->allocations++;
        site->allocated_bytes += request->size;
        size_note(site, request->size);
    }
    for (size_t i = 0; i < walk->prediction->sites.count; i++) {
        struct predicted_site *site = &walk->prediction->sites.at[i];
        if (site->sizes.count)
            site_size_find(&walk->sizer, site->stack, site->sizes.at, site->sizes.count, &site->size);
        if (site->allocations >= POOL_LEAST && site_size_is_pool(&site->size))
            site->size.how = SITE_POOL;
    }
}

static void estimate_add(struct estimate *sum, const struct estimate *part, int sign)
{
    sum->low += (uint64_t)sign * part->low;
    sum->likely += (uint64_t)sign * part->likely;
    sum->high += (uint64_t)sign * part->high;
}

static void block_end(struct walk *walk, struct block *block)
{
    if (!block->site)
        return;
    struct predicted_site *site = &walk->prediction->sites.at[block->site - 1];
    site->live_host -= block->host;
    walk->host_live -= block->host;
    walk->stride.likely -= target_profile_stride(walk->prediction->profile, block->size.likely);
    estimate_add(&site->live, &block->size, -1);
    estimate_add(&walk->live, &block->size, -1);
    block->site = 0;
}

static void peak_take(struct walk *walk)
{
    struct prediction *prediction = walk->prediction;
    prediction->peak.likely = walk->live.likely;
    prediction->peak_bytes = walk->host_live;
    for (size_t i = 0; i < prediction->sites.count; i++) {
        prediction->sites.at[i].peak_host = prediction->sites.at[i].live_host;
        prediction->sites.at[i].peak = prediction->sites.at[i].live;
    }
}

static void block_begin(struct walk *walk, const struct request *request, struct block *block)
{
    struct prediction *prediction = walk->prediction;
    uint64_t place = *map_get(&walk->site_of, request->stack);
    struct predicted_site *site = &prediction->sites.at[place - 1];
    *block = (struct block){(uint32_t)place, request->size, site_size_of(&walk->sizer, &site->size, request->size)};
    site->live_host += block->host;
    walk->host_live += block->host;
    walk->stride.likely += target_profile_stride(prediction->profile, block->size.likely);
    estimate_add(&site->live, &block->size, 1);
    estimate_add(&walk->live, &block->size, 1);
    walk->stride_peak = walk->stride.likely > walk->stride_peak ? walk->stride.likely : walk->stride_peak;
    prediction->host_peak = walk->host_live > prediction->host_peak ? walk->host_live : prediction->host_peak;
    prediction->peak.low = walk->live.low > prediction->peak.low ? walk->live.low : prediction->peak.low;
    prediction->peak.high = walk->live.high > prediction->peak.high ? walk->live.high : prediction->peak.high;
    prediction->peak.likely = walk->live.likely > prediction->peak.likely ? walk->live.likely : prediction->peak.likely;
    prediction->too_large += prediction->profile->model.size_bytes < 8 && block->size.likely >> (8 * prediction->profile->model.size_bytes);
}

static void request_apply(struct walk *walk, const struct request *request)
{
    vec_extend(&walk->blocks, (size_t)request->block + 1);
    struct block *block = &walk->blocks.at[request->block];
    if (request->kind == REQUEST_FREE || is_birth(request))
        block_end(walk, block);
    if (is_birth(request))
        block_begin(walk, request, block);
}

/* Twice: sites at the peak are only copied when it is known where the peak is. */
static void requests_walk(struct walk *walk)
{
    const struct requests *requests = walk->input->requests;
    struct prediction *prediction = walk->prediction;
    for (int turn = 0; turn < 2; turn++) {
        struct estimate peak = prediction->peak;
        bool is_taken = false;
        for (size_t i = 0; i < walk->blocks.count; i++)
            block_end(walk, &walk->blocks.at[i]);
        for (size_t i = 0; i < requests->list.count && !is_taken; i++) {
            if (!is_ours(walk, &requests->list.at[i]))
                continue;
            prediction->host_requests += turn == 0;
            request_apply(walk, &requests->list.at[i]);
            is_taken = turn == 1 && walk->live.likely == peak.likely;
        }
        if (turn == 1 && is_taken)
            peak_take(walk);
    }
    for (size_t i = 0; i < prediction->sites.count; i++)
        if (prediction->sites.at[i].size.how < SITE_POOL)
            prediction->known_bytes += prediction->sites.at[i].peak_host;
}

static uint64_t level_of(const struct estimate *estimate, int level)
{
    return level == 0 ? estimate->low : level == 1 ? estimate->likely : estimate->high;
}

/* The requests as the target would get them. */
static void requests_translate(struct walk *walk, struct requests *there, int level)
{
    const struct requests *here = walk->input->requests;
    for (size_t i = 0; i < here->list.count; i++) {
        struct request *request = &there->list.at[i];
        *request = here->list.at[i];
        if (!is_ours(walk, request) || !is_birth(request))
            continue;
        const struct predicted_site *site = &walk->prediction->sites.at[*map_get(&walk->site_of, request->stack) - 1];
        struct estimate estimate = site_size_of(&walk->sizer, &site->size, request->size);
        request->size = level_of(&estimate, level) & ((1ull << REQUEST_SIZE_BITS) - 1);
        if (site->size.how == SITE_STDIO && !request->size) /* not asked for there: to free what was never given is nothing */
            request->kind = REQUEST_FREE;
    }
}

static void run_play(struct walk *walk, struct requests *there, const struct simulator *simulator, struct predicted_run *run)
{
    struct prediction *prediction = walk->prediction;
    const struct target_profile *profile = prediction->profile;
    struct play_arena arena = {.regions = {{profile->base, prediction->arena_bytes}}, .region_count = 1};
    struct play_config config = {.simulator = simulator,
                                 .options = profile->options,
                                 .pointer_bytes = profile->model.pointer_bytes,
                                 .align_bytes = (uint32_t)profile->align,
                                 .is_bare = false};
    struct play_result result = {0};
    if (!prediction->arena_bytes)
        arena.regions[0].bytes = profile->model.pointer_bytes == 8 ? 1ull << 40 : 0xBF000000ull;
    if (!arena.regions[0].base)
        arena.regions[0].base = profile->model.pointer_bytes == 8 ? 0x555500000000ull : 0x00100000;
    run->is_done = play_run(there, walk->input->heap, &arena, &config, &result, &prediction->problem);
    if (!run->is_done)
        return;
    run->taken = result.peak_taken;
    run->reach = result.reach;
    run->total = result.peak_total;
    run->refusals = result.refusals + result.resizes_refused;
    run->first = result.first;
    play_result_done(&result);
}

static void runs_play(struct walk *walk)
{
    struct prediction *prediction = walk->prediction;
    const struct simulator *simulator = simulator_find(prediction->profile->allocator);
    struct requests there = *walk->input->requests;
    bool is_certain = prediction->peak.low == prediction->peak.high;
    prediction->is_simulated = simulator != NULL;
    if (!simulator)
        return;
    there.list.at = memory_new(there.list.count + 1, sizeof *there.list.at);
    for (int level = 0; level < 3; level++)
        if (!is_certain || level == 1) {
            requests_translate(walk, &there, level);
            run_play(walk, &there, simulator, &prediction->runs[level]);
        }
    if (is_certain)
        prediction->runs[0] = prediction->runs[2] = prediction->runs[1];
    prediction->is_simulated = prediction->runs[1].is_done;
    memory_free(there.list.at);
}

/* Where there is no model of the allocator: a header and padding for each block, and no fragmentation. */
static void strides_use(struct walk *walk)
{
    struct prediction *prediction = walk->prediction;
    double more = prediction->peak.likely ? (double)walk->stride_peak / (double)prediction->peak.likely : 1;
    prediction->taken = (struct estimate){(uint64_t)((double)prediction->peak.low * more), walk->stride_peak, (uint64_t)((double)prediction->peak.high * more)};
}

/* Where requests were refused, what was taken says nothing of what was needed. */
static void runs_use(struct prediction *prediction)
{
    uint64_t *taken[] = {&prediction->taken.low, &prediction->taken.likely, &prediction->taken.high};
    for (int level = 0; level < 3; level++)
        if (prediction->runs[level].is_done && (!prediction->runs[level].refusals || prediction->runs[level].taken > *taken[level]))
            *taken[level] = prediction->runs[level].taken;
}

static enum verdict verdict_of(const struct prediction *prediction)
{
    uint64_t arena = prediction->arena_bytes;
    const struct predicted_run *runs = prediction->runs;
    if (!arena)
        return VERDICT_NO_LIMIT;
    bool low = prediction->is_simulated ? !runs[0].refusals : prediction->taken.low <= arena,
         likely = prediction->is_simulated ? !runs[1].refusals : prediction->taken.likely <= arena;
    bool high = prediction->is_simulated ? !runs[2].refusals : prediction->taken.high <= arena;
    if (high)
        return VERDICT_FITS;
    return likely ? VERDICT_LIKELY : low ? VERDICT_DOUBTFUL : VERDICT_FAILS;
}

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {"no limit", "fits", "likely fits", "likely fails", "fails", "unknown"};
    return words[verdict];
}

static int compare_sites(const void *a, const void *b)
{
    const struct predicted_site *left = a, *right = b;
    if (left->peak_host != right->peak_host)
        return left->peak_host < right->peak_host ? 1 : -1;
    return left->stack < right->stack ? -1 : left->stack > right->stack;
}

static void warnings_put(struct prediction *prediction)
{
    struct str *out = &prediction->warnings;
    const struct target_profile *profile = prediction->profile;
    const char *name = profile->name;
    uint64_t unknown = prediction->peak_bytes - prediction->known_bytes;
    if (!prediction->is_simulated && prediction->problem.kind)
        str_add_format(out, "%s: %s\n", name, prediction->problem.text);
    else if (!prediction->is_simulated)
        str_add_format(out, "%s: there is no model of the allocator '%s': blocks are counted with their headers, fragmentation is not\n", name,
                       profile->allocator);
    if (prediction->too_large)
        str_add_format(out, "%s: %" PRIu64 " requests are larger than a size_t of %u bytes can say\n", name, prediction->too_large, profile->model.size_bytes);
    if (unknown * 10 > prediction->peak_bytes)
        str_add_format(out,
                       "%s: of %.0f %% of the bytes at the peak the type is not known: their size there lies between a half and the whole; a hint says what "
                       "they are (--profile)\n",
                       name, 100.0 * (double)unknown / (double)prediction->peak_bytes);
    if (prediction->overhead > 0.25)
        str_add_format(out, "%s: headers and padding take %.0f %% of the memory: many small blocks\n", name, 100 * prediction->overhead);
    if (prediction->verdict == VERDICT_DOUBTFUL)
        str_add_format(out, "%s: it fails with the likely sizes, but not with the lowest\n", name);
    if (prediction->verdict == VERDICT_LIKELY)
        str_add_format(out, "%s: it fits with the likely sizes, but not with the highest\n", name);
    if (profile->model.int_bytes < 4)
        str_add_format(out, "%s: int has 16 bits: a count that needs more is another one there\n", name);
}

void prediction_make(struct prediction *prediction, const struct prediction_input *input, const struct target_profile *profile)
{
    struct walk walk = {.prediction = prediction, .input = input};
    *prediction = (struct prediction){.profile = profile, .arena_bytes = input->arena_bytes ? input->arena_bytes : profile->arena_bytes};
    site_sizer_init(&walk.sizer, input->book, input->texts, input->host, &profile->model, input->hints);
    walk.sizer.ignores_debug = input->ignores_debug;
    walk.sizer.has_other_libc = !profile->allocator || strcmp(profile->allocator, "glibc");
    sites_find(&walk);
    requests_walk(&walk);
    runs_play(&walk);
    strides_use(&walk);
    runs_use(prediction);
    if (prediction->taken.likely > prediction->peak.likely)
        prediction->overhead = 1 - (double)prediction->peak.likely / (double)prediction->taken.likely;
    prediction->verdict = verdict_of(prediction);
    warnings_put(prediction);
    if (prediction->sites.count)
        qsort(prediction->sites.at, prediction->sites.count, sizeof *prediction->sites.at, compare_sites);
    site_sizer_done(&walk.sizer);
    map_done(&walk.site_of);
    vec_done(&walk.blocks);
}

void prediction_done(struct prediction *prediction)
{
    for (size_t i = 0; i < prediction->sites.count; i++)
        vec_done(&prediction->sites.at[i].sizes);
    vec_done(&prediction->sites);
    str_done(&prediction->warnings);
}
