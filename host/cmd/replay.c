/* replay: in a trace and an allocator's name, out what the recorded requests do to that allocator. */
#include "cmd.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/vec.h"
#include "host/replay/contest.h"
#include "host/replay/replay_table.h"
#include "host/replay/rewrite.h"
#include "host/trace/writer.h"
#include "host/view/columns.h"
#include "host/view/gate.h"
#include "output.h"
#include "page.h"
#include "pass.h"

struct replay_options {
    struct page_options page;
    const char *allocator, *compare, *tables;
    struct opt_list arenas, fail_on;
    const char *record;
    uint64_t process;
    bool fit, list, force, verify, guards;
};

#define SIMULATOR(name) "|" #name
static const char allocator_names[] = ""
#include "host/sim/simulator.def"
    ;
#undef SIMULATOR
static const char table_names[] = "replay|replay_real|replay_first|replay_refusals|replay_addresses|replay_time";

static const struct opt replay_table_options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to replay on", NULL, NULL, NULL},
    {OPT_TEXT, 'a', "allocator", offsetof(struct replay_options, allocator), "NAME[:OPTION,...]", "this model of an allocator; --list names them and their options", NULL,
     allocator_names + 1, NULL},
    {OPT_LIST, 0, "arena", offsetof(struct replay_options, arenas), "[HEAP=]SIZE[@BASE][,...]",
     "the memory that it gets, for firmware the regions; for one heap of the trace by its name; may be given again", "the heap's own size if the trace knows it, else the "
     "smallest that holds all", NULL, NULL},
    {OPT_TEXT, 0, "compare", offsetof(struct replay_options, compare), "NAME,...", "a row for each of these, or all", NULL, NULL, NULL},
    {OPT_FLAG, 0, "fit", offsetof(struct replay_options, fit), NULL, "search for the smallest arena that holds all", NULL, NULL, NULL},
    {OPT_COUNT, 0, "process", offsetof(struct replay_options, process), "ID", "only that process, by its number in the table processes", "all, each in an arena of its own",
     NULL, NULL},
    {OPT_TEXT, 0, "record", offsetof(struct replay_options, record), "FILE", "also write a trace of the replay, with the model's addresses: every command reads it", NULL,
     NULL, NULL},
    {OPT_FLAG, 0, "verify", offsetof(struct replay_options, verify), NULL, "say how many blocks get the address that they have in the trace", NULL, NULL, NULL},
    {OPT_FLAG, 0, "guards", offsetof(struct replay_options, guards), NULL,
     "with the guard bands and the quarantine that the recorded firmware had; --verify does so by itself", NULL, NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct replay_options, force), NULL, "replace a trace that is there", NULL, NULL, NULL},
    {OPT_FLAG, 'l', "list", offsetof(struct replay_options, list), NULL, "list the allocators", NULL, NULL, NULL},
    {OPT_TEXT, 't', "table", offsetof(struct replay_options, tables), "NAME,...", "these tables, or all", "all but replay_time", table_names, NULL},
    {OPT_WORDS, 0, "fail-on", offsetof(struct replay_options, fail_on), "CONDITION", "end with 1 if a row fulfils TABLE.COLUMN>VALUE; may be given again", NULL, NULL, NULL},
    PAGE_OPTIONS(struct replay_options, page),
    PAGE_STACK_OPTIONS(struct replay_options, page),
    {0},
};

static const struct opt_example replay_examples[] = {
    {"heaptracer replay app.htrc --allocator heap_4 --arena 180K", "would it fit, and what is refused first"},
    {"heaptracer replay app.htrc --compare all --arena 256K", "the same requests on every allocator"},
    {"heaptracer replay esp.htrc -a heap_4 --arena DRAM=160K --arena PSRAM=4M", "an arena for each heap of the trace"},
    {"heaptracer replay app.htrc -a heap_4 --arena 64K --record on_heap_4.htrc", "a trace of the replay, for every other command"},
    {"heaptracer replay app.htrc -a heap_4 --arena 64K --fail-on 'replay.refusals>0'", "a gate for a build: ends with 1"},
    {0},
};

