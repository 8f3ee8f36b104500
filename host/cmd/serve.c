/* serve: in sources, out a page about them for browsers, and a stream of figures, while they run. */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/memory.h"
#include "host/export/pack.h"
#include "host/serve/web_server.h"
#include "report_html.h"
#include "running.h"
#include "serve_source.h"

struct serve_options {
    struct page_options page;
    struct source_options source;
    uint64_t port;
    const char *bind, *token, *certificate, *key;
    struct opt_list hosts;
    bool open, has_no_tls;
};
enum { PORT_FIRST = 7777, PORT_NOT_GIVEN = 1 << 20 };

static const struct opt serve_options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "Where", NULL, NULL, NULL},
    {OPT_COUNT, 'p', "port", offsetof(struct serve_options, port), "N", "listen at this port; 0: any that is free", "7777, or the next one that is free", NULL, NULL},
    {OPT_FLAG, 0, "open", offsetof(struct serve_options, open), NULL, "show the page in the browser", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "For other machines", NULL, NULL, NULL},
    {OPT_TEXT, 0, "bind", offsetof(struct serve_options, bind), "ADDRESS", "listen at this address of the machine; 0.0.0.0: at all", "127.0.0.1", NULL, NULL},
    {OPT_TEXT, 0, "token", offsetof(struct serve_options, token), "TOKEN", "who asks must know it: at least 8 letters, digits and -._~",
     "made and printed where others can ask", NULL, "HEAPTRACER_TOKEN"},
    {OPT_TEXT, 0, "tls-cert", offsetof(struct serve_options, certificate), "FILE", "speak https with this certificate (PEM, with its chain)", NULL, NULL, NULL},
    {OPT_TEXT, 0, "tls-key", offsetof(struct serve_options, key), "FILE", "and its private key", NULL, NULL, NULL},
    {OPT_FLAG, 0, "no-tls", offsetof(struct serve_options, has_no_tls), NULL, "without https beyond this machine: everybody on the way can read the token", NULL, NULL,
     NULL},
    {OPT_LIST, 0, "host", offsetof(struct serve_options, hosts), "NAME", "the page is also asked for by this name; may be given again", NULL, NULL, NULL},
    SOURCE_OPTIONS(struct serve_options, source),
    PAGE_NAME_OPTIONS(struct serve_options, page),
    {0},
};

static const struct opt_example serve_examples[] = {
    {"heaptracer serve", "http://127.0.0.1:7777/ shows all recordings that run now"},
    {"heaptracer serve 4711 serial:/dev/ttyUSB0,115200 --elf app.elf", "process 4711 and a board, side by side"},
    {"heaptracer serve --bind 192.168.1.10 --tls-cert c.pem --tls-key k.pem", "for other machines, by the address with the token that is printed"},
    {"curl -N 'http://127.0.0.1:7777/api/stream?source=1'", "the figures as a stream of events"},
    {0},
};

const struct opt_command cmd_serve_table = {
    .name = "heaptracer serve",
    .usage = "[options] [SOURCE...]",
    .about = "Show running recordings in the browser, live",
    .manual = "SOURCE is PID, FILE or a board. " SOURCE_MANUAL " Of several boards --elf is that of all, and only one can be kept. Without any SOURCE, all recordings of "
              "this user that run now are shown.\n\n"
              "Prints the address of the page on a line of its own and serves until it is interrupted. The page is that of 'heaptracer report', but it moves. "
              "Programs get the same as JSON, CSV and streams of events: docs/live.md tells how.\n\n"
              "Only this machine can ask, unless --bind says another address. Then who asks must know a token, which stands in the address that is printed, and the "
              "connection is https, unless --no-tls is said. Requests by a name that is not known (a page of another site, DNS rebinding) are refused; --host makes one "
              "known, for a proxy or a tunnel.\n\n"
              "Nobody who looks makes a recording wait: a page that reads too slowly gets fewer figures, and is told how many it missed. The rules of the configuration "
              "([[alerts.rule]], see 'heaptracer help config') are looked at for each source, with or without a page.\n\n"
              "Exit codes: 0 it was interrupted, 2 wrong usage or no such recording, 3 a source cannot be read.",
    .options = serve_options,
    .examples = serve_examples,
    .see_also = "heaptracer run, heaptracer monitor, heaptracer interactive",
    .least_words = 0,
    .most_words = OPT_ANY_WORDS,
};
enum { SOURCES_MOST = 64 };

