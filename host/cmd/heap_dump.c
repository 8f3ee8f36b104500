/* heap_dump: in a SOURCE, out its live blocks as they are now: the trace is read up to now, and the model tells. Memory is read where it is: here, by the agent, or
 * by the board. */
#include "heap_dump.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "feed.h"
#include "host/base/now.h"
#include "live_blocks.h"

enum { WAIT_US = 20000, ROW_BYTES = 16 };
static const uint64_t PATIENCE_NS = 3 * 1000000000ull, BOARD_NS = 700000000;

enum { AT, HEX, TEXT, BYTE_COLUMNS };
static const struct column byte_columns[] = {
    [AT] = {"address", "Address", "", "of the first byte of the row", COLUMN_ADDRESS},
    [HEX] = {"hex", "Bytes", "", "up to 16 bytes", COLUMN_TEXT},
    [TEXT] = {"text", "Text", "", "the same as letters; what is none is a point", COLUMN_TEXT},
};

struct piece {
    uint64_t address;
    size_t count, known; /* bytes that a board has told so far */
    uint8_t *bytes;
};

struct dump {
    const struct heap_dump_options *options;
    struct table blocks, bytes;
    VEC(struct piece) pieces;
    struct feed_flushed flushed;
    uint64_t asked_ns; /* clock when something was asked last */
    struct error error;
    bool is_flushed, is_asked;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* "0x7f00:64" */
static bool piece_parse(struct dump *dump, const char *text, struct error *error)
{
    char *end = NULL;
    struct piece piece = {.address = isxdigit((unsigned char)*text) ? strtoull(text, &end, 16) : 0};
    if (end && *end == ':' && isdigit((unsigned char)end[1]))
        piece.count = strtoull(end + 1, &end, 0);
    if (!end || *end || !piece.count || piece.count > FEED_BYTES_MOST)
        return error_set(error, ERROR_USAGE, "--bytes: '%s' is no ADDRESS:COUNT of at most %d bytes, like 0x55d0c8a2b2c0:64", text, FEED_BYTES_MOST);
    piece.bytes = memory_new(piece.count, 1);
    vec_push(&dump->pieces, piece);
    return true;
}

/* What a board tells: the pieces of it come in order. */
static void told_take(void *context, const struct event *event)
{
    struct dump *dump = context;
    const char *hex = event->kind == EVENT_DUMP && dump->is_asked ? event->define : "";
    for (size_t i = 0; i < dump->pieces.count; i++) {
        struct piece *piece = dump->pieces.at + i;
        for (size_t at = 0; hex[2 * at] && hex[2 * at + 1]; at++) {
            unsigned value;
            uint64_t offset = event->address + at - piece->address;
            if (offset == piece->known && offset < piece->count && sscanf(hex + 2 * at, "%2x", &value) == 1)
                piece->bytes[piece->known++] = (uint8_t)value;
        }
    }
}

static void bytes_ask(struct dump *dump, const struct feed *feed)
{
    dump->is_asked = true;
    dump->asked_ns = now_ns();
    for (size_t i = 0; i < dump->pieces.count && !dump->error.kind; i++) {
        struct piece *piece = dump->pieces.at + i;
        if (feed_bytes(feed, 0, piece->address, piece->bytes, piece->count, &dump->error) == FEED_BYTES_NOW)
            piece->known = piece->count;
    }
}

static bool bytes_are_known(const struct dump *dump)
{
    for (size_t i = 0; i < dump->pieces.count; i++)
        if (dump->pieces.at[i].known < dump->pieces.at[i].count)
            return false;
    return true;
}

static void now_flush(struct dump *dump, const struct feed *feed)
{
    struct str answer = {0};
    struct error ignored = {0};
    dump->is_flushed = true;
    if (feed->kind == SOURCE_BOARD)
        feed_ask(feed, "snapshot", &answer, &ignored); /* blocks from before the line was open */
    feed_flush(feed, &dump->flushed, &ignored);        /* one that ended meanwhile is read to its end */
    dump->asked_ns = now_ns();
    str_done(&answer);
}

/* Goes on until all is read that was there when it was asked. */
static bool dump_beat(void *context, struct feed *feed, bool is_waiting)
{
    struct dump *dump = context;
    if (interrupted)
        return false;
    if (!feed->pipeline || (is_waiting && !dump->is_flushed)) {
        if (feed->pipeline)
            now_flush(dump, feed);
        usleep(WAIT_US);
        return true;
    }
    if (!is_waiting)
        return true;
    uint64_t waited = now_ns() - dump->asked_ns;
    bool has_all = feed->read_bytes >= dump->flushed.bytes && (feed->kind != SOURCE_BOARD || waited > BOARD_NS);
    if (!dump->is_asked && (has_all || waited > PATIENCE_NS))
        bytes_ask(dump, feed);
    usleep(WAIT_US);
    return !dump->error.kind && (!dump->is_asked || !(bytes_are_known(dump) || waited > PATIENCE_NS));
}

static void blocks_fill(struct dump *dump, const struct feed *feed)
{
    live_blocks_take(&dump->blocks, pipeline_model(feed->pipeline), dump->flushed.now_ns, NULL);
    if (feed->is_over)
        table_note(&dump->blocks, "the recording has ended: what was never freed is in 'heaptracer leaks' and 'heaptracer analyze'");
}

static void piece_put(struct dump *dump, const struct piece *piece)
{
    for (size_t at = 0; at < piece->known; at += ROW_BYTES) {
        char hex[3 * ROW_BYTES + 1] = "", text[ROW_BYTES + 1] = "";
        for (size_t i = 0; i < ROW_BYTES && at + i < piece->known; i++) {
            uint8_t byte = piece->bytes[at + i];
            sprintf(hex + 3 * i, "%02x ", byte);
            text[i] = byte >= ' ' && byte < 0x7f ? (char)byte : '.';
        }
        union cell *row = table_row(&dump->bytes);
        row[AT].u = piece->address + at;
        row[HEX].text = table_text(&dump->bytes, "%.*s", (int)strlen(hex) - 1, hex);
        row[TEXT].text = table_text(&dump->bytes, "%s", text);
    }
    if (piece->known < piece->count)
        error_set(&dump->error, ERROR_READ, "only %zu of the %zu bytes from 0x%" PRIx64 " were told", piece->known, piece->count, piece->address);
}

static bool dump_put(struct dump *dump, struct feed *feed, struct error *error)
{
    struct page page;
    bool is_good = page_open(&page, dump->options->page, NULL, error);
    if (is_good) {
        symbols_free(page.symbols);
        page.symbols = feed->symbols;
        page.view.symbols = feed->symbols;
        page_start(&page, feed->path, trace_get_header(feed->reader));
        is_good = (!dump->options->has_blocks || page_table(&page, &dump->blocks, 0, error)) &&
                  (!dump->pieces.count || page_table(&page, &dump->bytes, dump->bytes.row_count, error));
        feed->symbols = NULL; /* the page's now */
    }
    return page_close(&page, feed->problem.kind ? feed->problem.text : NULL, error) && is_good;
}

static void dump_go(struct dump *dump, const char *word, struct error *error)
{
    static const char *const none[] = {NULL};
    struct feed_config config = {
        .word = word, .source = dump->options->source, .names = dump->options->page, .tables = none, .beat = dump_beat, .define = told_take, .context = dump};
    struct feed feed;
    bool is_open = feed_find(&feed, &config, error) && feed_open(&feed, error);
    if (is_open) {
        feed_run(&feed);
        if (feed.is_over && !dump->is_asked && dump->pieces.count)
            bytes_ask(dump, &feed);
        pipeline_flush(feed.pipeline);
        blocks_fill(dump, &feed);
        for (size_t i = 0; i < dump->pieces.count && !dump->error.kind; i++)
            piece_put(dump, dump->pieces.at + i);
        if (feed.is_left)
            feed.problem = (struct error){0}; /* it is still written */
        if (!interrupted && dump_put(dump, &feed, error))
            *error = dump->error.kind ? dump->error : feed.problem;
    }
    feed_close(&feed);
}

int heap_dump(const struct heap_dump_options *options, const char *word)
{
    struct dump dump = {.options = options};
    struct error error = {0};
    struct sigaction action = {.sa_handler = on_interrupt};
    bool is_good = true;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (size_t i = 0; i < options->pieces.count && is_good; i++)
        is_good = piece_parse(&dump, options->pieces.at[i], &error);
    table_init(&dump.bytes, "bytes", "Bytes", "What is in memory now.", TABLE_ROWS, byte_columns, BYTE_COLUMNS);
    if (is_good)
        dump_go(&dump, word, &error);
    table_done(&dump.blocks);
    table_done(&dump.bytes);
    for (size_t i = 0; i < dump.pieces.count; i++)
        memory_free(dump.pieces.at[i].bytes);
    vec_done(&dump.pieces);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}
