/* web_server: each connection is a visit; who has something to send is called when its socket takes more. Pieces are small, so that nothing piles up below us. */
#include "web_server.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "host/base/sha256.h"

enum {
    PIECE_BYTES = 16384,
    SEND_BYTES = 128 << 10, /* that the kernel holds for a client: what is in there is old */
    STUCK_S = 30,           /* without taking a piece */
    TOKEN_S = 10,
    FILE_S = 60,
    SAY_S = 10,   /* for a posted message to come whole */
    QUIET_S = 15, /* a stream that says nothing is cut by some proxies */
    RATE_MOST = 100, /* messages of a page a second */
    HEAD_BYTES = 2048,
    TAG_ROOM = 20,
};

enum visit_kind { VISIT_NONE, VISIT_FILE, VISIT_WAITS /* for the source to make its file */, VISIT_STREAM, VISIT_SOCKET, VISIT_SAY /* posts a message for a stream */ };

struct visit {
    enum visit_kind kind;
    struct lws *wsi;
    struct client client;
    uint64_t number;
    struct route route;
    struct parcel *body;
    size_t sent;
    bool is_head; /* HEAD: no body */
    char key[DOOR_TOKEN_MOST]; /* who says it speaks for the stream; of one that hears nobody "" */
    char *heard;  /* of a message that is not whole yet */
    size_t heard_count;
    bool is_too_long, is_binary;
    time_t spoke;  /* when something was sent last */
    time_t second; /* and how many messages came in it */
    unsigned in_second;
    struct visit *next, **before; /* among those who wait for something */
};

struct web_server {
    struct web_server_config config;
    struct door *door;
    struct lws_context *context;
    struct lws_vhost *host;
    struct visit *visits;
    size_t clients;
    uint64_t last_number;
    char tag[TAG_ROOM]; /* of the page */
    volatile sig_atomic_t is_stopped;
    unsigned char piece[LWS_PRE + PIECE_BYTES + 64];
};

static void visit_link(struct web_server *server, struct visit *visit)
{
    visit->next = server->visits;
    visit->before = &server->visits;
    if (visit->next)
        visit->next->before = &visit->next;
    server->visits = visit;
}

static void visit_unlink(struct visit *visit)
{
    if (!visit->before)
        return;
    *visit->before = visit->next;
    if (visit->next)
        visit->next->before = visit->before;
    visit->before = NULL;
}

static void visit_end(struct web_server *server, struct visit *visit)
{
    if (!visit)
        return;
    visit_unlink(visit);
    if (visit->kind == VISIT_STREAM || visit->kind == VISIT_SOCKET) {
        client_end(&visit->client);
        server->clients--;
    }
    parcel_drop(visit->body);
    memory_free(visit->heard);
    *visit = (struct visit){0};
}

static const char *header_get(struct lws *wsi, enum lws_token_indexes token, char *text, size_t room)
{
    return lws_hdr_copy(wsi, text, (int)room, token) > 0 ? text : NULL;
}

static bool may_enter(const struct web_server *server, struct lws *wsi)
{
    char host_text[256], origin_text[256];
    bool has_origin = lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0;
    const char *host = header_get(wsi, WSI_TOKEN_HOST, host_text, sizeof host_text), *origin = header_get(wsi, WSI_TOKEN_ORIGIN, origin_text, sizeof origin_text);
    return door_knows_host(server->door, host) && (!has_origin || (origin && door_knows_origin(server->door, origin, host)));
}

struct header {
    const char *name, *value; /* the name ends with ':' */
};

static bool header_put(struct lws *wsi, const struct header *header, unsigned char **at, unsigned char *end)
{
    return !lws_add_http_header_by_name(wsi, (const unsigned char *)header->name, (const unsigned char *)header->value, (int)strlen(header->value), at, end);
}

