/* feed: the reader asks for bytes, and where there are none yet the beat has its turn: one thread, no locks. */
#include "feed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/launch/control.h"
#include "pass.h"

static bool feed_beat(struct feed *feed, bool is_waiting)
{
    if (!feed->is_left)
        feed->is_left = !feed->config->beat(feed->config->context, feed, is_waiting);
    return !feed->is_left;
}

static bool feed_wait(void *context)
{
    return feed_beat(context, true);
}

static bool feed_progress(void *context, uint64_t events, uint64_t time_ns)
{
    struct feed *feed = context;
    (void)events;
    feed->event_ns = time_ns;
    return feed_beat(feed, false);
}

static void feed_define(void *context, const struct event *event)
{
    symbols_see(((struct feed *)context)->symbols, event);
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
    bool is_good = feed->kind != SOURCE_PROCESS || control_ask_trace(feed->pid, &path, error);
    feed->path = memory_copy_text(path.count ? str_text(&path) : word);
    str_done(&path);
    if (!is_good)
        return false;
    return feed->kind == SOURCE_BOARD ? spool_start(&feed->spool, word, config->source, error) : file_open(feed, feed->path, error);
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
    if (feed->kind == SOURCE_BOARD && !spool_await(feed, error))
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
    pipeline_watch(feed->pipeline, feed_progress, feed);
    pipeline_read(feed->pipeline, feed->reader, &feed->problem);
    feed->is_over = !feed->is_left;
    struct error why = {0};
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
    uint64_t last = model_time(pipeline_model(feed->pipeline));
    return feed->is_over ? last : last + (now_ns() - feed->read_ns);
}

void feed_mark(const struct feed *feed, const char *label)
{
    struct str request = {0}, answer = {0};
    struct error error = {0};
    pid_t writer = follow_writer(feed->follow);
    str_add_format(&request, "mark %s", label);
    if (writer)
        control_ask(writer, str_text(&request), &answer, &error); /* one that cannot be told has no mark; it is in the picture all the same */
    str_done(&request);
    str_done(&answer);
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