struct serve {
    const struct serve_options *options;
    struct channels channels;
    VEC(struct serve_source *) sources;
    struct door door;
    struct parcel *page;
    struct web_server *server;
    struct running running; /* when no source was named */
    char token[DOOR_TOKEN_MOST];
    struct str url;
    atomic_bool is_stopped;
};

static struct web_server *interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    web_server_stop(interrupted);
}

static struct parcel *page_pack(void)
{
    struct parcel_maker maker;
    FILE *packed = pack_open(parcel_begin(&maker), PACK_GZIP);
    report_html(packed, NULL);
    fclose(packed);
    return parcel_end(&maker, false);
}

static bool source_open(struct serve *serve, const char *word, struct error *error)
{
    struct serve_source *source = memory_new(1, sizeof *source);
    source->word = word;
    source->is_stopped = &serve->is_stopped;
    source->names = &serve->options->page;
    source->may_dump = serve->door.token != NULL;
    source->options = source_kind(word) >= SOURCE_BOARD ? &serve->options->source : NULL;
    bool is_good = serve_source_open(source, error);
    if (is_good) {
        vec_push(&serve->sources, source);
        source->channel = channels_add(&serve->channels, word);
    } else {
        serve_source_close(source);
        memory_free(source);
    }
    return is_good;
}

static bool named_open(struct serve *serve, const struct opt_words *words, struct error *error)
{
    if (words->count > SOURCES_MOST)
        return error_set(error, ERROR_USAGE, "%zu sources are too many: %d are the most", words->count, SOURCES_MOST);
    size_t boards = 0;
    for (size_t i = 0; i < words->count; i++)
        boards += source_kind(words->at[i]) >= SOURCE_BOARD;
    if (boards > 1 && serve->options->source.keep)
        return error_set(error, ERROR_USAGE, "--keep: one board can be kept, but there are %zu", boards);
    if (!boards && (serve->options->source.keep || serve->options->source.elf))
        return error_set(error, ERROR_USAGE, "--elf and --keep are for a board, but no source is one");
    for (size_t i = 0; i < words->count; i++)
        if (!source_open(serve, words->at[i], error))
            return false;
    return true;
}

/* One that has ended meanwhile is left out. */
static bool running_open(struct serve *serve, struct error *error)
{
    running_find(&serve->running);
    for (size_t i = 0; i < serve->running.words.count && serve->sources.count < SOURCES_MOST; i++)
        source_open(serve, serve->running.words.at[i], NULL);
    return serve->sources.count || error_set(error, ERROR_USAGE, "no recording of yours runs now: begin one with 'heaptracer run', or name a trace");
}

/* Beyond this machine a token is wanted, and TLS or a word that it goes without. */
static bool door_set(struct serve *serve, struct error *error)
{
    const struct serve_options *options = serve->options;
    bool is_near = door_is_loopback(options->bind);
    serve->door = (struct door){.names = options->hosts.at, .address = options->bind, .port = options->port == PORT_NOT_GIVEN ? PORT_FIRST : (unsigned)options->port};
    if (options->port != PORT_NOT_GIVEN && options->port > 65535)
        return error_set(error, ERROR_USAGE, "--port: a port is at most 65535");
    if (options->token && !door_suits_token(options->token))
        return error_set(error, ERROR_USAGE, "--token: 8 to 127 letters, digits and -._~ are wanted");
    if (!options->certificate != !options->key)
        return error_set(error, ERROR_USAGE, "--tls-cert and --tls-key belong together");
    if (!is_near && !options->certificate && !options->has_no_tls)
        return error_set(error, ERROR_USAGE, "--bind %s: other machines can ask there; say --tls-cert and --tls-key, or --no-tls to go without", options->bind);
    if (!options->token && !is_near && !door_make_token(serve->token))
        return error_set_errno(error, ERROR_READ, "no token can be made");
    serve->door.token = options->token ? options->token : is_near ? NULL : serve->token;
    return true;
}

