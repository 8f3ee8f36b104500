/* serve: in sources, out a page about them for browsers, and a stream of figures, while they run. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/memory.h"
#include "host/export/pack.h"
#include "host/serve/web_server.h"
#include "report_html.h"
#include "serve_source.h"

struct serve_options {
    struct page_options page;
    uint64_t port;
    const char *bind, *token, *certificate, *key;
    struct opt_list hosts;
    bool open, insecure;
};
enum { PORT_FIRST = 7777, PORT_NOT_GIVEN = 65536 };

static const struct opt serve_options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "Where", NULL, NULL, NULL},
    {OPT_COUNT, 'p', "port", offsetof(struct serve_options, port), "N", "listen at this port; 0: any that is free", "7777, or the next one that is free", NULL, NULL},
    {OPT_TEXT, 0, "bind", offsetof(struct serve_options, bind), "ADDRESS", "listen at this address of the machine", "127.0.0.1", NULL, NULL},
    {OPT_LIST, 0, "host", offsetof(struct serve_options, hosts), "NAME", "the page is also asked for by this name; may be given again", NULL, NULL, NULL},
    {OPT_FLAG, 0, "open", offsetof(struct serve_options, open), NULL, "show it in the browser", NULL, NULL, NULL},
    PAGE_NAME_OPTIONS(struct serve_options, page),
    {0},
};

static const struct opt_example serve_examples[] = {
    {"heaptracer serve 4711", "http://127.0.0.1:7777/ shows process 4711, which 'heaptracer run' records"},
    {"heaptracer serve server.htrc board.htrc", "two recordings side by side on one page"},
    {"curl -N 'http://127.0.0.1:7777/api/stream?source=1'", "the figures as a stream of events"},
    {0},
};

const struct opt_command cmd_serve_table = {
    .name = "heaptracer serve",
    .usage = "[options] SOURCE...",
    .about = "Show running recordings in the browser, live",
    .manual = "SOURCE is the number of a process that 'heaptracer run' started, or of its recorder or a 'heaptracer listen', or a trace, also one that is still "
              "written.\n\n"
              "Prints the address of the page on a line of its own and serves until it is interrupted. docs/live.md tells what else can be asked of it.\n\n"
              "Exit codes: 0 it was interrupted, 2 wrong usage, 3 a source cannot be read.",
    .options = serve_options,
    .examples = serve_examples,
    .see_also = "heaptracer run, heaptracer monitor, heaptracer interactive",
    .least_words = 1,
    .most_words = OPT_ANY_WORDS,
};

struct serve {
    const struct serve_options *options;
    struct channels channels;
    VEC(struct serve_source *) sources;
    struct door door;
    struct parcel *page;
    struct web_server *server;
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

static bool sources_open(struct serve *serve, const struct opt_words *words, struct error *error)
{
    for (size_t i = 0; i < words->count; i++) {
        struct serve_source *source = memory_new(1, sizeof *source);
        vec_push(&serve->sources, source);
        source->channel = channels_add(&serve->channels, words->at[i]);
        source->is_stopped = &serve->is_stopped;
        source->names = &serve->options->page;
        if (!serve_source_open(source, error))
            return false;
    }
    return true;
}

static bool server_open(struct serve *serve, struct error *error)
{
    bool is_given = serve->options->port != PORT_NOT_GIVEN;
    if (is_given && serve->options->port > 65535)
        return error_set(error, ERROR_USAGE, "--port: a port is at most 65535");
    serve->door.port = is_given ? (unsigned)serve->options->port : PORT_FIRST;
    serve->door.address = serve->options->bind;
    serve->door.names = serve->options->hosts.at;
    serve->page = page_pack();
    struct web_server_config config = {.channels = &serve->channels, .page = serve->page, .may_step = !is_given};
    return (serve->server = web_server_open(&config, &serve->door, error)) != NULL;
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
    printf("http://%s:%u/\n", serve->door.address, serve->door.port);
    fflush(stdout);
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
    if (sources_open(&serve, &words, &error) && server_open(&serve, &error))
        serve_run(&serve, &error);
    serve_close(&serve);
    exit_code = error.kind ? cmd_fail(&error) : CMD_DONE;
    opt_words_done(&words);
    return exit_code;
}