const struct opt_command cmd_replay_table = {
    .name = "heaptracer replay",
    .usage = "[options] FILE",
    .about = "Give the recorded requests to another allocator, and see what becomes of them",
    .manual = "Reads the trace FILE ('-' is standard input) and asks a model of an allocator for what the recorded program asked for, in the same order: every "
              "malloc, calloc, realloc, aligned request and free. The models are exact: each address and each refusal is the real allocator's.\n\n"
              "A request that is refused now, but was not then: the program goes on without that block, so its frees and reallocs are skipped. How a "
              "program would have gone on in truth nobody knows; the figures up to the first refusal are sure.\n\n"
              "Each heap of the trace (DRAM, PSRAM, ...) and each process gets a heap of its own. What the trace does not know (gaps, blocks from "
              "before the recording, samples) is said below the table.",
    .options = replay_table_options,
    .examples = replay_examples,
    .see_also = "heaptracer analyze, heaptracer import",
    .most_words = 1,
};

struct replay {
    const struct replay_options *options;
    const char *path;
    struct trace_reader *reader;
    struct requests requests;
    struct arena_wishes wishes;
    struct contest contest;
    VEC(struct peer_entry) peers;
    struct page page;
    bool has_found;
};

static void event_see(void *context, const struct event *event)
{
    struct replay *replay = context;
    if (event->define)
        page_see(&replay->page, event);
    requests_put(&replay->requests, event);
}

static bool peer_add(struct replay *replay, const char *name)
{
    const struct peer *peer = peer_find(name);
    for (uint32_t i = 0; peer && i < replay->requests.heaps.count; i++)
        vec_push(&replay->peers, ((struct peer_entry){.peer = peer, .heap = i}));
    return peer != NULL;
}

/* What runs on this machine is worth knowing of its own programs, not of firmware. */
static bool is_program(const struct replay *replay)
{
    const struct requests *requests = &replay->requests;
    return trace_get_header(replay->reader)->pointer_bytes == sizeof(void *) && requests->heaps.count == 1 && !requests->heaps.at[0].id;
}

static void allocators_add_all(struct replay *replay)
{
    contest_add_all(&replay->contest);
    for (const struct peer *peer = peers; is_program(replay) && peer->name; peer++)
        peer_add(replay, peer->name);
}

static bool allocators_choose(struct replay *replay, struct error *error)
{
    const struct replay_options *options = replay->options;
    const char *rest = options->compare ? options->compare : options->allocator, *word;
    size_t count;
    bool is_good = true;
    if (!strcmp(rest, "all") && options->compare) {
        allocators_add_all(replay);
        return true;
    }
    if (!options->compare)
        return peer_add(replay, rest) || contest_add(&replay->contest, rest, error);
    while (is_good && opt_next_word(&rest, ',', &word, &count)) {
        struct str name = {0};
        str_add_bytes(&name, word, count);
        is_good = peer_add(replay, str_text(&name)) || contest_add(&replay->contest, str_text(&name), error);
        str_done(&name);
    }
    return is_good;
}

static bool wishes_take(struct replay *replay, struct error *error)
{
    const struct replay_options *options = replay->options;
    for (size_t i = 0; i < options->arenas.count; i++)
        if (!arena_wish_add(&replay->wishes, "--arena", options->arenas.at[i], error))
            return false;
    if (!options->allocator == !options->compare)
        return error_set(error, ERROR_USAGE, "say on what to replay: either --allocator NAME or --compare NAME,...; --list names them");
    return !options->page.csv || options->tables || error_set(error, ERROR_USAGE, "--csv writes one table: choose it with --table NAME");
}

/* What people look at first; the others are in --json and --columns. */
static const char short_columns[] = "allocator,heap,arena_bytes,peak_asked_bytes,peak_taken_bytes,overhead_share,reach_bytes,fragmentation_worst,refusals";
static const char compare_columns[] = "allocator,heap,arena_bytes,peak_taken_bytes,overhead_share,smallest_bytes,fragmentation_worst,refusals,moves,speed";

static bool is_asked(const struct replay *replay, const char *name)
{
    const char *tables = replay->options->tables;
    if (!tables)
        return strcmp(name, "replay_time") || replay->options->page.json;
    return !strcmp(tables, "all") || opt_has_word(tables, ',', name, strlen(name));
}

static bool table_put(struct replay *replay, struct table *table, struct error *error)
{
    const struct page_options *page = &replay->options->page;
    bool is_short = !page->json && !page->csv && !page->columns && !strcmp(table->name, "replay"), is_good;
    struct columns columns = {0};
    is_good = gate_look_all(&replay->options->fail_on, table, &replay->has_found, error);
    if (is_good && is_asked(replay, table->name) && (table->row_count || page->json || page->csv || replay->options->tables)) {
        is_good = !is_short || columns_take(&columns, table, replay->options->compare ? compare_columns : short_columns, error);
        is_good = is_good && page_table(&replay->page, is_short ? &columns.table : table, strcmp(table->name, "replay") ? 0 : table->row_count, error);
        columns_done(&columns);
    }
    table_done(table);
    return is_good;
}