static bool files_check(const struct serve_options *options, struct error *error)
{
    if (!options->certificate)
        return true;
    if (access(options->certificate, R_OK))
        return error_set_errno(error, ERROR_READ, "--tls-cert %s", options->certificate);
    return !access(options->key, R_OK) || error_set_errno(error, ERROR_READ, "--tls-key %s", options->key);
}

static bool server_open(struct serve *serve, struct error *error)
{
    const struct serve_options *options = serve->options;
    struct web_server_config config = {
        .channels = &serve->channels, .certificate = options->certificate, .key = options->key, .may_step = options->port == PORT_NOT_GIVEN};
    if (!files_check(options, error))
        return false;
    config.page = serve->page = page_pack();
    return (serve->server = web_server_open(&config, &serve->door, error)) != NULL;
}

/* The address that a browser here, or on another machine, can open. */
static void url_make(struct serve *serve)
{
    char name[256] = "localhost";
    const char *address = serve->door.address;
    bool is_any = door_is_any(address);
    if (is_any && !gethostname(name, sizeof name - 1))
        address = name;
    str_add_format(&serve->url, "%s://%s%s%s:%u/", serve->options->certificate ? "https" : "http", strchr(address, ':') ? "[" : "", address,
                   strchr(address, ':') ? "]" : "", serve->door.port);
    if (serve->door.token)
        str_add_format(&serve->url, "?token=%s", serve->door.token);
}

/* Not for a superuser who is far away: there is no screen. */
static void browser_open(char *url)
{
    char program[] = "xdg-open", *const words[] = {program, url, NULL};
    pid_t child;
    const char *far = getenv("SSH_CONNECTION");
    bool is_far = !geteuid() && far && *far;
    if (is_far || posix_spawnp(&child, words[0], NULL, NULL, words, environ))
        fprintf(stderr, "heaptracer: note: no browser can be opened here (xdg-open): open the address yourself\n");
}

static void signals_take(struct web_server *server)
{
    struct sigaction action = {.sa_handler = on_interrupt}, ignore = {.sa_handler = SIG_IGN};
    interrupted = server;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static void serve_run(struct serve *serve, struct error *error)
{
    bool is_good = true;
    signals_take(serve->server);
    for (size_t i = 0; i < serve->sources.count && is_good; i++)
        is_good = serve_source_start(serve->sources.at[i], error);
    if (!is_good)
        return;
    url_make(serve);
    printf("%s\n", str_text(&serve->url));
    fflush(stdout);
    if (serve->options->open)
        browser_open(serve->url.at);
    web_server_run(serve->server);
}

static void serve_close(struct serve *serve)
{
    atomic_store(&serve->is_stopped, true);
    for (size_t i = 0; i < serve->sources.count; i++) {
        serve_source_close(serve->sources.at[i]);
        memory_free(serve->sources.at[i]);
    }
    vec_done(&serve->sources);
    if (serve->server)
        web_server_close(serve->server);
    channels_done(&serve->channels);
    parcel_drop(serve->page);
    running_done(&serve->running);
    str_done(&serve->url);
}

int cmd_serve(int argc, char **argv)
{
    struct serve_options options = {.port = PORT_NOT_GIVEN, .bind = "127.0.0.1"};
    struct serve serve = {.options = &options};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_serve_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    if (door_set(&serve, &error) && (words.count ? named_open(&serve, &words, &error) : running_open(&serve, &error)) && server_open(&serve, &error))
        serve_run(&serve, &error);
    serve_close(&serve);
    exit_code = error.kind ? cmd_fail(&error) : CMD_DONE;
    opt_words_done(&words);
    return exit_code;
}
