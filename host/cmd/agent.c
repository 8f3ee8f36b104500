/* agent: in the recordings that run on this machine, out their bytes and answers for viewers on others. A process for each viewer: they cannot hinder each other. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "host/remote/attendant.h"

struct agent_options {
    const char *bind, *token_file, *certificate, *key;
    struct opt_list folders;
    uint64_t port;
    bool tls, print, clear, allow_bytes, quiet;
};

static const struct opt agent_options[] = {
    {OPT_TEXT, 0, "bind", offsetof(struct agent_options, bind), "ADDRESS", .about = "Wait for viewers at this address; 0.0.0.0 or :: is any", .fallback = "127.0.0.1"},
    {OPT_COUNT, 'p', "port", offsetof(struct agent_options, port), "N", .about = "And this port; 0: one that is free", .fallback = "7788"},
    {OPT_LIST, 0, "folder", offsetof(struct agent_options, folders), "DIR", .about = "Offer the traces of this folder too; may be given again"},
    {OPT_FLAG, 'q', "quiet", offsetof(struct agent_options, quiet), .about = "Say nothing but errors"},
    {OPT_SECTION, .about = "Who may look"},
    {OPT_TEXT, 0, "token-file", offsetof(struct agent_options, token_file), "FILE", .about = "Only those who know the token in FILE"},
    {OPT_FLAG, 0, "tls", offsetof(struct agent_options, tls), .about = "Encrypt, with a certificate that is made now"},
    {OPT_TEXT, 0, "tls-cert", offsetof(struct agent_options, certificate), "FILE", .about = "Encrypt, with this certificate (PEM)"},
    {OPT_TEXT, 0, "tls-key", offsetof(struct agent_options, key), "FILE", .about = "And its key (PEM)"},
    {OPT_FLAG, 0, "fingerprint", offsetof(struct agent_options, print), .about = "Print the fingerprint of --tls-cert, and end"},
    {OPT_FLAG, 0, "clear", offsetof(struct agent_options, clear), .about = "Do without TLS beyond this machine: everybody on the way can read all that is recorded"},
    {OPT_FLAG, 0, "allow-bytes", offsetof(struct agent_options, allow_bytes), .about = "Let viewers read what is in blocks: passwords and keys, too"},
    {0},
};

static const struct opt_example agent_examples[] = {
    {"heaptracer agent", "for viewers on this machine, or through ssh -L 7788:localhost:7788"},
    {"heaptracer agent --bind 0.0.0.0 --tls --token-file token", "for viewers elsewhere who have the token"},
    {"heaptracer monitor agent:board7/server --token-file token", "such a viewer, of the recording named server.4711"},
    {0},
};

const struct opt_command cmd_agent_table = {
    .name = "heaptracer agent",
    .usage = "[options]",
    .about = "Offer the recordings that run on this machine to viewers on others",
    .manual =
        "All recordings of this user are offered: of 'heaptracer run', 'attach' and 'listen', by the names of their trace files. On another machine agent:HOST:PORT/NAME is a "
        "SOURCE for 'monitor', 'interactive', 'fetch' and 'dump'; 'heaptracer fetch --list agent:HOST:PORT' lists the names, 'heaptracer ctl agent:HOST:PORT/NAME' steers.\n\n"
        "The watched program is never slowed by who looks: its recorder writes a file, as it always does, and viewers are sent pieces of the file when they ask. Who asks "
        "slowly or not at all makes nobody wait, and loses nothing: the file is the buffer. Who comes back goes on where he was.\n\n"
        "Beyond this machine (--bind) a token is required, and TLS or --clear. The token is never sent; both sides prove that they know it, so with TLS a certificate that "
        "nobody signed will do. A viewer without a token needs the fingerprint that the agent prints, or a certificate that its machine trusts.\n\n"
        "Viewers get: traces, answers to mark, start, stop, flush, detach and leaks, those modules of which they know the build-id (names of functions are found in them), "
        "and, with --allow-bytes, memory of the heap. At most 32 are let in at a time; who does not prove himself in 10 seconds or asks nothing for a minute is sent away.\n\n"
        "Exit codes: 0 ended by Ctrl-C, 2 wrong usage, 3 cannot listen.",
    .options = agent_options,
    .examples = agent_examples,
    .see_also = "heaptracer fetch, heaptracer run, heaptracer monitor",
    .most_words = 0,
};

enum { VIEWERS_MOST = 32, LOOK_MS = 1000, NICE = 5 };

struct agent {
    const struct agent_options *options;
    struct attendant_config config;
    struct offers offers;
    int listener;
    pid_t viewers[VIEWERS_MOST];
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void on_child(int signal)
{
    (void)signal;
}

static bool options_check(const struct agent_options *options, struct error *error)
{
    if (!options->certificate != !options->key)
        return error_set(error, ERROR_USAGE, "--tls-cert and --tls-key go together");
    if (options->tls && options->certificate)
        return error_set(error, ERROR_USAGE, "--tls makes a certificate of its own; leave it out with --tls-cert");
    if (options->clear && (options->tls || options->certificate))
        return error_set(error, ERROR_USAGE, "--clear or TLS: choose one");
    if (options->print && !options->certificate)
        return error_set(error, ERROR_USAGE, "--fingerprint wants --tls-cert and --tls-key");
    return options->port <= UINT16_MAX || error_set(error, ERROR_USAGE, "--port: there are ports up to 65535");
}

static bool reach_check(const struct agent_options *options, bool is_loopback, const char *name, struct error *error)
{
    bool has_tls = options->tls || options->certificate;
    if (is_loopback)
        return true;
    if (!options->token_file)
        return error_set(error, ERROR_USAGE, "%s can be reached from other machines: say who may look by --token-file FILE, or stay at 127.0.0.1 and use ssh -L", name);
    return has_tls || options->clear || error_set(error, ERROR_USAGE, "%s can be reached from other machines: add --tls, or --clear to send all in clear", name);
}

static void viewers_reap(struct agent *agent)
{
    for (size_t i = 0; i < VIEWERS_MOST; i++)
        if (agent->viewers[i] && waitpid(agent->viewers[i], NULL, WNOHANG) != 0)
            agent->viewers[i] = 0;
}

/* The viewer's own process. What hindered it is told here: a viewer may be an attacker. */
static _Noreturn void viewer_serve(const struct agent *agent, int socket)
{
    struct error error = {0};
    char name[LINK_NAME_ROOM];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    close(agent->listener);
    link_peer_name(socket, name);
    if (nice(NICE) == -1)
        errno = 0;
    if (!attendant_run(socket, &agent->config, &error) && !interrupted && !agent->options->quiet)
        fprintf(stderr, "heaptracer: %s: %s\n", name, error.text);
    _exit(CMD_DONE);
}