static void guards_note(const struct replay *replay, struct table *table)
{
    struct str text = {0};
    if (!replay->contest.guards.head_bytes)
        return;
    guards_say(&replay->contest.guards, &text);
    table_note(table, "replayed as it was recorded: with %s", str_text(&text));
    str_done(&text);
}

static bool answers_put(struct replay *replay, struct error *error)
{
    struct contest *contest = &replay->contest;
    struct table table;
    page_start(&replay->page, replay->path, trace_get_header(replay->reader));
    replay_table(&table, &replay->requests, contest->entries.at, contest->entries.count);
    guards_note(replay, &table);
    if (!table_put(replay, &table, error))
        return false;
    replay_table_peers(&table, &replay->requests, replay->peers.at, replay->peers.count);
    if (!table_put(replay, &table, error) || replay->options->compare)
        return !error->kind;
    replay_table_first(&table, &replay->requests, contest->entries.at, contest->entries.count);
    if (!table_put(replay, &table, error))
        return false;
    replay_table_refusals(&table, &replay->requests, contest->entries.at, contest->entries.count);
    if (!table_put(replay, &table, error))
        return false;
    for (size_t i = 0; i < contest->entries.count && !error->kind; i++) {
        replay_table_course(&table, &contest->entries.at[i]);
        table_put(replay, &table, error);
    }
    return !error->kind;
}

/* One that was asked for by name must be; in a comparison its row says why it is not. */
static bool entries_check(const struct replay *replay, struct error *error)
{
    for (size_t i = 0; !replay->options->compare && i < replay->contest.entries.count; i++)
        if (!replay->contest.entries.at[i].is_done) {
            *error = replay->contest.entries.at[i].error;
            return false;
        }
    for (size_t i = 0; !replay->options->compare && i < replay->peers.count; i++)
        if (!replay->peers.at[i].is_done)
            return error_set(error, replay->peers.at[i].error.kind, "%s: %s", replay->peers.at[i].peer->name, replay->peers.at[i].error.text);
    return replay->requests.list.count || error_set(error, ERROR_READ, "'%s' has no request for memory to replay", replay->path);
}

static void record_put(void *context, const struct event *event)
{
    trace_writer_put(context, event, 1);
}

/* The trace is read a second time: its requests alone do not tell its addresses, threads, marks and stacks. */
static bool again_read(struct replay *replay, struct trace_writer *writer, struct trace_reader *reader, struct error *error)
{
    struct event event;
    struct table table;
    struct error end = {0}; /* said by the first reading */
    struct rewrite *rewrite = rewrite_new(&replay->requests, replay->contest.entries.at, writer ? record_put : NULL, writer, error);
    if (!rewrite)
        return false;
    while (trace_next(reader, &event, &end))
        rewrite_put(rewrite, &event);
    replay_table_addresses(&table, &replay->requests, rewrite_matches(rewrite));
    bool is_good = !replay->options->verify || table_put(replay, &table, error);
    rewrite_free(rewrite);
    return is_good;
}

static struct trace_writer *record_open(const struct replay *replay, const struct trace_header *header, struct error *error)
{
    struct str recorder = {0};
    struct trace_writer_config config = {.path = replay->options->record, .replace = replay->options->force, .header = *header};
    str_add_format(&recorder, "%s, replayed on %s by heaptracer " HT_VERSION, header->recorder, replay->contest.entries.at[0].name);
    config.header.recorder = str_text(&recorder);
    struct trace_writer *writer = trace_writer_new(&config, error);
    str_done(&recorder);
    return writer;
}

static bool again_run(struct replay *replay, struct error *error)
{
    const char *record = replay->options->record;
    struct trace_reader *reader = trace_open(replay->path, error);
    struct trace_totals totals;
    if (!reader)
        return false;
    struct trace_writer *writer = record ? record_open(replay, trace_get_header(reader), error) : NULL;
    bool is_good = (writer || !record) && again_read(replay, writer, reader, error);
    is_good &= !writer || trace_writer_close(writer, NULL, &totals, error);
    if (writer && is_good)
        page_line(&replay->page, "recorded as %s; look at it with: heaptracer analyze %s", record, record);
    trace_close(reader);
    return is_good;
}

