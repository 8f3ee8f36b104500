/* fetch: in the place of a recording on another machine, out a copy of its trace that grows as it does. A connection that breaks is made again, and the copy goes
 * on where it was; who reads the copy (host/cmd/feed.h) does not notice. */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/launch/control.h"
#include "host/trace/follow.h"
#include "module_copies.h"
#include "page.h"

struct fetch_options {
    struct visit_options visit;
    const char *output;
    uint64_t patience_ns;
    bool force, quiet, list, json, no_modules;
};

static const struct opt fetch_options[] = {
    {OPT_TEXT, 'o', "output", offsetof(struct fetch_options, output), "FILE", .about = "The copy", .fallback = "the recording's name with .htrc, in this folder"},
    {OPT_FLAG, 'f', "force", offsetof(struct fetch_options, force), .about = "Replace a file that is there"},
    {OPT_FLAG, 0, "no-modules", offsetof(struct fetch_options, no_modules), .about = "Do not copy programs and libraries that are not on this machine, for their names"},
    {OPT_TIME, 0, "patience", offsetof(struct fetch_options, patience_ns), "TIME", .about = "Try so long to get a connection back that broke", .fallback = "1m"},
    {OPT_FLAG, 'q', "quiet", offsetof(struct fetch_options, quiet), .about = "Say nothing but errors"},
    {OPT_SECTION, .about = "Instead of a copy"},
    {OPT_FLAG, 'l', "list", offsetof(struct fetch_options, list), .about = "List the recordings that the agent offers"},
    {OPT_FLAG, 0, "json", offsetof(struct fetch_options, json), .about = "The list as JSON"},
    {OPT_SECTION, .about = "Whom to believe"},
    VISIT_OPTIONS(struct fetch_options, visit),
    {0},
};

static const struct opt_example fetch_examples[] = {
    {"heaptracer fetch --list agent:board7", "what runs there"},
    {"heaptracer fetch agent:board7/server --token-file token -o server.htrc", "copy what is recorded, until it ends"},
    {0},
};

const struct opt_command cmd_fetch_table = {
    .name = "heaptracer fetch",
    .usage = "[options] agent:HOST[:PORT][/NAME]",
    .about = "Copy a recording from a machine where an agent runs, while it is written",
    .manual = "NAME is the name of the trace file there (with or without the number of the process), or the number of the process; it may be left out where one recording "
              "runs. tcp: may be written for agent:.\n\n"
              "The copy is a trace like any other, also while it grows. FILE.modules is a folder beside it with the programs and libraries that this machine does not have, "
              "so that functions have their names. A connection that breaks is made again; bytes are neither lost nor sent twice. 'heaptracer ctl' with the number of this "
              "process reaches the recorder on the other machine.\n\n"
              "Exit codes: 0 the recording ended or Ctrl-C, 2 wrong usage, 3 no connection, or one that broke and did not come back.",
    .options = fetch_options,
    .examples = fetch_examples,
    .see_also = "heaptracer agent, heaptracer monitor, heaptracer interactive",
    .least_words = 1,
    .most_words = 1,
};

enum { WAIT_MS = 100, AGAIN_US = 250000, BYTES_MOST = 1024, ID_MOST = REMOTE_KEY_MOST };

