/* channel: what is new replaces what was not sent yet; numbers tell a client how much it missed. */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/base/now.h"

struct channel *channels_add(struct channels *channels, const char *word)
{
    struct channel *channel = memory_new(1, sizeof *channel);
    pthread_condattr_t clock;
    vec_push(&channels->list, channel);
    *channel = (struct channel){.all = channels, .id = (unsigned)channels->list.count, .word = word, .name = memory_copy_text(word), .since_unix_ns = now_of(CLOCK_REALTIME)};
    pthread_mutex_init(&channel->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&channel->asked, &clock);
    pthread_condattr_destroy(&clock);
    return channel;
}

static void channel_free(struct channel *channel)
{
    for (size_t i = 0; i < CHANNEL_ALERTS; i++)
        parcel_drop(channel->alerts[i]);
    for (size_t i = 0; i < channel->answers.count; i++)
        parcel_drop(channel->answers.at[i].parcel);
    parcel_drop(channel->document);
    parcel_drop(channel->beat);
    parcel_drop(channel->course);
    history_done(&channel->history);
    vec_done(&channel->asks);
    vec_done(&channel->answers);
    memory_free(channel->name);
    memory_free(channel->command);
    memory_free(channel->why);
    pthread_mutex_destroy(&channel->lock);
    pthread_cond_destroy(&channel->asked);
    memory_free(channel);
}

void channels_done(struct channels *channels)
{
    for (size_t i = 0; i < channels->list.count; i++)
        channel_free(channels->list.at[i]);
    vec_done(&channels->list);
}

static void channels_wake(struct channels *channels)
{
    if (channels->wake)
        channels->wake(channels->context);
}

static void source_put(struct json *json, struct channel *channel)
{
    static const char *const kinds[] = {"process", "file", "board", "agent"};
    static const char *const states[] = {"waiting", "reading", "live", "gone", "ended", "lost"};
    json_object(json, NULL);
    pthread_mutex_lock(&channel->lock);
    json_unsigned(json, "id", channel->id);
    json_text(json, "name", channel->name);
    json_text(json, "word", channel->word);
    json_text(json, "kind", kinds[channel->kind]);
    json_text(json, "state", states[channel->state]);
    if (channel->why)
        json_text(json, "why", channel->why);
    json_unsigned(json, "since_unix_ns", channel->since_unix_ns);
    if (channel->command)
        json_text(json, "command", channel->command);
    if (channel->start_unix_ns)
        json_unsigned(json, "start_unix_ns", channel->start_unix_ns);
    if (channel->can_control)
        json_bool(json, "recording", !channel->is_paused);
    json_array(json, "can");
    if (channel->can_control) {
        json_text(json, NULL, "mark");
        json_text(json, NULL, "record");
    }
    if (channel->can_dump)
        json_text(json, NULL, "dump");
    pthread_mutex_unlock(&channel->lock);
    json_end(json);
    json_end(json);
}

struct parcel *channels_hello(struct channels *channels, bool is_message)
{
    struct parcel_maker maker;
    struct json json = {.out = parcel_begin(&maker)};
    json_object(&json, NULL);
    if (is_message)
        json_text(&json, "type", "hello");
    json_text(&json, "schema", "heaptracer.live/1");
    json_array(&json, "sources");
    for (size_t i = 0; i < channels->list.count; i++)
        source_put(&json, channels->list.at[i]);
    json_end(&json);
    json_end(&json);
    return parcel_end(&maker, is_message);
}

void channel_message(struct json *json, FILE *out, const char *type, const struct channel *channel)
{
    *json = (struct json){.out = out};
    json_object(json, NULL);
    json_text(json, "type", type);
    json_unsigned(json, "source", channel->id);
}

static void hello_change(struct channel *channel)
{
    __atomic_add_fetch(&channel->all->hello_number, 1, __ATOMIC_RELEASE);
    channels_wake(channel->all);
}

void channel_name(struct channel *channel, const struct channel_about *about)
{
    pthread_mutex_lock(&channel->lock);
    memory_free(channel->name);
    memory_free(channel->command);
    channel->name = memory_copy_text(about->name);
    channel->command = memory_copy_text(about->command);
    channel->kind = about->kind;
    channel->can_control = about->can_control;
    channel->can_dump = about->can_dump;
    channel->start_unix_ns = about->start_unix_ns;
    pthread_mutex_unlock(&channel->lock);
    hello_change(channel);
}

void channel_pause(struct channel *channel, bool is_paused)
{
    pthread_mutex_lock(&channel->lock);
    bool is_new = channel->is_paused != is_paused;
    channel->is_paused = is_paused;
    pthread_mutex_unlock(&channel->lock);
    if (is_new)
        hello_change(channel);
}

