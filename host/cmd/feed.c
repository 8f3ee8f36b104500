/* feed: the reader asks for bytes, and where there are none yet the beat has its turn: one thread, no locks. */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/launch/control.h"
#include "host/remote/process_memory.h"
#include "pass.h"

static const unsigned BESIDE_PATIENCE_MS = 2000;
static const uint64_t LATE_NS = 400000000; /* what happened may be in the trace so much later */
static const uint64_t BEHIND_LEAST_NS = 500000000, AWAY_NS = 1000000000 /* so that all is shown that was known */, REST_PIECE_NS = 20000000;

/* What a beat takes rests by its own measure (feed_rest_times). */
static bool feed_beat(struct feed *feed, bool is_waiting)
{
    uint64_t before = now_of(CLOCK_THREAD_CPUTIME_ID);
    if (!feed->is_left)
        feed->is_left = !feed->config->beat(feed->config->context, feed, is_waiting);
    share_leave_out(&feed->share, now_of(CLOCK_THREAD_CPUTIME_ID) - before);
    return !feed->is_left;
}

static void away_look(struct feed *feed)
{
    bool is_away = follow_is_away(feed->follow);
    feed->away_ns = !is_away ? 0 : feed->away_ns ? feed->away_ns : now_ns();
}

static bool feed_wait(void *context)
{
    struct feed *feed = context;
    away_look(feed);
    feed->waited_ns = now_ns();
    feed->waited_time_ns = feed->pipeline ? feed_now(feed) : 0;
    return feed_beat(feed, true);
}

/* The first process that lives; of a trace from another machine the number may be nobody's, or somebody's whose waiting does no harm to know. */
static void watched_find(struct feed *feed)
{
    size_t count;
    const struct process *processes = model_processes(pipeline_model(feed->pipeline), &count);
    feed->watched[0] = follow_writer(feed->follow);
    feed->watched[1] = 0;
    for (size_t i = 0; i < count && !feed->watched[1]; i++)
        if (processes[i].id && !processes[i].ended)
            feed->watched[1] = (pid_t)processes[i].pid;
}

/* Work was done: the program goes first. Beats go on meanwhile. */
static bool feed_rest(struct feed *feed)
{
    if (!feed->was_written || feed->left_ns)
        return true;
    watched_find(feed);
    if (!feed->watched[0]) {
        feed->left_ns = now_ns();
        return true;
    }
    uint64_t rest = share_rest(&feed->share, feed->watched), until = now_ns() + rest;
    for (uint64_t now; !feed->is_left && (now = now_ns()) < until && follow_is_written(feed->follow);) {
        uint64_t piece = until - now < REST_PIECE_NS ? until - now : REST_PIECE_NS;
        nanosleep(&(struct timespec){.tv_nsec = (long)piece}, NULL);
        if (piece == REST_PIECE_NS)
            feed_beat(feed, false);
    }
    return !feed->is_left;
}

static bool feed_progress(void *context, uint64_t events, uint64_t time_ns)
{
    struct feed *feed = context;
    (void)events;
    feed->event_ns = time_ns;
    return feed_beat(feed, false) && feed_rest(feed);
}

static void feed_define(void *context, const struct event *event)
{
    struct feed *feed = context;
    symbols_see(feed->symbols, event);
    if (feed->config->define)
        feed->config->define(feed->config->context, event);
}

static void feed_see(void *context, const struct changes *changes)
{
    const struct feed_config *config = ((struct feed *)context)->config;
    config->see(config->context, changes);
}

static long feed_read(void *context, void *bytes, size_t room)
{
    struct feed *feed = context;
    long got = follow_read(feed->follow, bytes, room);
    feed->read_ns = now_ns();
    feed->read_bytes += got > 0 ? (uint64_t)got : 0;
    return got;
}

static bool file_open(struct feed *feed, const char *path, struct error *error)
{
    feed->follow = follow_open(&(struct follow_config){path, feed_wait, feed}, error);
    feed->was_written = feed->follow && follow_is_written(feed->follow);
    return feed->follow != NULL;
}

bool feed_find(struct feed *feed, const struct feed_config *config, struct error *error)
{
    const char *word = config->word;
    *feed = (struct feed){.config = config, .kind = source_kind(word), .read_ns = now_ns()};
    struct str path = {0};
    feed->pid = feed->kind == SOURCE_PROCESS ? (pid_t)strtol(word, NULL, 10) : 0;
    bool is_good = feed->kind != SOURCE_PROCESS || control_ask_trace(feed->pid, CONTROL_PATIENCE_MS, &path, NULL, error);
    feed->path = memory_copy_text(path.count ? str_text(&path) : word);
    str_done(&path);
    if (!is_good)
        return false;
    return feed->kind >= SOURCE_BOARD ? spool_start(&feed->spool, word, config->source, error) : file_open(feed, feed->path, error);
}

static bool switch_to_agent(struct feed *feed, struct error *error)
{
    if (feed->kind != SOURCE_BOARD || !spool_is_agent(&feed->spool, feed->config->source, error))
        return false;
    feed->kind = SOURCE_AGENT;
    return true;
}

