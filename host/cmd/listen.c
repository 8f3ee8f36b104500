/* listen: in the line of a firmware, out its trace, written while it comes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/device/receiver.h"
#include "host/launch/control.h"
#include "host/source/cable.h"
#include "host/trace/writer.h"

struct listen_values {
    const char *output, *elf;
    uint64_t duration_ns;
    bool force, quiet, log, start, stop, snapshot, mark;
};

static const struct opt listen_options[] = {
    {OPT_TEXT, 'o', "output", offsetof(struct listen_values, output), "FILE", "the trace", "the ELF file's name with .htrc, in this folder", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct listen_values, force), NULL, "replace a trace that is there", NULL, NULL, NULL},
    {OPT_TEXT, 'e', "elf", offsetof(struct listen_values, elf), "FILE", "the firmware as the linker wrote it: names, lines and texts are read from it", NULL, NULL,
     NULL},
    {OPT_TIME, 'd', "duration", offsetof(struct listen_values, duration_ns), "TIME", "end after so long", "until Ctrl-C, or the end of a file", NULL, NULL},
    {OPT_FLAG, 'l', "log", offsetof(struct listen_values, log), NULL, "print what the device says beside its frames", NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct listen_values, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What is asked of the device, where the line has a way back", NULL, NULL, NULL},
    {OPT_FLAG, 0, "start", offsetof(struct listen_values, start), NULL, "start recording when the line is open", NULL, NULL, NULL},
    {OPT_FLAG, 0, "snapshot", offsetof(struct listen_values, snapshot), NULL, "tell all live blocks once it is heard", NULL, NULL, NULL},
    {OPT_FLAG, 0, "mark", offsetof(struct listen_values, mark), NULL, "put a mark into its stream once it is heard", NULL, NULL, NULL},
    {OPT_FLAG, 0, "stop", offsetof(struct listen_values, stop), NULL, "stop recording at the end", NULL, NULL, NULL},
    {0},
};

static const struct opt_example listen_examples[] = {
    {"heaptracer listen serial:/dev/ttyUSB0,115200 --elf build/app.elf", "until Ctrl-C, into app.htrc"},
    {"heaptracer listen tcp:localhost:4321 --elf app.elf -d 30s --snapshot", "half a minute of a firmware in QEMU, with what lived before"},
    {"heaptracer listen udp:0.0.0.0:5555 --elf app.elf", "datagrams of a device in the network"},
    {0},
};

const struct opt_command cmd_listen_table = {
    .name = "heaptracer listen",
    .usage = "[options] SOURCE",
    .about = "Record a firmware over a serial line, a socket or from a file",
    .manual = "SOURCE is the line that the firmware's sink writes to:\n\n"
              "serial:DEVICE,BAUD: a serial port, raw, 8 bits; without BAUD 115200.\n\n"
              "tcp:HOST:PORT, unix:PATH: connects; tcp-listen:PORT, unix-listen:PATH: waits for the device to connect.\n\n"
              "udp:PORT: datagrams; of several senders the first one is heard until it has been silent for two seconds.\n\n"
              "file:PATH, - (standard input): what was captured; ends with it.\n\n"
              "A port of one's own is bound to 127.0.0.1; udp:ADDRESS:PORT and tcp-listen:ADDRESS:PORT say another address. A line that goes away is waited for. "
              "Texts between the frames (a log on the same line) do no harm; --log prints them.\n\n"
              "What the line lost is counted, and shown as gaps: an event behind a loss is right, but may have no stack until the device tells its stacks anew. A device "
              "that restarts is another process of the trace. 'heaptracer ctl PID status|start|stop|flush|mark LABEL' steers it from elsewhere; PID is the listener's.",
    .options = listen_options,
    .examples = listen_examples,
    .see_also = "heaptracer decode, heaptracer analyze, heaptracer ctl",
    .least_words = 1,
    .most_words = 1,
};

enum { WAIT_MS = 50, READ_BYTES = 16384, PATIENCE_MS = 300 };
static const uint64_t SECOND_NS = 1000000000, PROGRESS_NS = 200000000, RESYNC_NS = 1000000000;

struct listener {
    const struct listen_values *values;
    struct cable *cable;
    struct flash *flash;
    struct trace_writer *writer;
    struct receiver receiver;
    char *output;
    uint64_t begin_ns, flushed_ns, shown_ns, opened_ns;
    uint64_t flushed_events;
    int control;
    bool is_terminal, is_shown, has_asked;
    struct error error;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static uint64_t clock_read(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void progress_clear(struct listener *listener)
{
    if (listener->is_shown)
        fputs("\r\033[K", stderr);
    listener->is_shown = false;
}

static void say(struct listener *listener, const char *what)
{
    if (listener->values->quiet)
        return;
    progress_clear(listener);
    fprintf(stderr, "heaptracer: %s%s\n", cable_name(listener->cable), what);
}

static void notes_say(struct listener *listener)
{
    struct str *note = &listener->receiver.twin.note;
    const char *line = str_text(note);
    for (size_t bytes; *line; line += bytes + 1) {
        bytes = strcspn(line, "\n");
        progress_clear(listener);
        if (!listener->values->quiet)
            fprintf(stderr, "heaptracer: note: %.*s\n", (int)bytes, line);
    }
    str_clear(note);
}

static void log_print(void *context, const char *text, size_t count)
{
    struct receiver *receiver = context;
    (void)receiver;
    struct str raw = {0}, clean = {0};
    str_add_bytes(&raw, text, count);
    utf8_add_clean(&clean, str_text(&raw));
    puts(str_text(&clean));
    fflush(stdout);
    str_done(&raw);
    str_done(&clean);
}

static bool writer_begin(void *context, const struct trace_header *header, struct error *error)
{
    struct listener *listener = context;
    struct trace_writer_config config = {.path = listener->output, .replace = listener->values->force, .header = *header};
    listener->writer = trace_writer_new(&config, error);
    return listener->writer != NULL;
}

static void writer_put(void *context, const struct event *event)
{
    trace_writer_put(((struct listener *)context)->writer, event, 1);
}

static bool control_send(struct listener *listener, uint8_t control)
{
    return cable_write(listener->cable, &control, 1);
}

/* Asked of the device once it is known that it listens in our tongue; of one that is heard but has not introduced itself, to do so. */
static void device_ask(struct listener *listener, uint64_t now)
{
    bool is_known = listener->receiver.twin.has_begun;
    if (!is_known && listener->receiver.counts.strange && now - listener->opened_ns > RESYNC_NS) {
        control_send(listener, HT_CONTROL_RESYNC);
        listener->opened_ns = now;
    }
    if (!is_known || listener->has_asked)
        return;
    listener->has_asked = true;
    bool sent = !listener->values->snapshot || control_send(listener, HT_CONTROL_SNAPSHOT);
    sent = (!listener->values->mark || control_send(listener, HT_CONTROL_MARK)) && sent;
    if (!sent)
        say(listener, ": it has no way back, the device cannot be asked");
}