void channel_state(struct channel *channel, enum channel_state state, const char *why)
{
    pthread_mutex_lock(&channel->lock);
    bool is_new = channel->state != state || !why != !channel->why || (why && strcmp(why, channel->why));
    if (channel->state != state)
        channel->since_unix_ns = now_of(CLOCK_REALTIME);
    channel->state = state;
    channel->can_control = channel->can_control && state != CHANNEL_ENDED && state != CHANNEL_LOST;
    channel->can_dump = channel->can_dump && channel->can_control;
    if (is_new) {
        memory_free(channel->why);
        channel->why = memory_copy_text(why);
    }
    pthread_mutex_unlock(&channel->lock);
    if (is_new)
        hello_change(channel);
}

uint32_t channel_region(struct channel *channel, const char *name)
{
    pthread_mutex_lock(&channel->lock);
    uint32_t place = history_region(&channel->history, name);
    pthread_mutex_unlock(&channel->lock);
    return place;
}

static struct parcel *beat_make(const struct channel *channel, const struct history_point *point, double growth_bytes_s, uint64_t behind_ns)
{
    struct parcel_maker maker;
    struct json json;
    channel_message(&json, parcel_begin(&maker), "beat", channel);
    json_unsigned(&json, "time_ns", point->time_ns);
    json_unsigned(&json, "live_bytes", point->live_bytes);
    json_unsigned(&json, "live_count", point->live_count);
    json_unsigned(&json, "allocated_bytes", point->allocated_bytes);
    json_unsigned(&json, "allocated_count", point->allocated_count);
    json_unsigned(&json, "freed_bytes", point->freed_bytes);
    json_unsigned(&json, "freed_count", point->freed_count);
    json_real(&json, "growth_bytes_s", growth_bytes_s);
    json_unsigned(&json, "behind_ns", behind_ns);
    json_array(&json, "regions");
    for (uint32_t i = 0; i < point->region_count; i++) {
        json_object(&json, NULL);
        json_text(&json, "name", channel->history.names[i]);
        json_unsigned(&json, "used", point->regions[i].used);
        json_unsigned(&json, "free", point->regions[i].free);
        json_unsigned(&json, "largest", point->regions[i].largest);
        json_real(&json, "fragmentation", point->regions[i].fragmentation);
        json_end(&json);
    }
    json_end(&json);
    json_unsigned(&json, "faults", point->faults);
    json_unsigned(&json, "alerts", point->alerts);
    json_end(&json);
    return parcel_end(&maker, true);
}

void channel_beat(struct channel *channel, const struct history_point *point, double growth_bytes_s, uint64_t behind_ns, bool is_sent)
{
    struct parcel *beat = is_sent ? beat_make(channel, point, growth_bytes_s, behind_ns) : NULL;
    pthread_mutex_lock(&channel->lock);
    history_add(&channel->history, point);
    if (beat) {
        parcel_replace(&channel->beat, beat);
        channel->beat_number++;
    }
    pthread_mutex_unlock(&channel->lock);
    if (beat)
        channels_wake(channel->all);
}

void channel_document(struct channel *channel, struct parcel *document)
{
    pthread_mutex_lock(&channel->lock);
    parcel_replace(&channel->document, document);
    channel->document_number++;
    pthread_mutex_unlock(&channel->lock);
    channels_wake(channel->all);
}

void channel_alert(struct channel *channel, struct parcel *alert)
{
    pthread_mutex_lock(&channel->lock);
    parcel_replace(&channel->alerts[channel->alert_number++ % CHANNEL_ALERTS], alert);
    pthread_mutex_unlock(&channel->lock);
    channels_wake(channel->all);
}

