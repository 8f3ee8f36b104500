/* cmd_lookup: in an address and a trace or a process that is recorded, out what lies there: block, region, module, stack, pages; now or at a time. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address_story.h"
#include "cmd.h"
#include "feed.h"
#include "host/launch/control.h"

struct lookup_options {
    struct page_options page;
    uint64_t at_ns, process;
};

static const struct opt lookup_options[] = {
    {OPT_TIME, 0, "at", offsetof(struct lookup_options, at_ns), "TIME", .about = "What lay there then, 1.5s after the start", .fallback = "at the end, or now"},
    {OPT_COUNT, 0, "process", offsetof(struct lookup_options, process), "ID", .about = "Only in that process, by its number in the table processes"},
    PAGE_OPTIONS(struct lookup_options, page),
    PAGE_STACK_OPTIONS(struct lookup_options, page),
    {0},
};

static const struct opt_example lookup_examples[] = {
    {"heaptracer lookup 0x55d0c8a2b2c0 server.4711.htrc", "which block lay over that address, who made it, and who ended it"},
    {"heaptracer lookup 0x7f2a1c000b20 4711", "the same of process 4711, which runs and is recorded"},
    {"heaptracer lookup 0x20001a30 light.htrc --at 12s", "of a firmware, at one moment"},
    {0},
};

const struct opt_command cmd_lookup_table = {
    .name = "heaptracer lookup",
    .usage = "[options] ADDRESS FILE|PID",
    .about = "Say what an address belongs to: block, region, module, stack",
    .manual = "Every block that ever lay over ADDRESS is listed, the latest first, with the stack that made it and the stack that ended it where the trace has that "
              "('heaptracer run --free-stacks'): the way from an address in a crash report or a debugger to the code that is to blame. Then follow the firmware's region, "
              "the page map ('heaptracer run --maps'), the module and the stack of a thread or task that the address lies in; of a process that runs, also its line in "
              "/proc/PID/maps.\n\n"
              "Exit codes: 0 something lies there, 1 nothing is known of that address, 2 wrong usage, 3 the trace cannot be read.",
    .options = lookup_options,
    .examples = lookup_examples,
    .see_also = "heaptracer leaks, heaptracer analyze",
    .least_words = 2,
    .most_words = 2,
};

enum { KIND, STATE, START, SIZE, OFFSET, WHAT, FROM, TO, PROCESS, THREAD, MADE_BY, ENDED_BY, COLUMNS };
static const struct column columns[] = {
    [KIND] = {"kind", "Kind", "", "block, region, pages, module, stack or mapping", COLUMN_TEXT},
    [STATE] = {"state", "State", "", "live, freed, moved by realloc, left (live when its process ended) or gone, of a block", COLUMN_TEXT},
    [START] = {"start", "Start", "", "first address of it", COLUMN_ADDRESS},
    [SIZE] = {"size_bytes", "Size", "", "as asked for", COLUMN_BYTES},
    [OFFSET] = {"offset_bytes", "Offset", "", "of the address in it", COLUMN_BYTES},
    [WHAT] = {"what", "What", "", "its name", COLUMN_TEXT},
    [FROM] = {"from_ns", "From", "", "when it came", COLUMN_TIME},
    [TO] = {"to_ns", "To", "", "when it went; 0: it is there", COLUMN_TIME},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
    [THREAD] = {"thread", "Thread", "id", "that made it, or whose stack it is", COLUMN_COUNT},
    [MADE_BY] = {"stack", "Made by", "", "stack that made the block", COLUMN_STACK},
    [ENDED_BY] = {"ended_by", "Ended by", "", "stack that freed or resized it, where the trace has it", COLUMN_STACK},
};

struct lookup {
    const struct lookup_options *options;
    struct address_story story;
    struct table table;
    const struct model *model;
};

static const char *end_word(const struct story_block *told)
{
    if (told->end_ns == UINT64_MAX)
        return "live";
    switch ((enum change_kind)told->end_kind) {
    case CHANGE_FREE:
        return "freed";
    case CHANGE_RESIZE:
    case CHANGE_LIFT:
        return "moved by realloc";
    case CHANGE_LEAVE:
        return "left";
    default:
        return "gone";
    }
}

static union cell *row_add(struct lookup *lookup, const char *kind, ht_addr start, uint64_t size, uint32_t process)
{
    union cell *row = table_row(&lookup->table);
    row[KIND].text = kind;
    row[STATE].text = row[WHAT].text = "";
    row[START].u = start;
    row[SIZE].u = size;
    row[OFFSET].u = lookup->story.address - start;
    row[PROCESS].u = process;
    return row;
}

static bool is_in(const struct lookup *lookup, ht_addr start, uint64_t size, uint32_t process)
{
    return lookup->story.address - start < size && (!lookup->options->process || !process || process == lookup->options->process);
}

static uint32_t stack_of(const struct lookup *lookup, uint32_t site)
{
    size_t count;
    const struct site *sites = model_sites(lookup->model, &count);
    return site < count ? sites[site].stack : 0;
}

static void blocks_put(struct lookup *lookup)
{
    const struct address_story *story = &lookup->story;
    for (size_t i = story->blocks.count; i-- > story->first;) {
        const struct story_block *told = story->blocks.at + i;
        union cell *row = row_add(lookup, "block", told->block.address, told->block.size, told->block.process);
        row[STATE].text = end_word(told);
        row[FROM].u = told->block.birth_ns;
        row[TO].u = told->end_ns == UINT64_MAX ? 0 : told->end_ns;
        row[THREAD].u = told->block.thread;
        row[MADE_BY].u = stack_of(lookup, told->block.site);
        row[ENDED_BY].u = told->end_stack;
    }
    if (story->left_out)
        table_note(&lookup->table, "%" PRIu64 " earlier blocks at this address are left out", story->left_out);
}

static void regions_put(struct lookup *lookup)
{
    const struct heap *heap;
    for (size_t i = 0; (heap = model_heap(lookup->model, i)); i++)
        if (heap->size && is_in(lookup, heap->base, heap->size, heap->process))
            row_add(lookup, "region", heap->base, heap->size, heap->process)[WHAT].text = heap->name ? heap->name : "";
}

static void modules_put(struct lookup *lookup)
{
    size_t count;
    const struct module *modules = model_modules(lookup->model, &count);
    for (size_t i = 0; i < count; i++)
        if (is_in(lookup, modules[i].start, modules[i].end - modules[i].start, modules[i].process))
            row_add(lookup, "module", modules[i].start, modules[i].end - modules[i].start, modules[i].process)[WHAT].text =
                table_text(&lookup->table, "%s at 0x%" PRIx64 " of its ELF file", modules[i].path, lookup->story.address - modules[i].bias);
}

static void stacks_put(struct lookup *lookup)
{
    size_t count;
    const struct thread *threads = model_threads(lookup->model, &count);
    for (size_t i = 0; i < count; i++) {
        if (!threads[i].stack_bytes || !is_in(lookup, threads[i].stack_base, threads[i].stack_bytes, threads[i].process))
            continue;
        union cell *row = row_add(lookup, "stack", threads[i].stack_base, threads[i].stack_bytes, threads[i].process);
        row[WHAT].text = threads[i].name ? threads[i].name : "";
        row[THREAD].u = threads[i].id;
    }
}

static void pages_put(void *context, const struct page_range *range)
{
    struct lookup *lookup = context;
    if (!is_in(lookup, range->start, range->end - range->start, range->process))
        return;
    union cell *row = row_add(lookup, "pages", range->start, range->end - range->start, range->process);
    row[FROM].u = range->birth_ns;
    row[THREAD].u = range->thread;
    row[MADE_BY].u = stack_of(lookup, range->site);
}

/* "55d0c8a0c000-55d0c8a4d000 rw-p 00000000 00:00 0      [heap]" of the process with that number. */
static void mapping_put(struct lookup *lookup, pid_t pid)
{
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && fgets(line, sizeof line, maps)) {
        uint64_t start, end;
        char rights[8];
        int name = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %n", &start, &end, rights, &name) < 3 || !is_in(lookup, start, end - start, 0))
            continue;
        line[strcspn(line, "\n")] = 0;
        row_add(lookup, "mapping", start, end - start, 0)[WHAT].text = table_text(&lookup->table, "%s %s", rights, name && line[name] ? line + name : "anonymous");
    }
    if (maps)
        fclose(maps);
}