static void opened(struct listener *listener, uint64_t now)
{
    listener->opened_ns = now;
    listener->has_asked = false;
    if (listener->values->start && !control_send(listener, HT_CONTROL_START))
        say(listener, ": it has no way back, the device cannot be started from here");
}

static void progress_show(struct listener *listener, uint64_t now)
{
    char events[NUMBER_ROOM], bytes[NUMBER_ROOM], blocks[NUMBER_ROOM], lost[NUMBER_ROOM];
    const struct receiver *receiver = &listener->receiver;
    if (!listener->is_terminal || listener->values->quiet || now - listener->shown_ns < PROGRESS_NS)
        return;
    listener->shown_ns = now;
    listener->is_shown = true;
    fprintf(stderr, "\r\033[Klistening: %s events, %s, %s live blocks, %s events lost; Ctrl-C ends", number_count(events, receiver->twin.events),
            number_bytes(bytes, receiver->counts.bytes), number_count(blocks, receiver->twin.live.count), number_count(lost, receiver->counts.lost_events));
}

static void control_answer(void *context, char *request, struct str *out)
{
    struct listener *listener = context;
    struct twin *twin = &listener->receiver.twin;
    char *label = strchr(request, ' ');
    if (label)
        *label++ = 0;
    if (!strcmp(request, "start") || !strcmp(request, "stop")) {
        if (!control_send(listener, request[2] == 'a' ? HT_CONTROL_START : HT_CONTROL_STOP))
            str_add(out, "error: the line has no way back\n");
    } else if (!strcmp(request, "mark") && label && twin->has_begun) {
        struct event event = twin_event(twin, EVENT_MARK);
        event.define = label;
        twin_emit(twin, event);
    } else if (!strcmp(request, "flush") && listener->writer) {
        trace_writer_flush(listener->writer);
    } else if (strcmp(request, "status")) {
        str_add_format(out, "error: '%s' cannot be done now\n", request);
    }
    if (!out->count)
        str_add_format(out, "%s\nevents %llu\nlost %llu\n", twin->has_begun ? twin->is_tracking ? "recording" : "paused" : "waiting", (unsigned long long)twin->events,
                       (unsigned long long)listener->receiver.counts.lost_events);
}

