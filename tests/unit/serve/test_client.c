/* test_client: what is sent next: answers first, then only the newest beat and document; what was missed is counted; who has no token hears nothing. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/serve/client.h"

static struct channels channels;
static struct channel *channel;
static struct client client;
static char got[4096];

static void begin(const char *token)
{
    static struct door door;
    door = (struct door){.address = "127.0.0.1", .port = 1, .token = token};
    channels = (struct channels){0};
    channel = channels_add(&channels, "word");
    client_begin(&client, &channels, &door, 1);
}

static void end(void)
{
    client_end(&client);
    channels_done(&channels);
}

static const char *next(void)
{
    if (!client_next(&client))
        return NULL;
    snprintf(got, sizeof got, "%.*s%s", (int)client.sending->count, client.sending->bytes, client.tail);
    client_sent(&client);
    return got;
}

static bool next_has(const char *text)
{
    const char *message = next();
    return message && strstr(message, text);
}

static void hear(const char *text)
{
    client_hear(&client, text, strlen(text));
}

static void beat(uint64_t time_ns)
{
    channel_beat(channel, &(struct history_point){.time_ns = time_ns}, 0, 0, true);
}

static void document(const char *text)
{
    struct parcel_maker maker;
    fputs(text, parcel_begin(&maker));
    channel_document(channel, parcel_end(&maker, true));
}

static void test_order(void **state)
{
    (void)state;
    begin(NULL);
    assert_true(next_has("\"hello\""));
    assert_null(next());
    beat(1);
    document("{\n}");
    assert_null(next());
    hear("{\"type\":\"subscribe\",\"source\":1,\"id\":5}");
    assert_true(next_has("\"to\": 5, \"ok\": true"));
    assert_true(next_has("\"history\""));
    assert_true(next_has("\"beat\""));
    assert_string_equal(next(), "{ }");
    assert_null(next());
    channel_state(channel, CHANNEL_LIVE, NULL);
    assert_true(next_has("\"state\": \"live\""));
    hear("{\"type\":\"unsubscribe\",\"source\":1,\"id\":6}");
    beat(2);
    assert_true(next_has("\"to\": 6") && !next());
    end();
}

static void test_slow(void **state)
{
    (void)state;
    begin(NULL);
    client_subscribe(&client, 1, true, false);
    beat(1);
    document("{\"n\":1}");
    assert_true(next_has("hello") && next_has("beat") && next_has("\"n\":1"));
    for (uint64_t i = 2; i <= 11; i++)
        beat(i);
    document("{\"n\":2}");
    document("{\"n\":3}");
    assert_true(next_has("\"time_ns\": 11") && strstr(got, "\"dropped\": 9}"));
    assert_true(next_has("\"n\":3") && !next());
    beat(12);
    assert_true(next_has("\"dropped\": 1}")); /* the document */
    beat(13);
    assert_true(next_has("\"time_ns\": 13") && !strstr(got, "dropped"));
    end();
}

/* A document that took long to send: the next one waits, beats do not. */
static void test_rest(void **state)
{
    (void)state;
    begin(NULL);
    client_subscribe(&client, 1, true, false);
    document("{\"n\":1}");
    assert_true(next_has("hello") && client_next(&client));
    usleep(120000);
    client_sent(&client);
    document("{\"n\":2}");
    beat(1);
    assert_true(next_has("beat") && !next() && client_wait(&client) > 300000000);
    client.document_due -= 10000000000;
    assert_true(next_has("\"n\":2") && !client_wait(&client));
    end();
}

static void test_alerts(void **state)
{
    (void)state;
    begin(NULL);
    client_subscribe(&client, 0, false, false);
    assert_true(next_has("hello"));
    for (int i = 0; i < CHANNEL_ALERTS + 10; i++) {
        struct parcel_maker maker;
        fprintf(parcel_begin(&maker), "{\"i\":%d}", i);
        channel_alert(channel, parcel_end(&maker, true));
    }
    assert_string_equal(next(), "{\"i\":10}");
    for (int i = 1; i < CHANNEL_ALERTS; i++)
        assert_non_null(next());
    assert_string_equal(got, "{\"i\":73}");
    assert_null(next());
    end();
}

static void test_token(void **state)
{
    (void)state;
    begin("0123456789");
    beat(1);
    assert_null(next());
    hear("{\"type\":\"token\",\"token\":\"0123456789\",\"id\":1}");
    assert_true(next_has("\"ok\": true") && next_has("hello"));
    end();
    begin("0123456789");
    hear("{\"type\":\"token\",\"token\":\"0123456788\"}");
    assert_true(next_has("\"ok\": false") && !next() && client.is_done);
    end();
    begin("0123456789");
    hear("{\"type\":\"subscribe\",\"source\":1}");
    assert_true(next_has("\"ok\": false") && !next() && client.is_done && !channel->watchers);
    end();
}

static void test_broken(void **state)
{
    (void)state;
    begin(NULL);
    for (int i = 0; i < 10; i++)
        hear("{\"type\":\"newer\",\"id\":1}");
    assert_false(client.is_done);
    for (int i = 0; i < CLIENT_BROKEN_MOST; i++) {
        assert_false(client.is_done);
        hear("{");
    }
    assert_true(client.is_done);
    end();
    begin(NULL);
    for (int i = 0; i < CLIENT_ANSWERS_MOST; i++)
        hear("{\"type\":\"detail\",\"source\":9}");
    assert_true(client.is_done); /* asks, but never reads */
    end();
}

static void test_asks(void **state)
{
    (void)state;
    struct channel_ask ask;
    struct channel_answer answer;
    begin(NULL);
    hear("{\"type\":\"mark\",\"source\":1,\"label\":\"here\",\"id\":3}");
    assert_true(channel_next(channel, 0, &ask) && ask.kind == ASK_MARK && ask.client == 1 && ask.id == 3 && !strcmp(ask.text, "here"));
    assert_false(channel_next(channel, 1, &ask));
    channel_answer(channel, &(struct channel_ask){.client = 1, .id = 3}, NULL, "done");
    assert_true(channel_take(channel, &answer) && answer.client == 1);
    client_answer(&client, answer.parcel);
    assert_string_equal(next(), "{\"type\": \"answer\", \"to\": 3, \"ok\": true, \"value\": \"done\"}");
    for (int i = 0; i < CHANNEL_ASKS + 1; i++)
        hear("{\"type\":\"detail\",\"source\":1,\"id\":4}");
    assert_true(next_has("takes no more"));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_slow),   cmocka_unit_test(test_alerts), cmocka_unit_test(test_rest),
                                       cmocka_unit_test(test_token), cmocka_unit_test(test_broken), cmocka_unit_test(test_asks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