/* A board's trace is there when the board has said who it is. */
static bool spool_await(struct feed *feed, struct error *error)
{
    for (;;) {
        bool is_over = beside_is_over(&feed->spool.beside); /* asked first, so that what it wrote last is seen */
        bool is_there = !access(feed->spool.path, F_OK);
        if (is_there && !feed->follow && !file_open(feed, feed->spool.path, error))
            return false;
        feed->was_written = is_there && follow_is_written(feed->follow);
        if (feed->was_written || (is_over && is_there))
            return true;
        if (is_over && switch_to_agent(feed, error))
            continue;
        if (is_over && !beside_why(&feed->spool.beside, error))
            error_set(error, ERROR_READ, "nothing was recorded of %s", feed->path);
        if (is_over)
            return false;
        if (!feed_beat(feed, true))
            return error_set(error, ERROR_READ, "%s did not say who it is", feed->path);
    }
}

bool feed_open(struct feed *feed, struct error *error)
{
    const struct feed_config *config = feed->config;
    if (feed->kind >= SOURCE_BOARD && !spool_await(feed, error))
        return false;
    feed->reader = trace_open_stream(feed_read, feed, strcmp(feed->path, "-") ? feed->path : "standard input", error);
    if (!feed->reader)
        return false;
    feed->symbols = page_symbols(config->names, feed->spool.path ? feed->spool.path : feed->path);
    struct pipeline_options chosen = {
        .tables = config->tables, .more = config->more, .define = feed_define, .see = config->see ? feed_see : NULL, .context = feed};
    feed->pipeline = pipeline_new(&chosen, trace_get_header(feed->reader), error);
    return feed->pipeline != NULL;
}

void feed_run(struct feed *feed)
{
    share_begin(&feed->share);
    pipeline_watch(feed->pipeline, feed_progress, feed);
    pipeline_read(feed->pipeline, feed->reader, &feed->problem);
    feed->is_over = !feed->is_left;
    struct error why = {0};
    if (feed->is_over)
        beside_settle(&feed->spool.beside, BESIDE_PATIENCE_MS);
    if (feed->is_over && beside_why(&feed->spool.beside, &why))
        feed->problem = why;
    if (feed->is_over && !feed->problem.kind)
        pass_end_check(feed->reader, feed->path, &feed->problem);
}

size_t feed_analysis(const struct feed *feed, const char *name)
{
    size_t i = 0;
    while (strcmp(pipeline_analysis(feed->pipeline, i)->name, name))
        i++;
    return i;
}

uint64_t feed_now(const struct feed *feed)
{
    uint64_t last = model_time(pipeline_model(feed->pipeline)), now = now_ns();
    if (feed->away_ns && now > feed->away_ns + AWAY_NS)
        now = feed->away_ns + AWAY_NS;
    return feed->is_over || now < feed->read_ns ? last : last + (now - feed->read_ns);
}

uint64_t feed_known(const struct feed *feed, bool is_waiting)
{
    if (!is_waiting)
        return feed->event_ns;
    uint64_t now = feed_now(feed);
    return now > LATE_NS ? now - LATE_NS : 0;
}

/* Where the program is: counted on from when it was caught up with last; until then, by the clock of this machine if it is recorded here. */
static uint64_t program_time(const struct feed *feed)
{
    uint64_t start = trace_get_header(feed->reader)->start_unix_ns, now = now_ns(), last = feed->left_ns ? feed->left_ns : now;
    if (feed->waited_ns)
        return feed->waited_time_ns + (last > feed->waited_ns ? last - feed->waited_ns : 0);
    last = now_of(CLOCK_REALTIME) - (now - last);
    return feed->kind < SOURCE_BOARD && start && last > start ? last - start : 0;
}

uint64_t feed_behind(const struct feed *feed)
{
    if (feed->is_over || !feed->was_written || !feed->pipeline || feed->away_ns)
        return 0;
    uint64_t program = program_time(feed);
    return program > feed->event_ns + BEHIND_LEAST_NS && now_ns() > feed->waited_ns + BEHIND_LEAST_NS ? program - feed->event_ns : 0;
}

const char *feed_away_why(const struct feed *feed)
{
    return feed->kind == SOURCE_AGENT ? "the connection to the agent broke; it is tried again" : "its line went away; it is waited for";
}

bool feed_is_live(const struct feed *feed, bool is_waiting)
{
    return feed->was_written && (is_waiting || (feed->waited_ns && !feed_behind(feed)));
}

double feed_rest_times(const struct feed *feed)
{
    return !feed->was_written || feed->left_ns ? SHARE_TIMES : share_times(&feed->share);
}

bool feed_ask(const struct feed *feed, const char *request, struct str *out, struct error *error)
{
    static const char refusal[] = "error: ";
    pid_t writer = feed->follow ? follow_writer(feed->follow) : 0;
    if (!writer)
        return error_set(error, ERROR_READ, "%s is not written any more", feed->path);
    if (!control_ask(writer, request, out, error))
        return false;
    const char *text = str_text(out);
    if (strncmp(text, refusal, strlen(refusal)))
        return true;
    return error_set(error, ERROR_READ, "%.*s", (int)strcspn(text + strlen(refusal), "\n"), text + strlen(refusal));
}