static void changes_see(void *context, const struct changes *changes)
{
    address_story_see(&((struct lookup *)context)->story, changes);
}

/* All that is there is enough. */
static bool lookup_beat(void *context, struct feed *feed, bool is_waiting)
{
    (void)context;
    (void)feed;
    return !is_waiting || !feed->pipeline;
}

static bool address_parse(const char *text, ht_addr *address, struct error *error)
{
    char *end;
    *address = strtoull(text, &end, 16);
    if (isxdigit((unsigned char)*text) && !*end)
        return true;
    return error_set(error, ERROR_USAGE, "'%s' is no address: write it in hex, like 0x55d0c8a2b2c0", text);
}

static bool lookup_put(struct lookup *lookup, struct feed *feed, struct error *error)
{
    struct page page;
    bool is_good = page_open(&page, &lookup->options->page, feed->path, error);
    if (is_good) {
        symbols_free(page.symbols);
        page.symbols = feed->symbols;
        page.view.symbols = feed->symbols;
        page_start(&page, feed->path, trace_get_header(feed->reader));
        is_good = page_table(&page, &lookup->table, 0, error);
        feed->symbols = NULL; /* the page's now */
    }
    return page_close(&page, feed->problem.kind ? feed->problem.text : NULL, error) && is_good;
}

