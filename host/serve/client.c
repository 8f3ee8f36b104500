/* client: answers first, then what changed, then the past, then the present; a document last, since it is the largest. */
#include "client.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/now.h"

static const uint64_t SLOW_NS = 100000000;

void client_begin(struct client *client, struct channels *channels, const struct door *door, uint64_t number)
{
    *client = (struct client){.channels = channels, .door = door, .number = number, .is_admitted = !door->token};
    client->views = memory_new(channels->list.count + 1, sizeof *client->views);
}

static struct client_view *view_of(const struct client *client, uint64_t source)
{
    return source && source <= client->channels->list.count ? client->views + source - 1 : NULL;
}

static void view_subscribe(struct client *client, size_t at, bool wants_document, bool wants_history)
{
    struct client_view *view = client->views + at;
    struct channel *channel = client->channels->list.at[at];
    if (view->wants_document != wants_document)
        channel_watch(channel, wants_document);
    if (view->is_subscribed) {
        view->wants_document = wants_document;
        return;
    }
    *view = (struct client_view){.is_subscribed = true, .wants_document = wants_document, .wants_history = wants_history};
    pthread_mutex_lock(&channel->lock);
    view->alert_number = channel->alert_number > CHANNEL_ALERTS ? channel->alert_number - CHANNEL_ALERTS : 0;
    view->beat_number = channel->beat_number ? channel->beat_number - 1 : 0;
    pthread_mutex_unlock(&channel->lock);
}

void client_subscribe(struct client *client, unsigned source, bool wants_document, bool wants_history)
{
    for (size_t i = 0; i < client->channels->list.count; i++)
        if (!source || source == i + 1)
            view_subscribe(client, i, wants_document, wants_history);
}

static void view_leave(struct client *client, size_t at)
{
    if (client->views[at].wants_document)
        channel_watch(client->channels->list.at[at], false);
    client->views[at] = (struct client_view){0};
}

void client_answer(struct client *client, struct parcel *answer)
{
    if (client->answers.count < CLIENT_ANSWERS_MOST)
        vec_push(&client->answers, answer);
    else
        parcel_drop(answer);
    client->is_done |= client->answers.count == CLIENT_ANSWERS_MOST;
}

static void answer_say(struct client *client, const struct serve_message *message, const char *problem)
{
    struct parcel_maker maker;
    struct json json = {.out = parcel_begin(&maker)};
    json_object(&json, NULL);
    json_text(&json, "type", "answer");
    if (message && message->has_id)
        json_unsigned(&json, "to", message->id);
    else
        json_null(&json, "to");
    json_bool(&json, "ok", !problem);
    if (problem)
        json_text(&json, "error", problem);
    json_end(&json);
    client_answer(client, parcel_end(&maker, true));
}

static void broken_count(struct client *client, const struct serve_message *message, const char *problem)
{
    answer_say(client, message, problem);
    client->is_done |= ++client->broken >= CLIENT_BROKEN_MOST;
}

void client_hear_broken(struct client *client, const char *problem)
{
    broken_count(client, NULL, problem);
}

static void token_hear(struct client *client, const struct serve_message *message)
{
    client->is_admitted = door_knows_token(client->door, message->token);
    answer_say(client, message, client->is_admitted ? NULL : "this is not the token that 'heaptracer serve' printed");
    client->is_done |= !client->is_admitted;
}

static const char *ask_make(const struct client *client, const struct serve_message *message, struct channel_ask *ask)
{
    *ask = (struct channel_ask){.client = client->number, .id = message->id, .on = message->on, .address = message->address, .bytes = message->bytes};
    memcpy(ask->text, message->label, sizeof ask->text);
    switch (message->want) {
    case SERVE_MARK:
        ask->kind = ASK_MARK;
        return *message->label ? NULL : "mark wants a label";
    case SERVE_RECORD:
        ask->kind = ASK_RECORD;
        return message->has_on ? NULL : "record wants on, true or false";
    case SERVE_DUMP:
        ask->kind = ASK_DUMP;
        return message->has_address && message->has_bytes ? NULL : "dump wants an address and bytes";
    default:
        ask->kind = ASK_DETAIL;
        return NULL;
    }
}

static void command_hear(struct client *client, const struct serve_message *message)
{
    struct channel_ask ask;
    const char *problem = ask_make(client, message, &ask);
    if (!problem && !channel_put(client->channels->list.at[message->source - 1], &ask))
        problem = "so much is asked of this source that it takes no more now: try again";
    if (problem)
        answer_say(client, message, problem);
}

static void subscription_hear(struct client *client, const struct serve_message *message)
{
    if (message->want == SERVE_SUBSCRIBE)
        client_subscribe(client, (unsigned)message->source, !message->has_no_documents, true);
    else
        view_leave(client, message->source - 1);
    answer_say(client, message, NULL);
}

