/* dump: in a trace, out its events one a line, as text or as JSON; in a SOURCE that runs, out its live blocks. */
#include "cmd.h"

#include <string.h>

#include <heaptracer/trace.h>

#include "host/base/nearest.h"
#include "host/view/event_line.h"
#include "host/view/terminal.h"
#include "heap_dump.h"

struct dump_options {
    bool no_definitions, blocks;
    const char *kinds;
    uint64_t from_ns, to_ns;
    struct opt_list pieces;
    struct page_options page; /* also what events have of it: json, output, limit */
    struct source_options source;
};

static const struct opt dump_table[] = {
    {OPT_FLAG, 0, "json", offsetof(struct dump_options, page.json), NULL, "one JSON object a line", NULL, NULL, NULL},
    {OPT_TEXT, 'k', "kind", offsetof(struct dump_options, kinds), "KIND,...", "only events of these kinds", "all",
     "alloc|free|resize_begin|resize_end|refuse|map|unmap|frame|module|thread|process|heap|source|thread_end|process_end|mark|state|gap|cost|"
     "fault|stack_use|heap_use|pool_use|alert|bandwidth|dump|scan|scan_site|scan_block", NULL},
    {OPT_FLAG, 0, "no-definitions", offsetof(struct dump_options, no_definitions), NULL,
     "leave out frames, modules, threads, processes, heaps, sources", NULL, NULL,
     NULL},
    {OPT_TIME, 0, "from", offsetof(struct dump_options, from_ns), "TIME", "only events from then on", NULL, NULL, NULL},
    {OPT_TIME, 0, "to", offsetof(struct dump_options, to_ns), "TIME", "and before then", NULL, NULL, NULL},
    {OPT_COUNT, 'n', "limit", offsetof(struct dump_options, page.limit), "N", "stop after so many", NULL, NULL, NULL},
    {OPT_TEXT, 'o', "output", offsetof(struct dump_options, page.output), "FILE", "write there", "standard output", NULL, NULL},
    {OPT_SECTION, .about = "Live blocks of a SOURCE instead of events"},
    {OPT_FLAG, 'b', "blocks", offsetof(struct dump_options, blocks), .about = "Blocks that live now, with site and age, the largest first; 20 as text, else all, or --limit"},
    {OPT_LIST, 0, "bytes", offsetof(struct dump_options, pieces), "ADDR:N", .about = "The N bytes of memory from ADDR on, as they are now; may be given again"},
    {OPT_FLAG, 0, "csv", offsetof(struct dump_options, page.csv), .about = "CSV of one table"},
    {OPT_FLAG, 's', "stacks", offsetof(struct dump_options, page.stacks), .about = "Whole stacks, one line a frame"},
    SOURCE_OPTIONS(struct dump_options, source),
    PAGE_NAME_OPTIONS(struct dump_options, page),
    {0},
};

static const struct opt_example dump_examples[] = {
    {"heaptracer dump app.htrc | less", "read along"},
    {"heaptracer dump app.htrc --kind refuse,gap", "what went wrong"},
    {"heaptracer dump app.htrc --json --from 1s --to 1.1s", "a tenth of a second, for a program"},
    {"heaptracer dump --blocks 4711", "what process 4711 has in its heap now"},
    {"heaptracer dump --blocks agent:board7/server --bytes 0x55d0c8a2b2c0:64 --json", "of another machine, and what is in a block"},
    {0},
};