/* What needs no haste: it is done at each wait. */
static void keep_house(struct listener *listener, uint64_t now)
{
    notes_say(listener);
    device_ask(listener, now);
    control_serve(listener->control, control_answer, listener);
    progress_show(listener, now);
    if (!listener->writer || now - listener->flushed_ns < SECOND_NS || listener->flushed_events == listener->receiver.twin.events)
        return;
    listener->flushed_ns = now;
    listener->flushed_events = listener->receiver.twin.events;
    trace_writer_flush(listener->writer);
    if (trace_writer_failed(listener->writer))
        interrupted = 1;
}

/* False when it is over. */
static bool listener_round(struct listener *listener, int wait_ms)
{
    uint8_t bytes[READ_BYTES];
    size_t count;
    enum cable_news news = cable_read(listener->cable, bytes, sizeof bytes, &count, wait_ms);
    uint64_t now = clock_read(CLOCK_MONOTONIC) - listener->begin_ns;
    bool is_live = cable_goes_back(listener->cable);
    listener->receiver.now_ns = is_live ? now : 0;
    if (news == CABLE_BYTES)
        receiver_put(&listener->receiver, bytes, count);
    if (news == CABLE_OPENED)
        opened(listener, now);
    if (news == CABLE_GONE)
        say(listener, " went away; waiting for it to come back");
    keep_house(listener, now);
    return news != CABLE_END && !listener->receiver.error.kind;
}

/* The answer to what is sent last is waited for. */
static void listener_stop(struct listener *listener)
{
    if (!listener->values->stop)
        return;
    if (!control_send(listener, HT_CONTROL_STOP)) {
        say(listener, ": it has no way back, the device was not stopped");
        return;
    }
    for (uint64_t until = clock_read(CLOCK_MONOTONIC) + PATIENCE_MS * 1000000ull; clock_read(CLOCK_MONOTONIC) < until && listener_round(listener, WAIT_MS);)
        ;
}

static void listener_run(struct listener *listener)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    listener->begin_ns = clock_read(CLOCK_MONOTONIC);
    listener->receiver.twin.start_unix_ns = clock_read(CLOCK_REALTIME);
    listener->is_terminal = isatty(STDERR_FILENO);
    listener->control = control_open(getpid());
    uint64_t duration = listener->values->duration_ns;
    while (!interrupted && listener_round(listener, WAIT_MS))
        if (duration && clock_read(CLOCK_MONOTONIC) - listener->begin_ns >= duration)
            break;
    listener_stop(listener);
    receiver_end(&listener->receiver);
    notes_say(listener);
    progress_clear(listener);
    if (listener->control >= 0)
        close(listener->control);
}

static void loss_add(struct str *out, const struct receiver *receiver)
{
    char number[NUMBER_ROOM], other[NUMBER_ROOM];
    const struct receiver_counts *counts = &receiver->counts;
    uint64_t dropped = receiver->twin.cost[HT_COST_DROPPED];
    if (counts->restarts)
        str_add_format(out, ", %s restart%s", number_count(number, counts->restarts), counts->restarts == 1 ? "" : "s");
    if (counts->lost_events || counts->lost_frames)
        str_add_format(out, ", %s events lost on the line (%s frames)", number_count(number, counts->lost_events), number_count(other, counts->lost_frames));
    if (dropped)
        str_add_format(out, ", %s dropped by the device", number_count(number, dropped));
    if (receiver->splitter.broken)
        str_add_format(out, ", %s pieces broken", number_count(number, receiver->splitter.broken));
    if (counts->repeated)
        str_add_format(out, ", %s frames repeated or late", number_count(number, counts->repeated));
}

