/* contest: in allocators and a list of requests, out a result for each allocator and heap. */
#include "contest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <heaptracer/heaptracer.h>

#include "host/base/nearest.h"
#include "host/base/opt.h"
#include "host/base/str.h"

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

/* "=8" behind one of the options that every allocator has; false: it is another one. */
static bool option_take(struct play_config *config, const char *word, size_t count)
{
    const struct {
        const char *name;
        size_t bytes;
    } names[] = {{"pointer=", 8}, {"align=", 6}, {"unit=", 5}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (count <= names[i].bytes || memcmp(word, names[i].name, names[i].bytes))
            continue;
        uint64_t value = strtoull(word + names[i].bytes, NULL, 0);
        config->pointer_bytes = i == 0 ? (uint32_t)value : config->pointer_bytes;
        config->align_bytes = i == 1 ? (uint32_t)value : config->align_bytes;
        config->unit_bytes = i == 2 ? value : config->unit_bytes;
        return true;
    }
    return false;
}

bool contest_config(const char *text, struct play_config *config, char **options, struct error *error)
{
    struct str name = {0}, rest = {0};
    const char *colon = strchr(text, ':'), *words = colon ? colon + 1 : NULL, *word;
    size_t count;
    str_add_bytes(&name, text, colon ? (size_t)(colon - text) : strlen(text));
    *config = (struct play_config){.simulator = simulator_of(str_text(&name), error)};
    while (opt_next_word(&words, ',', &word, &count))
        if (!option_take(config, word, count))
            str_add_format(&rest, "%s%.*s", rest.count ? "," : "", (int)count, word);
    *options = rest.at;
    config->options = rest.at;
    str_done(&name);
    return config->simulator != NULL;
}

static void entries_add(struct contest *contest, const struct play_config *config, const char *name)
{
    for (uint32_t i = 0; i < contest->requests->heaps.count; i++) {
        struct replay_entry entry = {.config = *config, .heap = i, .name = memory_copy_text(name), .result.heap = i};
        if (contest->requests->heaps.at[i].kind != HT_MEMORY_POOL) /* whose blocks are all of one size */
            entry.config.guards = contest->guards;
        vec_push(&contest->entries, entry);
    }
}

bool contest_add(struct contest *contest, const char *text, struct error *error)
{
    struct play_config config;
    char *options;
    bool is_good = contest_config(text, &config, &options, error);
    if (is_good)
        entries_add(contest, &config, text);
    if (options)
        vec_push(&contest->options, options);
    return is_good;
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
    uint64_t base = arena_base(heap, &entry->config);
    struct play_arena arena;
    bool is_known = arena_choose(contest->wishes, heap, &entry->config, &arena, &entry->is_open);
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
    for (size_t i = 0; i < contest->options.count; i++)
        memory_free(contest->options.at[i]);
    vec_done(&contest->entries);
    vec_done(&contest->options);
}