static void lookup_fill(struct lookup *lookup, const struct feed *feed)
{
    lookup->model = pipeline_model(feed->pipeline);
    table_init(&lookup->table, "lookup", "Address", "What lies, or lay, at the address.", TABLE_ROWS, columns, COLUMNS);
    blocks_put(lookup);
    regions_put(lookup);
    model_each_pages(lookup->model, pages_put, lookup);
    modules_put(lookup);
    stacks_put(lookup);
    if (feed->pid)
        mapping_put(lookup, feed->pid);
}

/* What happened up to now is to be in the trace. */
static void recording_flush(pid_t pid)
{
    struct str answer = {0};
    struct error ignored = {0};
    if (pid)
        control_ask(pid, "flush", &answer, &ignored);
    str_done(&answer);
}

static int lookup_go(struct lookup *lookup, const char *word)
{
    static const char *const none[] = {NULL};
    struct feed_config config = {.word = word, .names = &lookup->options->page, .tables = none, .beat = lookup_beat, .see = changes_see, .context = lookup};
    struct feed feed;
    struct error error = {0};
    int exit_code = CMD_FAILED;
    bool is_found = feed_find(&feed, &config, &error);
    if (is_found)
        recording_flush(feed.pid);
    if (is_found && feed_open(&feed, &error)) {
        feed_run(&feed);
        pipeline_flush(feed.pipeline);
        lookup_fill(lookup, &feed);
        if (feed.is_left)
            feed.problem = (struct error){0}; /* it is still written */
        if (lookup_put(lookup, &feed, &error))
            exit_code = feed.problem.kind ? cmd_fail(&feed.problem) : lookup->table.row_count ? CMD_DONE : CMD_FOUND;
        table_done(&lookup->table);
    }
    feed_close(&feed);
    return error.kind ? cmd_fail(&error) : exit_code;
}

int cmd_lookup(int argc, char **argv)
{
    struct lookup_options options = {0};
    struct lookup lookup = {.options = &options};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_lookup_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    lookup.story.to_ns = options.at_ns ? options.at_ns : UINT64_MAX;
    lookup.story.only_process = (uint32_t)options.process;
    exit_code = address_parse(words.at[0], &lookup.story.address, &error) ? lookup_go(&lookup, words.at[1]) : cmd_fail(&error);
    address_story_done(&lookup.story);
    opt_words_done(&words);
    return exit_code;
}