struct fetch {
    const struct fetch_options *options;
    struct agent_place place;
    struct visit *visit; /* NULL: it is lost */
    struct module_copies modules;
    struct error error;
    char *name, *path; /* of the recording, there; path: of the copy, here */
    uint8_t id[ID_MOST];
    size_t id_bytes;
    uint64_t offset;  /* read so far */
    remote_buffer held; /* read, but not written: its modules are to be here first */
    int file, control;
    uint64_t breaks;
    bool is_over;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void held_write(struct fetch *fetch)
{
    for (size_t done = 0; done < fetch->held.count && !fetch->error.kind;) {
        ssize_t count = write(fetch->file, fetch->held.at + done, fetch->held.count - done);
        if (count < 0 && errno != EINTR)
            error_set_errno(&fetch->error, ERROR_WRITE, "%s cannot be written", fetch->path);
        done += count > 0 ? (size_t)count : 0;
    }
    fetch->held.count = 0;
}

/* The recording of that name; again: the one that it was. */
static bool recording_open(struct fetch *fetch, struct error *error)
{
    struct remote_answer answer;
    const char *name = fetch->name ? fetch->name : fetch->place.name;
    struct remote_request request = {.kind = REMOTE_OPEN, .text = {(const uint8_t *)name, strlen(name)}, .key = {fetch->id, fetch->id_bytes}};
    if (visit_ask(fetch->visit, &request, &answer, error) != VISIT_DONE)
        return false;
    const char *path = strchr((const char *)answer.text.at, '\n');
    if (!path || answer.key.count > ID_MOST)
        return error_set(error, ERROR_READ, "the agent sends nonsense");
    if (!fetch->id_bytes)
        memcpy(fetch->id, answer.key.at, answer.key.count);
    fetch->id_bytes = answer.key.count;
    if (!fetch->name)
        fetch->name = memory_copy_text(path + 1);
    return true;
}

static void lose(struct fetch *fetch)
{
    visit_close(fetch->visit);
    fetch->visit = NULL;
    fetch->breaks++;
    follow_tell_away(fetch->file, true);
}

/* Once; a recording that is another one now does not come back. */
static bool connect_again(struct fetch *fetch, struct error *error)
{
    fetch->visit = visit_open(&fetch->place, &fetch->options->visit, &interrupted, error);
    if (fetch->visit && recording_open(fetch, error))
        return true;
    visit_close(fetch->visit);
    fetch->visit = NULL;
    return false;
}

static void control_answer(void *context, char *request, struct str *out);

static bool reconnect(struct fetch *fetch)
{
    uint64_t until = now_ns() + fetch->options->patience_ns;
    struct error error = {0};
    while (!interrupted) {
        error = (struct error){0};
        if (connect_again(fetch, &error)) {
            follow_tell_away(fetch->file, false);
            return true;
        }
        if (now_ns() >= until)
            return error_set(&fetch->error, ERROR_READ, "the connection broke and did not come back: %s", error.text);
        control_serve(fetch->control, control_answer, fetch);
        usleep(AGAIN_US);
    }
    return false;
}

/* Done, or false: it is over with. A request that was lost is asked again. */
static bool ask(struct fetch *fetch, const struct remote_request *request, struct remote_answer *answer)
{
    while (!interrupted && !fetch->error.kind) {
        struct error error = {0};
        if (!fetch->visit && !reconnect(fetch))
            return false;
        enum visit_end end = visit_ask(fetch->visit, request, answer, &error);
        if (end == VISIT_DONE)
            return true;
        if (end == VISIT_REFUSED)
            fetch->error = error;
        else
            lose(fetch);
    }
    return false;
}

static void bytes_answer(struct fetch *fetch, const char *text, struct str *out)
{
    struct remote_request request = {.kind = REMOTE_MEMORY};
    struct remote_answer answer;
    struct error error = {0};
    if (sscanf(text, "%" SCNu32 " %" SCNx64 " %" SCNu32, &request.pid, &request.offset, &request.count) != 3 || request.count > BYTES_MOST)
        str_add(out, "error: 'bytes' wants the number of a process, an address and a count\n");
    else if (visit_ask(fetch->visit, &request, &answer, &error) != VISIT_DONE)
        str_add_format(out, "error: %s\n", error.text);
    else
        for (size_t i = 0; i < answer.data.count; i++)
            str_add_format(out, "%02x", answer.data.at[i]);
}

static void recorder_answer(struct fetch *fetch, const char *text, struct str *out)
{
    struct remote_request request = {.kind = REMOTE_ASK, .text = {(const uint8_t *)text, strlen(text)}};
    struct remote_answer answer;
    struct error error = {0};
    if (visit_ask(fetch->visit, &request, &answer, &error) != VISIT_DONE)
        str_add_format(out, "error: %s\n", error.text);
    else
        str_add_format(out, "%s" CONTROL_SIZE " %" PRIu64 "\n" CONTROL_CLOCK " %" PRIu64 "\n", (const char *)answer.text.at, answer.size, answer.offset);
}

/* What is asked of the copy is asked of the recorder itself. */
static void control_answer(void *context, char *request, struct str *out)
{
    struct fetch *fetch = context;
    if (!strcmp(request, CONTROL_TRACE))
        str_add(out, "error: it is a copy\n"); /* an agent here shall not offer it */
    else if (!fetch->visit)
        str_add(out, "error: the connection is broken, and tried to be made again\n");
    else if (!strncmp(request, CONTROL_BYTES " ", strlen(CONTROL_BYTES " ")))
        bytes_answer(fetch, request + strlen(CONTROL_BYTES " "), out);
    else
        recorder_answer(fetch, request, out);
}

static long fetch_read(void *context, void *bytes, size_t room)
{
    struct fetch *fetch = context;
    struct remote_answer answer;
    held_write(fetch);
    while (!fetch->is_over && !interrupted && !fetch->error.kind) {
        struct remote_request request = {
            .kind = REMOTE_READ, .offset = fetch->offset, .count = room < REMOTE_DATA_MOST ? (uint32_t)room : REMOTE_DATA_MOST, .wait_ms = WAIT_MS};
        control_serve(fetch->control, control_answer, fetch);
        if (!ask(fetch, &request, &answer))
            break;
        size_t count = answer.data.count < room ? answer.data.count : room;
        fetch->is_over = !count && !(answer.flags & REMOTE_WRITTEN);
        if (!count)
            continue;
        memcpy(bytes, answer.data.at, count);
        vec_reserve(&fetch->held, count);
        memcpy(fetch->held.at, answer.data.at, count);
        fetch->held.count = count;
        fetch->offset += count;
        return (long)count;
    }
    return 0;
}

/* The copy is read while it comes, for the modules that it names. What cannot be read is copied all the same. */
static void trace_copy(struct fetch *fetch)
{
    uint8_t rest[4096];
    struct error ignored = {0};
    struct event event;
    struct trace_reader *reader = fetch->options->no_modules ? NULL : trace_open_stream(fetch_read, fetch, fetch->path, &ignored);
    while (reader && trace_next(reader, &event, &ignored))
        while (event.kind == EVENT_MODULE && !interrupted && fetch->visit && !module_copies_see(&fetch->modules, fetch->visit, event.define)) {
            lose(fetch);
            reconnect(fetch);
        }
    if (reader)
        trace_close(reader);
    while (fetch_read(fetch, rest, sizeof rest) > 0)
        continue;
    held_write(fetch);
}

static char *output_name(const struct fetch *fetch)
{
    struct str name = {0};
    const char *base = strrchr(fetch->name, '/');
    base = base ? base + 1 : fetch->name;
    size_t count = strlen(base);
    bool has_ending = count > 5 && !strcmp(base + count - 5, ".htrc");
    str_add_format(&name, "%s%s", *base && *base != '.' ? base : "fetched", has_ending ? "" : ".htrc");
    return name.at;
}

static bool copy_open(struct fetch *fetch, struct error *error)
{
    const struct fetch_options *options = fetch->options;
    struct str folder = {0};
    fetch->path = options->output ? memory_copy_text(options->output) : output_name(fetch);
    str_add_format(&folder, "%s.modules", fetch->path);
    fetch->modules.folder = folder.at;
    if (!options->force && !access(fetch->path, F_OK))
        return error_set(error, ERROR_WRITE, "'%s' is there already; --force replaces it", fetch->path);
    if (!options->no_modules)
        mkdir(fetch->modules.folder, 0777); /* before the file: who reads it looks for it once */
    fetch->file = open(fetch->path, O_WRONLY | O_CREAT | O_CLOEXEC | (options->force ? O_TRUNC : O_EXCL), 0666);
    if (fetch->file < 0)
        return error_set_errno(error, ERROR_WRITE, "the copy %s cannot be made", fetch->path);
    follow_hold(fetch->file);
    return true;
}

static void fetch_say(const struct fetch *fetch)
{
    char bytes[NUMBER_ROOM], more[NUMBER_ROOM], count[NUMBER_ROOM], breaks[NUMBER_ROOM];
    struct str text = {0};
    utf8_add_clean(&text, fetch->path);
    if (fetch->modules.missing)
        fprintf(stderr, "heaptracer: note: %s module%s could not be copied, functions in them have no names; %s\n", number_count(count, fetch->modules.missing),
                fetch->modules.missing == 1 ? "" : "s", fetch->modules.why.text);
    if (!fetch->options->quiet)
        fprintf(stderr, "heaptracer: %s  %s%s, %s modules (%s) beside it, connection broke %s times\n  next: heaptracer analyze %s\n", str_text(&text),
                number_bytes(bytes, fetch->offset), fetch->is_over ? "" : " so far", number_count(count, fetch->modules.copies), number_bytes(more, fetch->modules.bytes),
                number_count(breaks, fetch->breaks), str_text(&text));
    str_done(&text);
}

static void signals_set(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static void fetch_run(struct fetch *fetch, struct error *error)
{
    if (!recording_open(fetch, error) || !copy_open(fetch, error))
        return;
    fetch->control = control_open(getpid());
    trace_copy(fetch);
    if (fetch->control >= 0)
        close(fetch->control);
    rmdir(fetch->modules.folder); /* where nothing is in it */
    if (fetch->error.kind)
        *error = fetch->error;
    else
        fetch_say(fetch);
}

enum { NAME, PROCESS, BYTES, STATE, PATH, COLUMNS };
static const struct column columns[] = {
    [NAME] = {"name", "Name", "", "what stands behind the slash of agent:HOST:PORT/NAME", COLUMN_TEXT},
    [PROCESS] = {"pid", "PID", "", "the number of the process, which names it too; 0: it has ended", COLUMN_COUNT},
    [BYTES] = {"bytes", "Size", "", "of the trace so far", COLUMN_BYTES},
    [STATE] = {"state", "State", "", "runs or ended", COLUMN_TEXT},
    [PATH] = {"path", "Path", "", "of the trace on the other machine", COLUMN_TEXT},
};

static bool rows_get(struct visit *visit, struct table *table, struct error *error)
{
    struct remote_answer answer;
    for (uint64_t i = 0;; i++) {
        if (visit_ask(visit, &(struct remote_request){.kind = REMOTE_LIST, .offset = i}, &answer, error) != VISIT_DONE)
            return false;
        if (answer.flags & REMOTE_NO_MORE)
            return true;
        const char *text = (const char *)answer.text.at, *path = strchrnul(text, '\n');
        union cell *row = table_row(table);
        row[NAME].text = table_text(table, "%.*s", (int)(path - text), text);
        row[PROCESS].u = answer.pid;
        row[BYTES].u = answer.size;
        row[STATE].text = answer.flags & REMOTE_WRITTEN ? "runs" : "ended";
        row[PATH].text = table_text(table, "%s", *path ? path + 1 : "");
    }
}

static void list_show(struct fetch *fetch, struct error *error)
{
    struct page_options options = {.json = fetch->options->json, .no_pager = true};
    struct table table;
    struct page page;
    table_init(&table, "recordings", "Recordings", "What the agent offers.", TABLE_ROWS, columns, COLUMNS);
    if (rows_get(fetch->visit, &table, error) && page_open(&page, &options, NULL, error)) {
        page_start(&page, NULL, NULL);
        page_table(&page, &table, table.row_count, error);
        page_close(&page, NULL, error);
    }
    table_done(&table);
}

int cmd_fetch(int argc, char **argv)
{
    struct fetch_options options = {.patience_ns = 60 * 1000000000ull};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_fetch_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    struct fetch fetch = {.options = &options, .file = -1, .control = -1};
    signals_set();
    if (agent_place_parse(&fetch.place, words.at[0], &error) && (fetch.visit = visit_open(&fetch.place, &options.visit, &interrupted, &error))) {
        if (options.list)
            list_show(&fetch, &error);
        else
            fetch_run(&fetch, &error);
    }
    visit_close(fetch.visit);
    if (fetch.file >= 0)
        close(fetch.file);
    vec_done(&fetch.held);
    module_copies_done(&fetch.modules);
    agent_place_done(&fetch.place);
    memory_free(fetch.name);
    memory_free(fetch.path);
    opt_words_done(&words);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}
