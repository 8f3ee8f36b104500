/* advising: in a trace and the allocator of its program, out the page with the table `advice`. */
#include "advising.h"

#include <string.h>
#include <xxhash.h>

#include "cmd.h"
#include "host/advice/advice.h"
#include "host/view/frames.h"
#include "host/view/gate.h"
#include "pass.h"
#include "progress.h"

struct advising {
    const char *path;
    const struct advising_wish *wish;
    const struct opt_list *fail_on;
    struct trace_reader *reader;
    struct requests requests;
    struct arena_wishes wishes;
    struct advice advice;
    struct frames frames; /* reused */
    struct map places;    /* digest of a frame: number */
    struct page page;
    char *options;
    bool has_found;
};

static void requests_read(struct advising *advising, struct error *problem)
{
    struct progress progress;
    struct event event;
    uint64_t count = 0;
    progress_start(&progress);
    requests_init(&advising->requests, trace_get_header(advising->reader));
    while (trace_next(advising->reader, &event, problem)) {
        if (event.define)
            page_see(&advising->page, &event);
        requests_put(&advising->requests, &event);
        if (!(++count & 0xFFFF))
            progress_see(&progress, count, event.time_ns);
    }
    progress_end(&progress);
    if (!problem->kind)
        pass_end_check(advising->reader, advising->path, problem);
}

/* The line of the program that asks: not a wrapper of malloc, nor of the library. */
static uint32_t place_of(void *context, uint32_t stack)
{
    struct advising *advising = context;
    bool is_new;
    size_t i = 0;
    if (!stack)
        return 0;
    frames_of_stack(&advising->frames, advising->page.symbols, stack);
    while (i + 1 < advising->frames.list.count && advising->frames.list.at[i].role != FRAME_PROGRAM)
        i++;
    if (!advising->frames.list.count)
        return 0;
    const struct frame_text *text = &advising->frames.list.at[i].text;
    uint64_t digest = XXH3_64bits_withSeed(text->function, strlen(text->function), text->line);
    digest = text->file ? XXH3_64bits_withSeed(text->file, strlen(text->file), digest) : digest;
    uint64_t *number = map_put(&advising->places, digest, &is_new);
    if (is_new)
        *number = map_count(&advising->places);
    return (uint32_t)*number;
}

static const char *allocator_of(const struct advising *advising, struct error *error)
{
    const char *glibc = "glibc";
    bool is_program = trace_get_header(advising->reader)->pointer_bytes == sizeof(uint64_t) && advising->requests.heaps.count && !advising->requests.heaps.at[0].id;
    if (advising->wish->allocator)
        return advising->wish->allocator;
    if (is_program && simulator_find(glibc))
        return glibc;
    error_set(error, ERROR_USAGE, "say which allocator the program has: --allocator NAME; 'heaptracer replay --list' names them");
    return NULL;
}

static bool table_put(struct advising *advising, struct error *error)
{
    struct table table;
    page_start(&advising->page, advising->path, trace_get_header(advising->reader));
    advice_table(&advising->advice, &table);
    bool is_good = gate_look_all(advising->fail_on, &table, &advising->has_found, error) && page_table(&advising->page, &table, 0, error);
    table_done(&table);
    return is_good;
}

static bool advice_find(struct advising *advising, struct error *problem, struct error *error)
{
    struct advice_config config = {.wishes = &advising->wishes, .place = place_of, .context = advising};
    for (size_t i = 0; i < advising->wish->arenas.count; i++)
        if (!arena_wish_add(&advising->wishes, "--arena", advising->wish->arenas.at[i], error))
            return false;
    requests_read(advising, problem);
    if (!advising->requests.list.count)
        return error_set(error, ERROR_READ, "'%s' has no request for memory to try changes on", advising->path);
    config.name = allocator_of(advising, error);
    return config.name && arena_wishes_check(&advising->wishes, &advising->requests, error) && contest_config(config.name, &config.play, &advising->options, error) &&
           advice_make(&advising->advice, &advising->requests, &config, error) && table_put(advising, error);
}

int advising_run(const char *path, const struct advising_wish *wish, const struct page_options *page, const struct opt_list *fail_on)
{
    struct error error = {0}, problem = {0};
    struct advising advising = {.path = path, .wish = wish, .fail_on = fail_on};
    advising.reader = trace_open(path, &error);
    if (advising.reader && page_open(&advising.page, page, path, &error))
        advice_find(&advising, &problem, &error);
    page_close(&advising.page, problem.kind ? problem.text : NULL, &error);
    advice_done(&advising.advice);
    requests_done(&advising.requests);
    arena_wishes_done(&advising.wishes);
    frames_done(&advising.frames);
    map_done(&advising.places);
    memory_free(advising.options);
    if (advising.reader)
        trace_close(advising.reader);
    return error.kind ? cmd_fail(&error) : problem.kind ? cmd_fail(&problem) : advising.has_found ? CMD_FOUND : CMD_DONE;
}