static bool record_check(const struct replay *replay, struct error *error)
{
    const struct replay_options *options = replay->options;
    if (!options->record && !options->verify)
        return true;
    if (options->compare || peer_find(options->allocator))
        return error_set(error, ERROR_USAGE, "--record and --verify are about one model of an allocator: say --allocator NAME");
    if (!strcmp(replay->path, "-"))
        return error_set(error, ERROR_USAGE, "--record and --verify read the trace twice, and standard input can be read only once: write it into a file");
    struct stat status;
    if (options->record && !stat(options->record, &status) && !S_ISREG(status.st_mode))
        return error_set(error, ERROR_USAGE, "--record %s: a trace goes into a regular file; name one", options->record);
    return !options->record || (output_differs(options->record, replay->path, error) && (options->force || access(options->record, F_OK) ||
           error_set(error, ERROR_WRITE, "'%s' is there already; --force replaces it", options->record)));
}

static bool guards_choose(struct replay *replay, struct error *error)
{
    const struct replay_options *options = replay->options;
    if (!options->guards && !options->verify)
        return true;
    return guards_take(&replay->contest.guards, trace_get_header(replay->reader)) || !options->guards ||
           error_set(error, ERROR_USAGE, "--guards: '%s' tells of no guard bands: it is no firmware's with HT_WITH_GUARD", replay->path);
}

static bool replay_run(struct replay *replay, struct error *problem, struct error *error)
{
    enum { FIT_REQUESTS_MOST = 24000000 }; /* of a comparison: so that a long trace takes seconds, not minutes */
    requests_init(&replay->requests, trace_get_header(replay->reader));
    replay->requests.only_process = (uint32_t)replay->options->process;
    pass_events(replay->reader, replay->path, event_see, replay, problem);
    replay->contest = (struct contest){.requests = &replay->requests, .wishes = &replay->wishes, .fits = replay->options->fit || replay->options->compare,
                                       .most_fit_requests = replay->options->compare ? FIT_REQUESTS_MOST : 0};
    if (!guards_choose(replay, error) || !arena_wishes_check(&replay->wishes, &replay->requests, error) || !allocators_choose(replay, error))
        return false;
    contest_run(&replay->contest);
    peers_run(&replay->requests, replay->peers.at, replay->peers.count);
    return entries_check(replay, error) && answers_put(replay, error) && ((!replay->options->record && !replay->options->verify) || again_run(replay, error));
}

static int replay_file(const struct replay_options *options, const struct opt_words *words)
{
    struct error error = {0}, problem = {0};
    struct replay replay = {.options = options, .path = words->at[0]};
    if (wishes_take(&replay, &error) && record_check(&replay, &error))
        replay.reader = trace_open(replay.path, &error);
    if (replay.reader && page_open(&replay.page, &options->page, replay.path, &error))
        replay_run(&replay, &problem, &error);
    page_close(&replay.page, problem.kind ? problem.text : NULL, &error);
    contest_done(&replay.contest);
    vec_done(&replay.peers);
    requests_done(&replay.requests);
    arena_wishes_done(&replay.wishes);
    if (replay.reader)
        trace_close(replay.reader);
    return error.kind ? cmd_fail(&error) : problem.kind ? cmd_fail(&problem) : replay.has_found ? CMD_FOUND : CMD_DONE;
}

static int allocators_list(void)
{
    struct str out = {0};
    for (const struct simulator *const *at = simulators; *at; at++) {
        str_add_format(&out, "%-14s %s (%s)\n", (*at)->name, (*at)->title, (*at)->source);
        for (const char *rest = (*at)->option_help, *line = NULL; rest && *rest;) {
            size_t count;
            if (opt_next_word(&rest, '\n', &line, &count) && count)
                str_add_format(&out, "    %.*s\n", (int)count, line);
        }
    }
    for (const struct peer *peer = peers; peer->name; peer++)
        str_add_format(&out, "%-14s %s, the real one, in a process of its own (apt-get install %s)\n", peer->name, peer->title, peer->package);
    return cmd_print(&out);
}

int cmd_replay(int argc, char **argv)
{
    struct replay_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_replay_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    struct error error = {0};
    if (options.list)
        exit_code = allocators_list();
    else if (words.count)
        exit_code = replay_file(&options, &words);
    else
        exit_code = error_set(&error, ERROR_USAGE, "heaptracer replay needs a FILE") ? CMD_DONE : cmd_fail(&error);
    opt_words_done(&words);
    return exit_code;
}
