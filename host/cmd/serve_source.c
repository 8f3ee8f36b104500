/* serve_source: between two bunches of events it looks at the clock: a beat ten times a second, a document when its share of time allows. */
#include "serve_source.h"

#include <string.h>

#include "configured.h"
#include "host/analysis/moments.h"
#include "host/analysis/slices.h"
#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/base/path.h"
#include "host/launch/control.h"
#include "host/base/utf8.h"
#include "serve_document.h"

static const uint64_t BEAT_NS = 100000000, COARSE_NS = 1000000000, COARSE_FROM_NS = 600000000000;
static const uint64_t DOCUMENT_NS = 2000000000;
enum { WAIT_MS = 20, REST_MS = 200 };

/* Of the thread: on a busy machine the time that goes by says nothing about the work. */
static uint64_t work_clock(void)
{
    return now_of(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t due_after(const struct serve_source *source, uint64_t work_began, uint64_t least)
{
    uint64_t rest = (uint64_t)((double)(work_clock() - work_began) * feed_rest_times(&source->feed));
    return now_ns() + (rest > least ? rest : least);
}

static void regions_take(struct serve_source *source)
{
    struct table table;
    uint64_t began = work_clock();
    if (now_ns() < source->regions_due)
        return;
    pipeline_answer(source->feed.pipeline, feed_analysis(&source->feed, "regions"), &table);
    int name = table_find_column(&table, "name"), used = table_find_column(&table, "used_bytes"), unused = table_find_column(&table, "free_bytes"),
        largest = table_find_column(&table, "largest_free_bytes"), fragmentation = table_find_column(&table, "fragmentation");
    for (size_t i = 0; i < table.row_count; i++) {
        const union cell *row = table_at(&table, i);
        uint32_t place = channel_region(source->channel, row[name].text);
        if (place == HISTORY_REGIONS)
            continue;
        source->point.regions[place] = (struct history_region){row[used].u, row[unused].u, row[largest].u, row[fragmentation].f};
        source->point.region_count = source->point.region_count > place ? source->point.region_count : place + 1;
    }
    table_done(&table);
    source->regions_due = due_after(source, began, 0);
}

static void growth_take(struct serve_source *source)
{
    const struct history_point *point = &source->point;
    bool is_young = !source->past_ns && point->time_ns;
    if (point->time_ns < source->past_ns + COARSE_NS && !is_young)
        return;
    source->growth = ((double)point->live_bytes - (double)source->past_bytes) * 1e9 / (double)(point->time_ns - source->past_ns);
    if (point->time_ns < COARSE_NS)
        return; /* until then it is what came since the beginning */
    source->past_ns = point->time_ns;
    source->past_bytes = point->live_bytes;
}

/* Of a recording that is caught up with, not more than ten a second are sent. */
static void beat_make(struct serve_source *source, uint64_t time_ns, bool is_last)
{
    struct history_point *point = &source->point;
    pipeline_flush(source->feed.pipeline);
    const struct model_totals *totals = model_get_totals(pipeline_model(source->feed.pipeline));
    point->time_ns = time_ns;
    point->live_bytes = totals->account.live.bytes;
    point->live_count = tally_count(totals->account.live);
    point->allocated_bytes = totals->account.allocated.bytes;
    point->allocated_count = tally_count(totals->account.allocated);
    point->freed_bytes = totals->account.freed.bytes;
    point->freed_count = tally_count(totals->account.freed);
    point->faults = totals->faults;
    point->alerts = totals->alerts;
    regions_take(source);
    growth_take(source);
    bool is_sent = is_last || now_ns() >= source->sent_clock + BEAT_NS * 9 / 10;
    if (is_sent)
        source->sent_clock = now_ns();
    channel_beat(source->channel, point, source->growth, feed_behind(&source->feed), is_sent);
}

static void document_make(struct serve_source *source)
{
    struct parcel_maker maker;
    struct json json;
    uint64_t began = work_clock();
    channel_message(&json, parcel_begin(&maker), "document", source->channel);
    fputs(", \"document\": ", maker.out);
    serve_document_put(maker.out, &source->feed);
    json_end(&json);
    channel_document(source->channel, parcel_end(&maker, true));
    source->document_events = model_get_totals(pipeline_model(source->feed.pipeline))->events + 1;
    source->document_due = due_after(source, began, DOCUMENT_NS);
}

static void document_look(struct serve_source *source)
{
    bool is_new = source->document_events != model_get_totals(pipeline_model(source->feed.pipeline))->events + 1;
    if (is_new && channel_is_watched(source->channel) && now_ns() >= source->document_due)
        document_make(source);
}

static void alert_say(void *context, const struct rule *rule, const char *line)
{
    struct serve_source *source = context;
    bool fires = source->alerts.list.at[rule - source->alerts.rules->list.at].state == ALERT_FIRES;
    struct parcel_maker maker;
    struct json json;
    channel_message(&json, parcel_begin(&maker), "alert", source->channel);
    json_text(&json, "rule", rule->name);
    json_text(&json, "state", fires ? "firing" : "ended");
    json_text(&json, "level", rule_level_words[rule->level]);
    json_text(&json, "text", line);
    json_unsigned(&json, "time_ns", source->point.time_ns);
    json_end(&json);
    channel_alert(source->channel, parcel_end(&maker, true));
}

/* A rule that does not fit its table is told once, and the source goes on without rules. */
static void rules_look(struct serve_source *source, uint64_t time_ns)
{
    uint64_t began = work_clock();
    if (source->problem.kind || !source->alerts.rules->list.count || now_ns() < source->looked_clock)
        return;
    if (!alerting_look(&source->alerts, &source->feed, time_ns, &source->problem))
        fprintf(stderr, "heaptracer: %s\n", source->problem.text);
    source->looked_clock = due_after(source, began, BEAT_NS);
}

/* The recorder's answer: a line, or "error: why". */
static void control_do(struct serve_source *source, const struct channel_ask *ask, const char *request)
{
    struct str answer = {0};
    struct error error = {0};
    pid_t writer = source->feed.is_over ? 0 : follow_writer(source->feed.follow);
    if (!writer)
        error_set(&error, ERROR_USAGE, "nobody records this source any more");
    else if (control_ask(writer, request, &answer, &error) && !strncmp(str_text(&answer), "error: ", 7))
        error_set(&error, ERROR_USAGE, "%.*s", (int)strcspn(str_text(&answer) + 7, "\n"), str_text(&answer) + 7);
    if (answer.count)
        answer.at[strcspn(answer.at, "\n")] = 0;
    if (!error.kind && answer.count)
        channel_pause(source->channel, !strcmp(answer.at, "paused"));
    channel_answer(source->channel, ask, error.kind ? error.text : NULL, answer.count ? str_text(&answer) : NULL);
    str_done(&answer);
}

static void mark_do(struct serve_source *source, const struct channel_ask *ask)
{
    struct str request = {0};
    str_add(&request, "mark ");
    utf8_add_clean(&request, ask->text);
    control_do(source, ask, str_text(&request));
    str_done(&request);
}

static void file_do(struct serve_source *source, const struct channel_ask *ask)
{
    struct parcel_maker maker;
    parcel_begin(&maker);
    const char *problem = source->feed.pipeline ? serve_document_file(maker.out, &source->feed, &ask->route) : "nothing came from this source yet: try again";
    struct parcel *parcel = parcel_end(&maker, false);
    if (problem)
        parcel_replace(&parcel, NULL);
    channel_answer_file(source->channel, ask, parcel, problem);
}

/* What a board was asked for comes in its trace. */
static void event_see(void *context, const struct event *event)
{
    struct serve_source *source = context;
    if (event->kind != EVENT_DUMP || source->dump.kind != ASK_DUMP || event->address != source->dump.address)
        return;
    channel_answer(source->channel, &source->dump, NULL, event->define);
    source->dump.kind = ASK_NOTHING;
}

static void bytes_answer(struct serve_source *source, const struct channel_ask *ask, const uint8_t *bytes)
{
    struct str hex = {0};
    for (size_t i = 0; i < ask->bytes; i++)
        str_add_format(&hex, "%02x", bytes[i]);
    channel_answer(source->channel, ask, NULL, str_text(&hex));
    str_done(&hex);
}

static void dump_do(struct serve_source *source, const struct channel_ask *ask)
{
    static const char untold[] = "bytes of memory are told only to who knows a token: say --token to 'heaptracer serve'";
    struct error error = {0};
    uint8_t *bytes = NULL;
    enum feed_bytes got = FEED_BYTES_NONE;
    if (!source->may_dump || !source->feed.pipeline)
        error_set(&error, ERROR_USAGE, "%s", source->may_dump ? "nothing came from this source yet" : untold);
    else if (!ask->bytes || ask->bytes > FEED_BYTES_MOST)
        error_set(&error, ERROR_USAGE, "1 to %d bytes are read at a time", FEED_BYTES_MOST);
    else
        got = feed_bytes(&source->feed, 0, ask->address, bytes = memory_new(ask->bytes, 1), ask->bytes, &error);
    if (got == FEED_BYTES_NOW)
        bytes_answer(source, ask, bytes);
    else if (got == FEED_BYTES_LATER)
        source->dump = *ask;
    else
        channel_answer(source->channel, ask, error.text, NULL);
    memory_free(bytes);
}

static void ask_do(struct serve_source *source, const struct channel_ask *ask)
{
    switch (ask->kind) {
    case ASK_MARK:
        mark_do(source, ask);
        break;
    case ASK_RECORD:
        control_do(source, ask, ask->on ? "start" : "stop");
        break;
    case ASK_DETAIL:
        if (source->feed.pipeline)
            document_make(source);
        channel_answer(source->channel, ask, source->feed.pipeline ? NULL : "nothing came from this source yet", NULL);
        break;
    case ASK_FILE:
        file_do(source, ask);
        break;
    case ASK_DUMP:
        dump_do(source, ask);
        break;
    default:
        channel_answer(source->channel, ask, "this source cannot do that", NULL);
    }
}

static void asks_do(struct serve_source *source, unsigned milliseconds)
{
    struct channel_ask ask;
    if (channel_next(source->channel, milliseconds, &ask))
        ask_do(source, &ask);
}

static const enum channel_kind kinds[] = {[SOURCE_FILE] = CHANNEL_FILE, [SOURCE_PROCESS] = CHANNEL_PROCESS, [SOURCE_BOARD] = CHANNEL_BOARD, [SOURCE_AGENT] = CHANNEL_AGENT};

/* What is recorded is called by the program's name; a board by its word. */
static void name_tell(struct serve_source *source)
{
    const struct trace_header *header = trace_get_header(source->feed.reader);
    struct str program = {0}, name = {0}, command = {0};
    utf8_add_clean(&command, header->command ? header->command : "");
    str_add_bytes(&program, str_text(&command), strcspn(str_text(&command), " "));
    utf8_add_clean(&name, path_name(program.count ? str_text(&program) : source->feed.path));
    channel_name(source->channel, &(struct channel_about){.name = str_text(&name),
                                                          .command = command.count ? str_text(&command) : NULL,
                                                          .kind = kinds[source->feed.kind],
                                                          .can_control = source->feed.was_written,
                                                          .can_dump = source->feed.was_written && source->may_dump,
                                                          .start_unix_ns = header->start_unix_ns});
    str_done(&program);
    str_done(&name);
    str_done(&command);
}

static bool source_beat(void *context, struct feed *feed, bool is_waiting)
{
    struct serve_source *source = context;
    asks_do(source, is_waiting ? WAIT_MS : 0);
    if (!feed->pipeline || atomic_load(source->is_stopped))
        return !atomic_load(source->is_stopped);
    bool is_live = feed_is_live(feed, is_waiting);
    uint64_t step = !is_live && source->next_ns >= COARSE_FROM_NS ? COARSE_NS : BEAT_NS;
    uint64_t now = feed_known(feed, is_waiting);
    if (feed->away_ns && is_waiting)
        channel_state(source->channel, CHANNEL_GONE, feed_away_why(feed));
    else
        channel_state(source->channel, is_live ? CHANNEL_LIVE : CHANNEL_READING, NULL);
    if (now >= source->next_ns) {
        beat_make(source, now / step * step, false);
        source->next_ns = (now / step + 1) * step;
        rules_look(source, source->point.time_ns);
    } else if (now > source->point.time_ns && feed_behind(feed) && now_ns() >= source->sent_clock + COARSE_NS) {
        beat_make(source, now, false); /* so that all see how far it is behind */
    }
    document_look(source);
    pipeline_wake(feed->pipeline, source->next_ns);
    return true;
}

/* The run is over, but it can still be looked at. */
static void source_rest(struct serve_source *source)
{
    struct feed *feed = &source->feed;
    beat_make(source, model_time(pipeline_model(feed->pipeline)), true);
    rules_look(source, source->point.time_ns);
    alerts_end(&source->alerts);
    channel_state(source->channel, feed->problem.kind ? CHANNEL_LOST : CHANNEL_ENDED, feed->problem.kind ? feed->problem.text : NULL);
    source->document_events = 0;
    while (!atomic_load(source->is_stopped)) {
        document_look(source);
        asks_do(source, REST_MS);
    }
}

static void *source_run(void *context)
{
    struct serve_source *source = context;
    struct error error = {0};
    channel_name(source->channel, &(struct channel_about){.name = source->word, .kind = kinds[source->feed.kind]});
    if (!feed_open(&source->feed, &error)) {
        channel_state(source->channel, CHANNEL_LOST, error.kind ? error.text : "it cannot be read");
        while (!atomic_load(source->is_stopped))
            asks_do(source, REST_MS);
        return NULL;
    }
    name_tell(source);
    alerts_begin(&source->alerts);
    pipeline_wake(source->feed.pipeline, BEAT_NS);
    feed_run(&source->feed);
    if (source->feed.is_over)
        source_rest(source);
    return NULL;
}

bool serve_source_open(struct serve_source *source, struct error *error)
{
    static const struct analysis *const more[] = {&analysis_slices, &analysis_moments, NULL};
    source->tables = serve_document_tables();
    source->config = (struct feed_config){.word = source->word,
                                          .source = source->options,
                                          .names = source->names,
                                          .tables = source->tables,
                                          .more = more,
                                          .beat = source_beat,
                                          .define = event_see,
                                          .context = source};
    source->alerts = (struct alerts){.rules = configured_rules(), .say = alert_say, .context = source};
    source->next_ns = BEAT_NS;
    return feed_find(&source->feed, &source->config, error);
}

bool serve_source_start(struct serve_source *source, struct error *error)
{
    source->has_thread = !pthread_create(&source->thread, NULL, source_run, source);
    return source->has_thread || error_set(error, ERROR_MEMORY, "no thread can be started for %s", source->word);
}

void serve_source_close(struct serve_source *source)
{
    if (source->has_thread)
        pthread_join(source->thread, NULL);
    alerts_done(&source->alerts);
    feed_close(&source->feed);
    memory_free(source->tables);
}
