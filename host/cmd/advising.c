/* advising: in the events of a trace and the allocator of its program, out the table `advice`. */
#include "advising.h"

#include <string.h>
#include <xxhash.h>

#include "cmd.h"
#include "host/view/gate.h"
#include "pass.h"

bool advising_begin(struct advising *advising, const struct allocator_wish *wish, const struct trace_header *header, struct symbols *symbols, struct error *error)
{
    *advising = (struct advising){.wish = wish, .header = header, .symbols = symbols};
    requests_init(&advising->requests, header);
    return allocator_wish_arenas(wish, &advising->wishes, error);
}

void advising_see(void *context, const struct event *event)
{
    requests_put(&((struct advising *)context)->requests, event);
}

/* The line of the program that asks: not a wrapper of malloc, nor of the library. */
static uint32_t place_of(void *context, uint32_t stack)
{
    struct advising *advising = context;
    bool is_new;
    size_t i = 0;
    if (!stack)
        return 0;
    frames_of_stack(&advising->frames, advising->symbols, stack);
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

/* Of a program like those of this machine, on its malloc. */
static bool is_program(const struct advising *advising)
{
    const struct requests *requests = &advising->requests;
    return advising->header->pointer_bytes == sizeof(void *) && requests->heaps.count == 1 && !requests->heaps.at[0].id && !advising->header->sample_bytes;
}

static const char *allocator_of(const struct advising *advising, struct error *error)
{
    const char *glibc = "glibc";
    bool is_program = advising->header->pointer_bytes == sizeof(uint64_t) && advising->requests.heaps.count && !advising->requests.heaps.at[0].id;
    if (advising->wish->allocator)
        return advising->wish->allocator;
    if (is_program && simulator_find(glibc))
        return glibc;
    error_set(error, ERROR_USAGE, "say which allocator the program has: --allocator NAME; 'heaptracer replay --list' names them");
    return NULL;
}

bool advising_answer(struct advising *advising, uint64_t most_played, struct table *table, struct error *error)
{
    struct advice_config config = {.wishes = &advising->wishes, .place = place_of, .context = advising, .most_played = most_played};
    config.name = allocator_of(advising, error);
    bool is_good = config.name && arena_wishes_check(&advising->wishes, &advising->requests, error) &&
                   contest_config(config.name, &config.play, &advising->options, error) && advice_make(&advising->advice, &advising->requests, &config, error);
    if (is_good)
        advice_table(&advising->advice, table);
    else
        advice_table_begin(table);
    return is_good;
}

void advising_done(struct advising *advising)
{
    advice_done(&advising->advice);
    requests_done(&advising->requests);
    arena_wishes_done(&advising->wishes);
    frames_done(&advising->frames);
    map_done(&advising->places);
    memory_free(advising->options);
}

struct advising_page {
    struct advising advising;
    struct page page;
    bool has_found;
};

static void event_see(void *context, const struct event *event)
{
    struct advising_page *page = context;
    if (event->define)
        page_see(&page->page, event);
    advising_see(&page->advising, event);
}

static bool page_put(struct advising_page *page, const char *path, const struct opt_list *fail_on, struct error *error)
{
    struct table table;
    if (!page->advising.requests.list.count)
        return error_set(error, ERROR_READ, "'%s' has no request for memory to try changes on", path);
    bool is_good = advising_answer(&page->advising, 0, &table, error);
    if (is_good && is_program(&page->advising) && !page->advising.wish->allocator)
        advice_real_add(&page->advising.requests, &table);
    if (is_good)
        page_start(&page->page, path, page->advising.header);
    is_good = is_good && gate_look_all(fail_on, &table, &page->has_found, error) && page_table(&page->page, &table, 0, error);
    table_done(&table);
    return is_good;
}

int advising_run(const char *path, const struct allocator_wish *wish, const struct page_options *options, const struct opt_list *fail_on)
{
    struct error error = {0}, problem = {0};
    struct advising_page page = {0};
    struct trace_reader *reader = trace_open(path, &error);
    if (reader && page_open(&page.page, options, path, &error) && advising_begin(&page.advising, wish, trace_get_header(reader), page.page.symbols, &error)) {
        pass_events(reader, path, event_see, &page, &problem);
        page_put(&page, path, fail_on, &error);
    }
    page_close(&page.page, problem.kind ? problem.text : NULL, &error);
    advising_done(&page.advising);
    if (reader)
        trace_close(reader);
    return error.kind ? cmd_fail(&error) : problem.kind ? cmd_fail(&problem) : page.has_found ? CMD_FOUND : CMD_DONE;
}