/* Writes the head of an answer. `more` ends with a NULL name. False: the connection is to be closed. */
static bool head_put(struct visit *visit, unsigned status, const char *type, lws_filepos_t length, const struct header *more)
{
    static const struct header always[] = {{"x-content-type-options:", "nosniff"},
                                           {"x-frame-options:", "DENY"},
                                           {"cross-origin-resource-policy:", "same-origin"},
                                           {"referrer-policy:", "no-referrer"},
                                           {"cache-control:", "no-cache"},
                                           {0}};
    unsigned char bytes[LWS_PRE + HEAD_BYTES], *start = bytes + LWS_PRE, *at = start, *end = bytes + sizeof bytes;
    bool is_good = !lws_add_http_common_headers(visit->wsi, status, type, length, &at, end);
    for (const struct header *header = always; header->name && is_good; header++)
        is_good = header_put(visit->wsi, header, &at, end);
    for (const struct header *header = more; header && header->name && is_good; header++)
        is_good = header_put(visit->wsi, header, &at, end);
    return is_good && !lws_finalize_write_http_header(visit->wsi, start, &at, end);
}

/* The end of an answer: the connection stays open for the next request, if its client wants so. */
static int answer_done(struct web_server *server, struct visit *visit)
{
    struct lws *wsi = visit->wsi;
    visit_end(server, visit);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* With visit->body. */
static int body_send(struct web_server *server, struct visit *visit, unsigned status, const char *type, const struct header *more)
{
    if (!head_put(visit, status, type, visit->body->count, more))
        return -1;
    if (visit->is_head || !visit->body->count)
        return answer_done(server, visit);
    visit->kind = VISIT_FILE;
    lws_set_timeout(visit->wsi, PENDING_TIMEOUT_HTTP_CONTENT, STUCK_S);
    lws_callback_on_writable(visit->wsi);
    return 0;
}

/* A sentence for people who try a path, or a program that does something wrong. */
static int refuse(struct web_server *server, struct visit *visit, unsigned status, const char *sentence)
{
    static const struct header login[] = {{"www-authenticate:", "Bearer"}, {0}};
    const struct header methods[] = {{"allow:", visit->route.kind == ROUTE_SAY ? "POST" : "GET, HEAD"}, {0}};
    struct parcel_maker maker;
    fprintf(parcel_begin(&maker), "%s\n", sentence);
    parcel_replace(&visit->body, parcel_end(&maker, false));
    return body_send(server, visit, status, "text/plain; charset=utf-8", status == 401 ? login : status == 405 ? methods : NULL);
}

static int page_send(struct web_server *server, struct visit *visit)
{
    char known[128];
    const char *tags = header_get(visit->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, known, sizeof known);
    const struct header more[] = {{"etag:", server->tag}, {"content-encoding:", "gzip"}, {0}}, tag_alone[] = {{"etag:", server->tag}, {0}};
    if (tags && strstr(tags, server->tag))
        return head_put(visit, 304, "text/html; charset=utf-8", LWS_ILLEGAL_HTTP_CONTENT_LEN, tag_alone) ? answer_done(server, visit) : -1;
    visit->body = parcel_hold(server->config.page);
    return body_send(server, visit, 200, "text/html; charset=utf-8", more);
}

static int sources_send(struct web_server *server, struct visit *visit)
{
    visit->body = channels_hello(server->config.channels, false);
    return body_send(server, visit, 200, "application/json", NULL);
}

static bool client_open(struct web_server *server, struct visit *visit, enum visit_kind kind)
{
    if (server->clients == WEB_CLIENTS_MOST)
        return false;
    server->clients++;
    visit->kind = kind;
    client_begin(&visit->client, server->config.channels, server->door, visit->number);
    setsockopt(lws_get_socket_fd(visit->wsi), SOL_SOCKET, SO_SNDBUF, &(int){SEND_BYTES}, sizeof(int));
    visit_link(server, visit);
    lws_callback_on_writable(visit->wsi);
    return true;
}

/* By which the page names the stream that its messages are for. */
static void key_tell(struct visit *visit)
{
    struct parcel_maker maker;
    struct json json = {.out = parcel_begin(&maker)};
    json_object(&json, NULL);
    json_text(&json, "type", "key");
    json_text(&json, "key", visit->key);
    json_end(&json);
    client_answer(&visit->client, parcel_end(&maker, true));
}

static int stream_open(struct web_server *server, struct visit *visit)
{
    static const struct header unbuffered[] = {{"x-accel-buffering:", "no"}, {0}};
    if (visit->route.source > server->config.channels->list.count)
        return refuse(server, visit, 404, "there is no such source: /api/sources lists them");
    if (!client_open(server, visit, VISIT_STREAM))
        return refuse(server, visit, 503, "too many clients: try again later");
    visit->client.is_admitted = visit->client.is_stream = true;
    if (!visit->route.is_spoken_for)
        client_subscribe(&visit->client, visit->route.source, visit->route.wants_document, visit->route.wants_history);
    else if (door_make_token(visit->key))
        key_tell(visit);
    if (!head_put(visit, 200, "text/event-stream", LWS_ILLEGAL_HTTP_CONTENT_LEN, unbuffered))
        return -1;
    lws_http_mark_sse(visit->wsi);
    lws_set_timeout(visit->wsi, NO_PENDING_TIMEOUT, 0);
    if (visit->is_head)
        return answer_done(server, visit);
    return 0;
}

static int file_ask(struct web_server *server, struct visit *visit)
{
    const struct channels *channels = server->config.channels;
    struct channel_ask ask = {.kind = ASK_FILE, .client = visit->number, .route = visit->route};
    if (visit->route.source > channels->list.count)
        return refuse(server, visit, 404, "there is no such source: /api/sources lists them");
    if (!channel_put(channels->list.at[visit->route.source - 1], &ask))
        return refuse(server, visit, 503, "so much is asked of this source that it takes no more now: try again");
    visit->kind = VISIT_WAITS;
    visit_link(server, visit);
    lws_set_timeout(visit->wsi, PENDING_TIMEOUT_HTTP_CONTENT, FILE_S);
    return 0;
}

static int file_send(struct web_server *server, struct visit *visit, struct channel_answer *answer)
{
    static const char *const types[] = {[ROUTE_REPORT_JSON] = "application/json", [ROUTE_REPORT_HTML] = "text/html; charset=utf-8", [ROUTE_TABLE_JSON] = "application/json",
                                        [ROUTE_TABLE_CSV] = "text/csv; charset=utf-8", [ROUTE_BLOCKS_JSON] = "application/json",
                                        [ROUTE_BLOCKS_CSV] = "text/csv; charset=utf-8"};
    static const char *const ends[] = {[ROUTE_REPORT_JSON] = "json", [ROUTE_REPORT_HTML] = "html", [ROUTE_TABLE_JSON] = "json", [ROUTE_TABLE_CSV] = "csv",
                                       [ROUTE_BLOCKS_JSON] = "json", [ROUTE_BLOCKS_CSV] = "csv"};
    char name[160];
    bool is_table = *visit->route.table;
    snprintf(name, sizeof name, "attachment; filename=\"source-%u.%s.%s\"", visit->route.source, is_table ? visit->route.table : "report", ends[visit->route.kind]);
    visit_unlink(visit);
    if (!answer->parcel)
        return refuse(server, visit, 404, answer->problem);
    visit->body = answer->parcel;
    return body_send(server, visit, 200, types[visit->route.kind], (const struct header[]){{"content-disposition:", name}, {0}});
}

static void query_get(struct lws *wsi, char *text, size_t room)
{
    size_t count = 0;
    text[0] = 0;
    for (int i = 0; count + 2 < room; i++) {
        int got = lws_hdr_copy_fragment(wsi, text + count, (int)(room - count - 1), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (got < 0)
            break;
        count += (size_t)got;
        text[count++] = '&';
        text[count] = 0;
    }
}

static bool is_method_known(struct visit *visit)
{
    bool is_said = lws_hdr_total_length(visit->wsi, WSI_TOKEN_POST_URI) > 0, is_got = lws_hdr_total_length(visit->wsi, WSI_TOKEN_GET_URI) > 0;
    visit->is_head = !is_said && lws_hdr_total_length(visit->wsi, WSI_TOKEN_HEAD_URI) > 0;
    return visit->route.kind == ROUTE_SAY ? is_said : visit->is_head || is_got;
}

/* Its body comes in pieces. */
static int say_open(struct visit *visit)
{
    visit->kind = VISIT_SAY;
    lws_set_timeout(visit->wsi, PENDING_TIMEOUT_HTTP_CONTENT, SAY_S);
    return 0;
}

static int request_hear(struct web_server *server, struct visit *visit, const char *path)
{
    char query[512], bearer[DOOR_TOKEN_MOST + 16];
    if (!may_enter(server, visit->wsi))
        return refuse(server, visit, 403, "this name is not known here (Host, Origin): 'heaptracer serve --host NAME' makes it known");
    query_get(visit->wsi, query, sizeof query);
    visit->route = route_find(path, query);
    if (!is_method_known(visit)) {
        visit->is_head = false;
        return refuse(server, visit, 405, visit->route.kind == ROUTE_SAY ? "POST is answered" : "GET and HEAD are answered");
    }
    if (visit->route.kind == ROUTE_PAGE)
        return page_send(server, visit);
    if (!door_knows_bearer(server->door, header_get(visit->wsi, WSI_TOKEN_HTTP_AUTHORIZATION, bearer, sizeof bearer)))
        return refuse(server, visit, 401, "the token that 'heaptracer serve' printed is wanted: Authorization: Bearer TOKEN");
    switch (visit->route.kind) {
    case ROUTE_NONE:
        return refuse(server, visit, 404, "there is nothing here: see docs/live.md");
    case ROUTE_SOURCES:
        return sources_send(server, visit);
    case ROUTE_STREAM:
        return stream_open(server, visit);
    case ROUTE_SAY:
        return say_open(visit);
    default:
        return file_ask(server, visit);
    }
}

static int piece_write(struct web_server *server, struct visit *visit, size_t count, enum lws_write_protocol protocol)
{
    lws_set_timeout(visit->wsi, PENDING_TIMEOUT_HTTP_CONTENT, STUCK_S);
    return lws_write(visit->wsi, server->piece + LWS_PRE, count, protocol) < (int)count ? -1 : 0;
}

static int file_continue(struct web_server *server, struct visit *visit)
{
    size_t left = visit->body->count - visit->sent, count = left < PIECE_BYTES ? left : PIECE_BYTES;
    memcpy(server->piece + LWS_PRE, visit->body->bytes + visit->sent, count);
    visit->sent += count;
    if (piece_write(server, visit, count, count == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP))
        return -1;
    if (count == left)
        return answer_done(server, visit);
    lws_callback_on_writable(visit->wsi);
    return 0;
}

static size_t bytes_add(struct web_server *server, size_t at, const char *bytes, size_t count)
{
    memcpy(server->piece + LWS_PRE + at, bytes, count);
    return at + count;
}

/* The next piece of what is being sent, in server->piece; the last character of a message makes place for its tail. */
static size_t piece_take(struct web_server *server, struct client *client, bool *is_last)
{
    size_t tail = strlen(client->tail), left = client->sending->count - (tail ? 1 : 0) - client->sent, count = left < PIECE_BYTES ? left : PIECE_BYTES, bytes = 0;
    *is_last = count == left;
    if (client->is_stream && !client->sent)
        bytes = bytes_add(server, bytes, "data: ", 6);
    bytes = bytes_add(server, bytes, client->sending->bytes + client->sent, count);
    if (*is_last)
        bytes = bytes_add(server, bytes, client->tail, tail);
    if (*is_last && client->is_stream)
        bytes = bytes_add(server, bytes, "\n\n", 2);
    client->sent += count;
    return bytes;
}

/* Nothing is to be sent now. */
static int client_rest(struct web_server *server, struct visit *visit)
{
    struct client *client = &visit->client;
    uint64_t wait = client_wait(client);
    lws_set_timeout(visit->wsi, NO_PENDING_TIMEOUT, 0);
    if (wait || client->is_stream)
        lws_set_timer_usecs(visit->wsi, wait ? (lws_usec_t)(wait / 1000 + 1) : QUIET_S * LWS_USEC_PER_SEC);
    if (client->is_done && !client->is_stream)
        lws_close_reason(visit->wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, NULL, 0);
    if (client->is_done)
        return -1;
    if (!client->is_stream || time(NULL) < visit->spoke + QUIET_S)
        return 0;
    visit->spoke = time(NULL);
    return piece_write(server, visit, bytes_add(server, 0, ":\n\n", 3), LWS_WRITE_HTTP);
}

static int client_continue(struct web_server *server, struct visit *visit)
{
    struct client *client = &visit->client;
    bool is_last, is_first = !client->sent;
    if (!client_next(client))
        return client_rest(server, visit);
    visit->spoke = time(NULL);
    size_t bytes = piece_take(server, client, &is_last);
    int protocol = client->is_stream ? LWS_WRITE_HTTP : lws_write_ws_flags(LWS_WRITE_TEXT, is_first, is_last);
    if (is_last)
        client_sent(client);
    lws_callback_on_writable(visit->wsi);
    return piece_write(server, visit, bytes, (enum lws_write_protocol)protocol);
}

static int socket_open(struct web_server *server, struct visit *visit)
{
    if (!client_open(server, visit, VISIT_SOCKET))
        return -1;
    lws_set_timeout(visit->wsi, visit->client.is_admitted ? NO_PENDING_TIMEOUT : PENDING_TIMEOUT_HTTP_CONTENT, TOKEN_S);
    return 0;
}

static void heard_add(struct visit *visit, const char *bytes, size_t count)
{
    if (!visit->heard)
        visit->heard = memory_new(SERVE_MESSAGE_MOST, 1);
    visit->is_too_long |= visit->heard_count + count > SERVE_MESSAGE_MOST;
    if (!visit->is_too_long && count)
        memcpy(visit->heard + visit->heard_count, bytes, count);
    visit->heard_count += visit->is_too_long ? 0 : count;
}

/* `from` has it whole; it is the client's own visit, or one that posted it. */
static void message_hear(struct visit *visit, struct visit *from)
{
    time_t now = time(NULL);
    visit->in_second = visit->second == now ? visit->in_second + 1 : 0;
    visit->second = now;
    if (from->is_too_long)
        client_hear_broken(&visit->client, "a message has at most 4096 bytes");
    else if (from->is_binary)
        client_hear_broken(&visit->client, "a message is text");
    else if (visit->in_second > RATE_MOST)
        client_hear_broken(&visit->client, "too many messages at once");
    else
        client_hear(&visit->client, from->heard, from->heard_count);
    from->heard_count = 0;
    from->is_too_long = false;
}

static int socket_hear(struct visit *visit, const char *bytes, size_t count)
{
    struct lws *wsi = visit->wsi;
    if (visit->client.is_done)
        return 0;
    if (lws_is_first_fragment(wsi))
        visit->is_binary = lws_frame_is_binary(wsi);
    heard_add(visit, bytes, count);
    if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi))
        message_hear(visit, visit);
    lws_callback_on_writable(wsi);
    return 0;
}