static void summary_say(const struct listener *listener, const struct trace_totals *totals)
{
    struct str out = {0};
    char events[NUMBER_ROOM], time[NUMBER_ROOM], peak[NUMBER_ROOM], count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    str_add(&out, "heaptracer: ");
    utf8_add_clean(&out, listener->output);
    str_add_format(&out, "  %s events, %s, peak %s, %s blocks (%s) not freed", number_count(events, totals->events), number_duration(time, totals->duration_ns),
                   number_bytes(peak, totals->peak_bytes), number_count(count, totals->leaked_count), number_bytes(bytes, totals->leaked_bytes));
    loss_add(&out, &listener->receiver);
    str_add(&out, "\n  next: heaptracer analyze ");
    utf8_add_clean(&out, listener->output);
    str_add(&out, "\n");
    fputs(str_text(&out), stderr);
    str_done(&out);
}

static int nothing_heard(const struct listener *listener)
{
    char bytes[NUMBER_ROOM];
    struct error error = {0};
    if (!listener->receiver.counts.bytes)
        error_set(&error, ERROR_READ, "nothing came from %s: is the device connected, and does its firmware call ht_start and ht_pump?", cable_name(listener->cable));
    else
        error_set(&error, ERROR_READ, "%s came from %s, but no HELLO of a traced firmware: is it the right line%s?", number_bytes(bytes, listener->receiver.counts.bytes),
                  cable_name(listener->cable), strncmp(cable_name(listener->cable), "serial:", 7) ? "" : " and baud rate");
    return cmd_fail(&error);
}

static int listener_end(struct listener *listener)
{
    struct error error = {0};
    struct trace_totals totals;
    const struct receiver *receiver = &listener->receiver;
    struct cost_definition cost = {.events = receiver->twin.events,
                                   .lost_events = receiver->counts.lost_events + receiver->twin.cost[HT_COST_DROPPED],
                                   .truncated_stacks = receiver->twin.cut_stacks,
                                   .recorder_cpu_ns = clock_read(CLOCK_PROCESS_CPUTIME_ID),
                                   .raw_bytes = receiver->counts.bytes,
                                   .clock_ticks_per_s = receiver->twin.ticks_per_s};
    if (!listener->writer)
        return receiver->error.kind ? cmd_fail(&receiver->error) : nothing_heard(listener);
    if (!trace_writer_close(listener->writer, &cost, &totals, &error))
        return cmd_fail(&error);
    if (!listener->values->quiet)
        summary_say(listener, &totals);
    return receiver->error.kind ? cmd_fail(&receiver->error) : CMD_DONE;
}

static bool output_choose(struct listener *listener, struct error *error)
{
    struct str name = {0};
    const char *elf = listener->values->elf ? listener->values->elf : "firmware", *slash = strrchr(elf, '/');
    elf = slash ? slash + 1 : elf;
    size_t count = strlen(elf);
    if (count > 4 && !strcmp(elf + count - 4, ".elf"))
        count -= 4;
    if (listener->values->output)
        str_add(&name, listener->values->output);
    else
        str_add_format(&name, "%.*s.htrc", (int)count, elf);
    listener->output = name.at;
    return listener->values->force || access(listener->output, F_OK) ||
           error_set(error, ERROR_WRITE, "'%s' is there already; --force replaces it", listener->output);
}

static int listen_to(const struct listen_values *values, const char *source)
{
    struct error error = {0};
    struct listener *listener = memory_new(1, sizeof *listener);
    struct twin_sink sink = {writer_begin, writer_put, listener};
    int exit_code;
    listener->values = values;
    listener->control = -1;
    bool good = output_choose(listener, &error) && (!values->elf || (listener->flash = flash_open(values->elf, &error)));
    good = good && (listener->cable = cable_open(source, &error));
    if (good) {
        receiver_init(&listener->receiver, &sink, listener->flash, source);
        listener->receiver.splitter.say = values->log ? log_print : NULL;
        listener_run(listener);
        exit_code = listener_end(listener);
        receiver_done(&listener->receiver);
        cable_close(listener->cable);
    } else {
        exit_code = cmd_fail(&error);
    }
    flash_close(listener->flash);
    memory_free(listener->output);
    memory_free(listener);
    return exit_code;
}

int cmd_listen(int argc, char **argv)
{
    struct listen_values values = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_listen_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = listen_to(&values, words.at[0]);
    opt_words_done(&words);
    return exit_code;
}