static void viewer_accept(struct agent *agent)
{
    size_t place = 0;
    int socket = accept4(agent->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0)
        return;
    viewers_reap(agent);
    while (place < VIEWERS_MOST && agent->viewers[place])
        place++;
    pid_t viewer = place < VIEWERS_MOST ? fork() : -1;
    if (viewer == 0)
        viewer_serve(agent, socket);
    if (viewer > 0)
        agent->viewers[place] = viewer;
    close(socket);
}

/* Recordings are looked for also when nobody asks: those that end can then be read to their end. */
static void agent_loop(struct agent *agent)
{
    struct pollfd one = {.fd = agent->listener, .events = POLLIN};
    while (!interrupted) {
        viewers_reap(agent);
        offers_refresh(&agent->offers);
        if (poll(&one, 1, LOOK_MS) > 0)
            viewer_accept(agent);
    }
    for (size_t i = 0; i < VIEWERS_MOST; i++)
        if (agent->viewers[i])
            kill(agent->viewers[i], SIGTERM);
}

static void signals_set(void)
{
    struct sigaction leave = {.sa_handler = on_interrupt}, child = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGINT, &leave, NULL);
    sigaction(SIGTERM, &leave, NULL);
    sigaction(SIGHUP, &leave, NULL);
    sigaction(SIGCHLD, &child, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void agent_say(const struct agent *agent, const char *name)
{
    char print[LINK_PRINT_ROOM];
    if (agent->options->quiet)
        return;
    fprintf(stderr, "heaptracer: agent at %s%s%s\n", name, agent->config.greeting.token ? ", for who has the token" : "",
            agent->options->allow_bytes ? "; what is in blocks can be read" : "");
    if (!agent->config.greeting.tls)
        return;
    tls_print(agent->config.greeting.tls, print);
    fprintf(stderr, "  fingerprint %s\n", print);
}

static bool agent_run(struct agent *agent, struct error *error)
{
    const struct agent_options *options = agent->options;
    char port[8], name[LINK_NAME_ROOM];
    bool is_loopback = false;
    snprintf(port, sizeof port, "%u", (unsigned)options->port);
    agent->listener = link_listen(options->bind, port, &is_loopback, name, error);
    bool is_good = agent->listener >= 0 && reach_check(options, is_loopback, name, error);
    if (is_good) {
        signals_set();
        agent_say(agent, name);
        agent_loop(agent);
    }
    if (agent->listener >= 0)
        close(agent->listener);
    return is_good;
}

static bool print_show(struct tls *tls)
{
    char print[LINK_PRINT_ROOM];
    tls_print(tls, print);
    puts(print);
    return true;
}

static void agent_go(const struct agent_options *options, struct error *error)
{
    struct str token = {0};
    struct agent agent = {.options = options, .offers = {.folders = options->folders.at}};
    agent.config = (struct attendant_config){.offers = &agent.offers, .interrupted = &interrupted};
    bool is_good = options_check(options, error) && (!options->token_file || token_read(options->token_file, &token, error));
    if (is_good && (options->tls || options->certificate))
        is_good = (agent.config.greeting.tls = tls_serve(options->certificate, options->key, error)) != NULL;
    agent.config.greeting.token = options->token_file ? str_text(&token) : NULL;
    agent.config.greeting.allows_memory = options->allow_bytes;
    if (is_good)
        is_good = options->print ? print_show(agent.config.greeting.tls) : agent_run(&agent, error);
    tls_free(agent.config.greeting.tls);
    offers_done(&agent.offers);
    str_done(&token);
}

int cmd_agent(int argc, char **argv)
{
    struct agent_options options = {.bind = "127.0.0.1", .port = REMOTE_PORT};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_agent_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    agent_go(&options, &error);
    opt_words_done(&words);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}