static struct timespec time_in(unsigned milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += (long)milliseconds * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

bool channel_next(struct channel *channel, unsigned milliseconds, struct channel_ask *ask)
{
    struct timespec until = time_in(milliseconds);
    pthread_mutex_lock(&channel->lock);
    if (milliseconds)
        while (!channel->asks.count && pthread_cond_timedwait(&channel->asked, &channel->lock, &until) != ETIMEDOUT)
            continue;
    bool has_one = channel->asks.count > 0;
    if (has_one) {
        *ask = channel->asks.at[0];
        memmove(channel->asks.at, channel->asks.at + 1, --channel->asks.count * sizeof *ask);
    }
    pthread_mutex_unlock(&channel->lock);
    return has_one;
}

static void answer_put(struct channel *channel, const struct channel_answer *answer)
{
    pthread_mutex_lock(&channel->lock);
    vec_push(&channel->answers, *answer);
    pthread_mutex_unlock(&channel->lock);
    channels_wake(channel->all);
}

void channel_answer(struct channel *channel, const struct channel_ask *ask, const char *problem, const char *value)
{
    struct parcel_maker maker;
    struct json json = {.out = parcel_begin(&maker)};
    json_object(&json, NULL);
    json_text(&json, "type", "answer");
    json_unsigned(&json, "to", ask->id);
    json_bool(&json, "ok", !problem);
    if (problem)
        json_text(&json, "error", problem);
    if (value)
        json_text(&json, "value", value);
    json_end(&json);
    answer_put(channel, &(struct channel_answer){ask->client, parcel_end(&maker, true), NULL});
}

void channel_answer_file(struct channel *channel, const struct channel_ask *ask, struct parcel *parcel, const char *problem)
{
    answer_put(channel, &(struct channel_answer){ask->client, parcel, problem});
}

bool channel_is_watched(struct channel *channel)
{
    return __atomic_load_n(&channel->watchers, __ATOMIC_ACQUIRE) > 0;
}

void channel_watch(struct channel *channel, bool on)
{
    pthread_mutex_lock(&channel->lock);
    __atomic_add_fetch(&channel->watchers, on ? 1u : -1u, __ATOMIC_RELEASE);
    pthread_cond_signal(&channel->asked);
    pthread_mutex_unlock(&channel->lock);
}

bool channel_put(struct channel *channel, const struct channel_ask *ask)
{
    pthread_mutex_lock(&channel->lock);
    bool has_room = channel->asks.count < CHANNEL_ASKS;
    if (has_room)
        vec_push(&channel->asks, *ask);
    pthread_cond_signal(&channel->asked);
    pthread_mutex_unlock(&channel->lock);
    return has_room;
}

bool channel_take(struct channel *channel, struct channel_answer *answer)
{
    pthread_mutex_lock(&channel->lock);
    bool has_one = channel->answers.count > 0;
    if (has_one) {
        *answer = channel->answers.at[0];
        memmove(channel->answers.at, channel->answers.at + 1, --channel->answers.count * sizeof *answer);
    }
    pthread_mutex_unlock(&channel->lock);
    return has_one;
}

/* The members of the message: columns of equal length. */
#define COURSE_COLUMNS(COLUMN) \
    COLUMN(time_ns) COLUMN(width_ns) COLUMN(live_bytes) COLUMN(live_bytes_most) COLUMN(live_count) COLUMN(allocated_bytes) COLUMN(allocated_count) \
    COLUMN(freed_bytes) COLUMN(freed_count) COLUMN(faults) COLUMN(alerts)

#define COLUMN_VISIT(name) \
    static void name##_put(void *context, const struct history_point *point) { json_unsigned(context, NULL, point->name); }
COURSE_COLUMNS(COLUMN_VISIT)

struct region_column {
    struct json *json;
    uint32_t region;
    int member;
};

static void region_put(void *context, const struct history_point *point)
{
    const struct region_column *column = context;
    const struct history_region *region = point->regions + column->region;
    if (column->region >= point->region_count)
        json_null(column->json, NULL);
    else if (column->member == 3)
        json_real(column->json, NULL, region->fragmentation);
    else
        json_unsigned(column->json, NULL, column->member == 0 ? region->used : column->member == 1 ? region->free : region->largest);
}

static void regions_put(struct json *json, const struct history *history)
{
    static const char *const members[] = {"used", "free", "largest", "fragmentation"};
    json_array(json, "regions");
    for (uint32_t i = 0; i < history->region_count; i++) {
        json_object(json, NULL);
        json_text(json, "name", history->names[i]);
        for (int member = 0; member < 4; member++) {
            json_array(json, members[member]);
            history_each(history, region_put, &(struct region_column){json, i, member});
            json_end(json);
        }
        json_end(json);
    }
    json_end(json);
}

static struct parcel *course_make(const struct channel *channel)
{
    struct parcel_maker maker;
    struct json json;
    channel_message(&json, parcel_begin(&maker), "history", channel);
#define COLUMN_PUT(name)                                  \
    json_array(&json, #name);                             \
    history_each(&channel->history, name##_put, &json);   \
    json_end(&json);
    COURSE_COLUMNS(COLUMN_PUT)
    regions_put(&json, &channel->history);
    json_end(&json);
    return parcel_end(&maker, true);
}

/* Many that begin at once share it: the longer the history, the more beats may be missing at its end. */
struct parcel *channel_course(struct channel *channel)
{
    enum { POINTS_A_BEAT = 1000 };
    pthread_mutex_lock(&channel->lock);
    uint64_t missing = channel->beat_number - channel->course_number;
    if (!channel->course || missing > history_count(&channel->history) / POINTS_A_BEAT) {
        parcel_replace(&channel->course, course_make(channel));
        channel->course_number = channel->beat_number;
    }
    struct parcel *course = parcel_hold(channel->course);
    pthread_mutex_unlock(&channel->lock);
    return course;
}