static struct visit *stream_of(const struct web_server *server, const char *key)
{
    struct visit *visit = server->visits;
    while (visit && !(visit->kind == VISIT_STREAM && *visit->key && door_knows_token(&(struct door){.token = visit->key}, key)))
        visit = visit->next;
    return visit;
}

/* The answer to the message comes in the stream. */
static int say_done(struct web_server *server, struct visit *visit)
{
    struct visit *stream = stream_of(server, visit->route.key);
    struct parcel_maker maker;
    if (!stream)
        return refuse(server, visit, 404, "there is no such stream any more: open one anew");
    heard_add(visit, "", 0);
    if (!stream->client.is_done)
        message_hear(stream, visit);
    lws_callback_on_writable(stream->wsi);
    parcel_begin(&maker);
    visit->body = parcel_end(&maker, false);
    return body_send(server, visit, 202, "text/plain; charset=utf-8", NULL);
}

static int upgrade_hear(struct web_server *server, struct lws *wsi)
{
    char path[64];
    const char *found = header_get(wsi, WSI_TOKEN_GET_URI, path, sizeof path);
    return found && !strcmp(found, "/api/stream") && may_enter(server, wsi) ? 0 : -1;
}

static void answer_bring(struct web_server *server, struct channel_answer *answer)
{
    struct visit *visit = server->visits;
    while (visit && visit->number != answer->client)
        visit = visit->next;
    if (!visit)
        parcel_drop(answer->parcel);
    else if (visit->kind != VISIT_WAITS)
        client_answer(&visit->client, answer->parcel);
    else if (file_send(server, visit, answer))
        lws_set_timeout(visit->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static void news_bring(struct web_server *server)
{
    struct channel_answer answer;
    for (size_t i = 0; i < server->config.channels->list.count; i++)
        while (channel_take(server->config.channels->list.at[i], &answer))
            answer_bring(server, &answer);
    for (struct visit *visit = server->visits; visit; visit = visit->next)
        if (visit->kind != VISIT_WAITS)
            lws_callback_on_writable(visit->wsi);
}

static void visit_begin(struct web_server *server, struct visit *visit, struct lws *wsi)
{
    visit_end(server, visit);
    visit->wsi = wsi;
    visit->number = ++server->last_number;
}

static int server_hear(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct web_server *server = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
    struct visit *visit = user;
    switch (reason) {
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        news_bring(server);
        return 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return upgrade_hear(server, wsi);
    case LWS_CALLBACK_HTTP:
        visit_begin(server, visit, wsi);
        return request_hear(server, visit, in);
    case LWS_CALLBACK_HTTP_BODY:
        if (visit->kind == VISIT_SAY)
            heard_add(visit, in, length);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return visit->kind == VISIT_SAY ? say_done(server, visit) : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return visit->kind == VISIT_FILE ? file_continue(server, visit) : visit->kind == VISIT_STREAM ? client_continue(server, visit) : 0;
    case LWS_CALLBACK_ESTABLISHED:
        visit_begin(server, visit, wsi);
        return socket_open(server, visit);
    case LWS_CALLBACK_RECEIVE:
        return socket_hear(visit, in, length);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return visit->kind == VISIT_SOCKET ? client_continue(server, visit) : 0;
    case LWS_CALLBACK_TIMER:
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        visit_end(server, visit);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {{"heaptracer", server_hear, sizeof(struct visit), SERVE_MESSAGE_MOST, 0, NULL, 0}, {0}};

static struct lws_context *context_open(struct web_server *server)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | (server->config.certificate ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .user = server,
        .server_string = "heaptracer",
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .ka_time = 60,
        .ka_probes = 3,
        .ka_interval = 10,
        .max_http_header_data = 4096,
        .max_http_header_pool = WEB_CLIENTS_MOST, /* who is slow to say what it wants keeps nobody waiting */
    };
    lws_set_log_level(0, NULL);
    return lws_create_context(&info);
}

static struct lws_vhost *host_open(const struct web_server *server, unsigned port)
{
    struct lws_context_creation_info info = {
        .port = (int)port,
        .iface = door_is_any(server->door->address) ? NULL : server->door->address,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | (strchr(server->door->address, ':') ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6) |
                   (server->config.certificate ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .ssl_cert_filepath = server->config.certificate,
        .ssl_private_key_filepath = server->config.key,
        .alpn = "http/1.1",
        .timeout_secs = 10,
        .keepalive_timeout = 30,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
    };
    return lws_create_vhost(server->context, &info);
}

/* Whether the port can be had, though somebody may be quicker. */
static bool port_try(const char *address, unsigned port, struct error *error)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool is_six = strchr(address, ':');
    if (inet_pton(is_six ? AF_INET6 : AF_INET, address, is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1)
        return error_set(error, ERROR_USAGE, "--bind: '%s' is not an address like 192.168.1.10 or ::1", address);
    int at = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(at, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    bool is_free = !(is_six ? bind(at, (struct sockaddr *)&six, sizeof six) : bind(at, (struct sockaddr *)&four, sizeof four)) && !listen(at, 1);
    if (!is_free)
        error_set_errno(error, ERROR_USAGE, "cannot listen at port %u of %s", port, address);
    close(at);
    return is_free;
}

static void page_tag(struct web_server *server)
{
    struct sha256 sum;
    char text[SHA256_TEXT_ROOM];
    sha256_init(&sum);
    sha256_add(&sum, (const uint8_t *)server->config.page->bytes, server->config.page->count);
    sha256_text(&sum, text);
    snprintf(server->tag, sizeof server->tag, "\"%.16s\"", text);
}

/* As many clients as the system lets us have. */
static void files_allow(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < 2 * WEB_CLIENTS_MOST) {
        limit.rlim_cur = limit.rlim_max < 2 * WEB_CLIENTS_MOST ? limit.rlim_max : 2 * WEB_CLIENTS_MOST;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The library goes on without one that it cannot read. */
static bool certificate_is_good(struct lws_vhost *host)
{
    union lws_tls_cert_info_results about;
    return !lws_tls_vhost_cert_info(host, LWS_TLS_CERT_INFO_VALIDITY_TO, &about, sizeof about.ns.name);
}

struct web_server *web_server_open(const struct web_server_config *config, struct door *door, struct error *error)
{
    struct web_server *server = memory_new(1, sizeof *server);
    unsigned wanted = door->port, tried = wanted && config->may_step ? WEB_PORTS_TRIED : 1;
    server->config = *config;
    server->door = door;
    files_allow();
    page_tag(server);
    server->context = context_open(server);
    for (unsigned i = 0; server->context && i < tried && wanted + i < 65536 && !server->host; i++)
        if (port_try(door->address, wanted + i, i ? NULL : error))
            server->host = host_open(server, wanted + i);
    if (server->host && config->certificate && !certificate_is_good(server->host))
        server->host = NULL;
    if (!server->host) {
        error_set(error, ERROR_USAGE, "cannot listen at port %u of %s%s", wanted, door->address, config->certificate ? ": the certificate or its key do not fit" : "");
        web_server_close(server);
        return NULL;
    }
    *error = (struct error){0}; /* of a port that was taken */
    door->port = (unsigned)lws_get_vhost_listen_port(server->host);
    config->channels->wake = web_server_wake;
    config->channels->context = server;
    return server;
}

void web_server_run(struct web_server *server)
{
    while (!server->is_stopped && lws_service(server->context, 0) >= 0)
        continue;
}

void web_server_stop(struct web_server *server)
{
    server->is_stopped = 1;
    lws_cancel_service(server->context);
}

void web_server_wake(void *server)
{
    lws_cancel_service(((struct web_server *)server)->context);
}

void web_server_close(struct web_server *server)
{
    if (server->context)
        lws_context_destroy(server->context);
    memory_free(server);
}
