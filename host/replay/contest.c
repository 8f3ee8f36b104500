/* contest: in allocators and a list of requests, out a result for each allocator and heap. */
#include "contest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/nearest.h"
#include "host/base/opt.h"

static const struct simulator *simulator_of(const char *name, struct error *error)
{
    struct nearest nearest = {.wanted = name};
    const struct simulator *found = simulator_find(name);
    for (const struct simulator *const *at = simulators; !found && *at; at++)
        nearest_offer(&nearest, (*at)->name);
    if (!found && nearest.best)
        error_set(error, ERROR_USAGE, "'%s' is no allocator that can be replayed; did you mean '%s'? --list names them", name, nearest.best);
    else if (!found)
        error_set(error, ERROR_USAGE, "'%s' is no allocator that can be replayed; --list names them", name);
    return found;
}

static void entries_add(struct contest *contest, const struct play_config *config, const char *name)
{
    for (uint32_t i = 0; i < contest->requests->heaps.count; i++) {
        struct replay_entry entry = {.config = *config, .heap = i, .name = memory_copy_text(name)};
        const char *options = strchr(entry.name, ':');
        entry.config.options = options ? options + 1 : NULL;
        entry.result.heap = i;
        vec_push(&contest->entries, entry);
    }
}

bool contest_add(struct contest *contest, const char *text, struct error *error)
{
    char *name = memory_copy_text(text);
    char *options = strchr(name, ':');
    if (options)
        *options++ = 0;
    struct play_config config = {.simulator = simulator_of(name, error)};
    struct simulator_arena arena = {.options = options};
    config.pointer_bytes = (uint32_t)simulator_option(&arena, "pointer", 0);
    config.align_bytes = (uint32_t)simulator_option(&arena, "align", 0);
    config.unit_bytes = simulator_option(&arena, "unit", 0);
    if (config.simulator)
        entries_add(contest, &config, text);
    memory_free(name);
    return config.simulator != NULL;
}

void contest_add_all(struct contest *contest)
{
    for (const struct simulator *const *at = simulators; *at; at++)
        entries_add(contest, &(struct play_config){.simulator = *at}, (*at)->name);
}

static void fit_run(const struct contest *contest, struct replay_entry *entry, uint64_t base)
{
    fit_search(contest->requests, entry->heap, base, &entry->config, contest->most_fit_requests, &entry->fit);
}

static void entry_run(const struct contest *contest, struct replay_entry *entry)
{
    const struct request_heap *heap = &contest->requests->heaps.at[entry->heap];
    uint64_t base = arena_base(heap, entry->config.simulator);
    struct play_arena arena;
    bool is_known = arena_choose(contest->wishes, heap, entry->config.simulator, &arena, &entry->is_open);
    if (!is_known || contest->fits)
        fit_run(contest, entry, is_known ? arena.regions[0].base : base);
    if (!is_known) {
        entry->is_fitted = true;
        if (!entry->fit.bytes) {
            error_set(&entry->error, ERROR_USAGE, "no arena was found that holds all; say --arena SIZE");
            return;
        }
        arena = (struct play_arena){.regions = {{base, entry->fit.bytes}}, .region_count = 1};
    }
    entry->is_done = play_run(contest->requests, entry->heap, &arena, &entry->config, &entry->result, &entry->error);
    entry->result.heap = entry->heap;
}

struct workers {
    const struct contest *contest;
    atomic_size_t next;
};

static void *worker(void *context)
{
    struct workers *workers = context;
    for (size_t i; (i = atomic_fetch_add(&workers->next, 1)) < workers->contest->entries.count;)
        entry_run(workers->contest, &workers->contest->entries.at[i]);
    return NULL;
}

void contest_run(struct contest *contest)
{
    enum { THREADS_MOST = 64 };
    struct workers workers = {.contest = contest};
    pthread_t threads[THREADS_MOST];
    long cores = contest->threads ? (long)contest->threads : sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = 0, wanted = cores > THREADS_MOST ? THREADS_MOST : (size_t)(cores < 1 ? 1 : cores);
    while (count + 1 < wanted && count + 1 < contest->entries.count && !pthread_create(&threads[count], NULL, worker, &workers))
        count++;
    worker(&workers);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

void contest_done(struct contest *contest)
{
    for (size_t i = 0; i < contest->entries.count; i++) {
        play_result_done(&contest->entries.at[i].result);
        memory_free(contest->entries.at[i].name);
    }
    vec_done(&contest->entries);
}