void client_hear(struct client *client, const char *bytes, size_t count)
{
    struct serve_message message;
    const char *problem;
    if (!serve_message_read(bytes, count, &message, &problem))
        broken_count(client, &message, problem);
    else if (message.want == SERVE_UNKNOWN && client->is_admitted)
        answer_say(client, &message, "this type is not known: see docs/live.md");
    else if (message.want == SERVE_TOKEN)
        token_hear(client, &message);
    else if (!client->is_admitted) {
        answer_say(client, &message, "the first message says the token that 'heaptracer serve' printed");
        client->is_done = true;
    } else if (!view_of(client, message.source))
        answer_say(client, &message, "there is no such source");
    else if (message.want == SERVE_SUBSCRIBE || message.want == SERVE_UNSUBSCRIBE)
        subscription_hear(client, &message);
    else
        command_hear(client, &message);
}

static bool send_begin(struct client *client, struct parcel *parcel)
{
    client->sending = parcel;
    client->sent = 0;
    client->is_document = false;
    client->tail[0] = 0;
    return true;
}

static bool answer_next(struct client *client)
{
    if (!client->answers.count)
        return false;
    struct parcel *first = client->answers.at[0];
    memmove(client->answers.at, client->answers.at + 1, --client->answers.count * sizeof first);
    return send_begin(client, first);
}

static bool hello_next(struct client *client)
{
    uint64_t number = __atomic_load_n(&client->channels->hello_number, __ATOMIC_ACQUIRE) + 1;
    if (client->hello_number == number)
        return false;
    client->hello_number = number;
    return send_begin(client, channels_hello(client->channels, true));
}

/* With the channel's lock. */
static struct parcel *newest_take(struct client *client, struct client_view *view, const struct channel *channel)
{
    bool is_beat = channel->beat && view->beat_number < channel->beat_number;
    if (view->alert_number < channel->alert_number) {
        if (channel->alert_number - view->alert_number > CHANNEL_ALERTS)
            view->alert_number = channel->alert_number - CHANNEL_ALERTS;
        return parcel_hold(channel->alerts[view->alert_number++ % CHANNEL_ALERTS]);
    }
    if (is_beat) {
        client->dropped += channel->beat_number - view->beat_number - 1;
        view->beat_number = channel->beat_number;
        return parcel_hold(channel->beat);
    }
    if (!view->wants_document || view->document_number >= channel->document_number || client_wait(client))
        return NULL;
    client->dropped += view->document_number ? channel->document_number - view->document_number - 1 : 0;
    view->document_number = channel->document_number;
    return parcel_hold(channel->document);
}

static bool view_next(struct client *client, size_t at)
{
    struct client_view *view = client->views + at;
    struct channel *channel = client->channels->list.at[at];
    if (!view->is_subscribed)
        return false;
    if (view->wants_history) {
        view->wants_history = false;
        return send_begin(client, channel_course(channel));
    }
    pthread_mutex_lock(&channel->lock);
    struct parcel *parcel = newest_take(client, view, channel);
    bool is_beat = parcel && parcel == channel->beat, is_document = parcel && parcel == channel->document;
    pthread_mutex_unlock(&channel->lock);
    if (!parcel)
        return false;
    send_begin(client, parcel);
    client->is_document = is_document;
    client->document_began = is_document ? now_ns() : client->document_began;
    if (is_beat && client->dropped) {
        snprintf(client->tail, sizeof client->tail, ", \"dropped\": %" PRIu64 "}", client->dropped);
        client->dropped = 0;
    }
    return true;
}

bool client_next(struct client *client)
{
    size_t count = client->channels->list.count;
    if (client->sending || answer_next(client))
        return true;
    if (!client->is_admitted || client->is_done)
        return false;
    if (hello_next(client))
        return true;
    for (size_t i = 0; i < count; i++)
        if (view_next(client, (client->next_view + i) % count)) {
            client->next_view = (client->next_view + i + 1) % count;
            return true;
        }
    return false;
}

uint64_t client_wait(const struct client *client)
{
    uint64_t now = now_ns();
    return client->document_due > now ? client->document_due - now : 0;
}

/* A document that took long to send is followed by a rest of four times as long. */
void client_sent(struct client *client)
{
    uint64_t now = now_ns(), took = now - client->document_began;
    if (client->is_document && took > SLOW_NS)
        client->document_due = now + 4 * took;
    parcel_replace(&client->sending, NULL);
    client->sent = 0;
}

void client_end(struct client *client)
{
    for (size_t i = 0; i < client->channels->list.count; i++)
        view_leave(client, i);
    for (size_t i = 0; i < client->answers.count; i++)
        parcel_drop(client->answers.at[i]);
    vec_done(&client->answers);
    parcel_drop(client->sending);
    memory_free(client->views);
    *client = (struct client){0};
}