void feed_mark(const struct feed *feed, const char *label)
{
    struct str request = {0}, answer = {0};
    struct error error = {0};
    str_add_format(&request, "mark %s", label);
    feed_ask(feed, str_text(&request), &answer, &error); /* one that cannot be told has no mark; it is in the picture all the same */
    str_done(&request);
    str_done(&answer);
}

/* The number in a line of an answer; 0: there is none. */
static uint64_t answer_number(const struct str *answer, const char *name)
{
    struct str line = {0};
    str_add_format(&line, "\n%s ", name);
    const char *at = strstr(str_text(answer), str_text(&line));
    uint64_t number = at ? strtoull(at + line.count, NULL, 10) : 0;
    str_done(&line);
    return number;
}

bool feed_flush(const struct feed *feed, struct feed_flushed *flushed, struct error *error)
{
    struct str answer = {0};
    struct stat status;
    uint64_t start = trace_get_header(feed->reader)->start_unix_ns, last = feed_now(feed);
    bool is_good = feed_ask(feed, "flush", &answer, error), is_far = feed->kind == SOURCE_AGENT;
    uint64_t now = is_far ? answer_number(&answer, CONTROL_CLOCK) : now_of(CLOCK_REALTIME);
    const char *path = feed->spool.path ? feed->spool.path : feed->path;
    *flushed = (struct feed_flushed){.now_ns = now > start + last && start && feed->kind != SOURCE_BOARD ? now - start : last};
    if (is_far)
        flushed->bytes = answer_number(&answer, CONTROL_SIZE);
    else if (!stat(path, &status))
        flushed->bytes = (uint64_t)status.st_size;
    str_done(&answer);
    return is_good;
}

static uint32_t pid_of(const struct feed *feed, uint32_t process)
{
    size_t count;
    const struct process *processes = model_processes(pipeline_model(feed->pipeline), &count);
    uint32_t pid = 0;
    for (size_t i = 0; i < count; i++)
        if (process ? processes[i].id == process : processes[i].id && !processes[i].ended)
            pid = processes[i].pid;
    return pid;
}

/* "00ff..." */
static bool hex_take(const char *text, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            return false;
        bytes[i] = (uint8_t)value;
    }
    return true;
}

/* As many at a time as an answer of a recorder has room for. */
static bool far_bytes(const struct feed *feed, uint32_t pid, uint64_t address, uint8_t *bytes, size_t count, struct error *error)
{
    enum { PIECE = 1024 };
    bool is_good = true;
    for (size_t done = 0, piece; done < count && is_good; done += piece) {
        struct str request = {0}, answer = {0};
        piece = count - done < PIECE ? count - done : PIECE;
        str_add_format(&request, CONTROL_BYTES " %" PRIu32 " %" PRIx64 " %zu", pid, address + done, piece);
        is_good = feed_ask(feed, str_text(&request), &answer, error);
        is_good = is_good && (hex_take(str_text(&answer), bytes + done, piece) || error_set(error, ERROR_READ, "%s sends nonsense", feed->path));
        str_done(&request);
        str_done(&answer);
    }
    return is_good;
}

static bool board_ask_bytes(const struct feed *feed, uint64_t address, size_t count, struct error *error)
{
    struct str request = {0}, answer = {0};
    str_add_format(&request, CONTROL_BYTES " 0 %" PRIx64 " %zu", address, count);
    bool is_good = feed_ask(feed, str_text(&request), &answer, error);
    str_done(&request);
    str_done(&answer);
    return is_good;
}

enum feed_bytes feed_bytes(const struct feed *feed, uint32_t process, uint64_t address, uint8_t *bytes, size_t count, struct error *error)
{
    uint32_t pid = pid_of(feed, process);
    bool is_good = false;
    if (count > FEED_BYTES_MOST)
        error_set(error, ERROR_USAGE, "at most %d bytes are read at a time", FEED_BYTES_MOST);
    else if (!feed->follow || !follow_is_written(feed->follow))
        error_set(error, ERROR_READ, "%s is not recorded any more: its memory is gone", feed->path);
    else if (feed->kind == SOURCE_BOARD)
        return board_ask_bytes(feed, address, count, error) ? FEED_BYTES_LATER : FEED_BYTES_NONE;
    else
        is_good = feed->kind == SOURCE_AGENT ? far_bytes(feed, pid, address, bytes, count, error) : process_memory_read((pid_t)pid, address, bytes, count, error);
    return is_good ? FEED_BYTES_NOW : FEED_BYTES_NONE;
}

void feed_close(struct feed *feed)
{
    if (feed->pipeline)
        pipeline_free(feed->pipeline);
    if (feed->symbols)
        symbols_free(feed->symbols);
    if (feed->reader)
        trace_close(feed->reader);
    follow_close(feed->follow);
    spool_end(&feed->spool);
    memory_free(feed->path);
    *feed = (struct feed){0};
}