const struct opt_command cmd_dump_table = {
    .name = "heaptracer dump",
    .usage = "[options] FILE | --blocks SOURCE",
    .about = "Print the events of a trace, or the live blocks of a program that runs",
    .manual = "A line of text is: ordinal, seconds since the start, process/thread, kind, and then name=value for all that is known. With --json each "
              "line is an object with the "
              "same names; addresses are strings like \"0x7f00\". What is not known or none (usable size, stack, source, heap 0) is left out.\n\n"
              "A stack is a number: the event 'frame' with that id defines its innermost frame, whose 'parent' is the stack of the callers, 0 at the root.\n\n"
              "With --blocks or --bytes SOURCE is what 'heaptracer monitor' takes: a process or trace that is being recorded, a board, a recording on another machine. All "
              "that happened up to now is read, and what lives then is listed. Bytes are read from the process while it runs on, so a block that was freed meanwhile may hold "
              "anything; of another machine only where its agent was started with --allow-bytes, and of a board by the board. Only memory that allocators hand out is read: not "
              "that of files, nor the first thread's stack. At most 64 KiB each.",
    .options = dump_table,
    .examples = dump_examples,
    .see_also = "heaptracer analyze, heaptracer info",
    .least_words = 1,
    .most_words = 1,
};

/* Which kinds are printed. */
struct dump_choice {
    bool has_kind[EVENT_KIND_COUNT];
};

static bool kind_choose(struct dump_choice *choice, const char *name, struct error *error)
{
    struct nearest nearest = {.wanted = name};
    for (unsigned kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        if (kind > EVENT_DUMP && kind < EVENT_SCAN)
            continue;
        nearest_offer(&nearest, event_line_kind(kind));
        choice->has_kind[kind] |= !strcmp(name, event_line_kind(kind));
        if (!strcmp(name, event_line_kind(kind)))
            return true;
    }
    return error_set(error, ERROR_USAGE, "--kind: '%s' is no kind of event%s%s%s; 'heaptracer man dump' lists them", name, nearest.best ? "; did you mean '" : "",
                     nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
}

static bool kinds_choose(struct dump_choice *choice, const struct dump_options *options, struct opt_words *words, struct error *error)
{
    const char *rest = options->kinds, *word;
    size_t count;
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++)
        choice->has_kind[kind] = !options->kinds && !(options->no_definitions && kind >= EVENT_FRAME && kind <= EVENT_SOURCE);
    while (opt_next_word(&rest, ',', &word, &count))
        if (!kind_choose(choice, arena_copy_text(&words->arena, word, count), error))
            return false;
    return true;
}

/* False when reading ended in an error. Definitions before --from are needed to understand what follows, so they are printed. */
static bool events_put(const struct dump_options *options, const struct dump_choice *choice, struct trace_reader *reader, FILE *out, struct error *error)
{
    struct event event;
    uint64_t count = 0;
    while ((!options->page.limit || count < options->page.limit) && !ferror(out) && trace_next(reader, &event, error)) {
        bool is_definition = event.kind >= EVENT_FRAME && event.kind <= EVENT_SOURCE;
        if (options->to_ns && event.time_ns >= options->to_ns && !is_definition)
            break;
        if ((event.time_ns < options->from_ns && !is_definition) || event.kind >= EVENT_KIND_COUNT || !choice->has_kind[event.kind])
            continue;
        count++;
        if (options->page.json)
            event_line_json(out, &event);
        else
            event_line_text(out, &event);
    }
    return error->kind == ERROR_NONE;
}

static int dump_file(const struct dump_options *options, const struct dump_choice *choice, const char *path)
{
    struct error error = {0};
    struct terminal terminal;
    struct terminal_config config = {.path = options->page.output};
    struct trace_reader *reader = trace_open(path, &error);
    if (!reader)
        return cmd_fail(&error);
    if (terminal_open(&terminal, &config, &error)) {
        events_put(options, choice, reader, terminal.out, &error);
        terminal_close(&terminal, &error);
    }
    trace_close(reader);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}

int cmd_dump(int argc, char **argv)
{
    struct dump_options options = {0};
    struct dump_choice choice;
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_dump_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    struct heap_dump_options blocks = {&options.page, &options.source, options.pieces, options.blocks};
    if (options.blocks || options.pieces.count)
        exit_code = heap_dump(&blocks, words.at[0]);
    else if (kinds_choose(&choice, &options, &words, &error))
        exit_code = dump_file(&options, &choice, words.at[0]);
    else
        exit_code = cmd_fail(&error);
    opt_words_done(&words);
    return exit_code;
}
