/* listen: in the line of a firmware, out its trace, written while it comes. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "device_trace.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/device/log_names.h"
#include "host/launch/control.h"
#include "host/remote/protocol.h"
#include "host/source/cable.h"
#include "listen.h"

struct listen_values {
    const char *output, *elf;
    uint64_t duration_ns;
    bool force, quiet, log, start, stop, snapshot, mark, mute;
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
    {OPT_FLAG, 0, "mute", offsetof(struct listen_values, mute), NULL, "do not ask it to tell its names and stacks again when some were lost", NULL, NULL, NULL},
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
static const uint64_t SECOND_NS = 1000000000, ATTEND_NS = 80000000, PROGRESS_NS = 200000000, RESYNC_NS = 1000000000;

struct listener {
    const struct listen_values *values;
    struct cable *cable;
    struct device_trace trace;
    uint64_t begin_ns, flushed_ns, attended_ns, shown_ns, opened_ns;
    uint64_t flushed_events, resynced; /* resynced: what was missing when the device was asked to begin an epoch */
    int control;
    bool is_terminal, is_shown, has_asked;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
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

static void log_print(void *context, const char *text, size_t count)
{
    struct str raw = {0}, clean = {0};
    (void)context;
    str_add_bytes(&raw, text, count);
    log_names_clean(&clean, str_text(&raw));
    puts(str_text(&clean));
    fflush(stdout);
    str_done(&raw);
    str_done(&clean);
}

static bool control_send(struct listener *listener, uint8_t control)
{
    return cable_write(listener->cable, &control, 1);
}

/* A device that is heard but did not introduce itself, or whose stacks were lost, shall tell all of that again. */
static void device_resync(struct listener *listener, uint64_t now)
{
    const struct receiver_counts *counts = &listener->trace.receiver.counts;
    uint64_t unknown = counts->strange + counts->lost_frames;
    if (listener->values->mute || unknown == listener->resynced || now - listener->opened_ns < RESYNC_NS)
        return;
    listener->resynced = unknown;
    listener->opened_ns = now;
    control_send(listener, HT_CONTROL_RESYNC);
}

/* Asked of the device once it is known that it listens in our tongue. */
static void device_ask(struct listener *listener, uint64_t now)
{
    bool is_known = listener->trace.receiver.twin.has_begun;
    device_resync(listener, now);
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
    const struct receiver *receiver = &listener->trace.receiver;
    if (!listener->is_terminal || listener->values->quiet || now - listener->shown_ns < PROGRESS_NS)
        return;
    listener->shown_ns = now;
    listener->is_shown = true;
    fprintf(stderr, "\r\033[Klistening: %s events, %s, %s live blocks, %s events lost; Ctrl-C ends", number_count(events, receiver->twin.events),
            number_bytes(bytes, receiver->counts.bytes), number_count(blocks, receiver->twin.live.count), number_count(lost, receiver->counts.lost_events));
}

/* "0 20006000 64": the board answers in its stream. */
static void bytes_ask(struct listener *listener, const char *text, struct str *out)
{
    uint8_t order[1 + HT_CONTROL_DUMP_BYTES - 1] = {HT_CONTROL_DUMP}, check = HT_CONTROL_DUMP;
    uint64_t address;
    unsigned count;
    if (!text || sscanf(text, "%*u %" SCNx64 " %u", &address, &count) != 2 || count > UINT16_MAX) {
        str_add(out, "error: 'bytes' wants an address and a count below 65536\n");
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        order[1 + i] = (uint8_t)(address >> 8 * i);
    order[9] = (uint8_t)count;
    order[10] = (uint8_t)(count >> 8);
    for (unsigned i = 1; i <= 10; i++)
        check ^= order[i];
    order[11] = check;
    if (!cable_write(listener->cable, order, sizeof order))
        str_add(out, "error: the line has no way back\n");
}

static void control_answer(void *context, char *request, struct str *out)
{
    struct listener *listener = context;
    struct twin *twin = &listener->trace.receiver.twin;
    char *label = strchr(request, ' ');
    if (label)
        *label++ = 0;
    if (!strcmp(request, "start") || !strcmp(request, "stop")) {
        if (!control_send(listener, request[2] == 'a' ? HT_CONTROL_START : HT_CONTROL_STOP))
            str_add(out, "error: the line has no way back\n");
    } else if (!strcmp(request, "snapshot")) {
        if (!control_send(listener, HT_CONTROL_SNAPSHOT))
            str_add(out, "error: the line has no way back\n");
    } else if (!strcmp(request, CONTROL_BYTES)) {
        bytes_ask(listener, label, out);
    } else if (!strcmp(request, "mark") && label && twin->has_begun) {
        struct event event = twin_event(twin, EVENT_MARK);
        event.define = label;
        twin_emit(twin, event);
    } else if (!strcmp(request, CONTROL_TRACE) && listener->trace.writer) {
        control_tell_trace(listener->trace.output, getpid(), out);
    } else if (!strcmp(request, "flush") && listener->trace.writer) {
        trace_writer_flush(listener->trace.writer);
    } else if (strcmp(request, "status")) {
        str_add_format(out, "error: '%s' cannot be done now\n", request);
    }
    if (!out->count)
        str_add_format(out, "%s\nevents %llu\nlost %llu\n", twin->has_begun ? twin->is_tracking ? "recording" : "paused" : "waiting", (unsigned long long)twin->events,
                       (unsigned long long)listener->trace.receiver.counts.lost_events);
}

/* What needs no haste: it is done at each wait. */
static void keep_house(struct listener *listener, uint64_t now)
{
    if (listener->trace.receiver.twin.note.count) {
        progress_clear(listener);
        device_trace_notes(&listener->trace);
    }
    device_ask(listener, now);
    control_serve(listener->control, control_answer, listener);
    progress_show(listener, now);
    if (listener->trace.writer && now - listener->attended_ns >= ATTEND_NS) {
        listener->attended_ns = now;
        trace_writer_attend(listener->trace.writer);
    }
    if (!listener->trace.writer || now - listener->flushed_ns < SECOND_NS || listener->flushed_events == listener->trace.receiver.twin.events)
        return;
    listener->flushed_ns = now;
    listener->flushed_events = listener->trace.receiver.twin.events;
    trace_writer_flush(listener->trace.writer);
    if (trace_writer_failed(listener->trace.writer))
        interrupted = 1;
}

/* False when it is over. */
static bool listener_round(struct listener *listener, int wait_ms)
{
    uint8_t bytes[READ_BYTES];
    size_t count;
    enum cable_news news = cable_read(listener->cable, bytes, sizeof bytes, &count, wait_ms);
    uint64_t now = now_ns() - listener->begin_ns;
    bool is_live = cable_goes_back(listener->cable);
    listener->trace.receiver.now_ns = is_live ? now : 0;
    if (news == CABLE_BYTES && !listener->trace.receiver.counts.bytes && remote_is_agent(bytes, count))
        error_set(&listener->trace.receiver.error, ERROR_READ, "%s is no board: " LISTEN_FOUND_AGENT "; write agent: instead of tcp:", cable_name(listener->cable));
    else if (news == CABLE_BYTES)
        receiver_put(&listener->trace.receiver, bytes, count);
    if (news == CABLE_OPENED)
        opened(listener, now);
    if (news == CABLE_GONE)
        say(listener, " went away; waiting for it to come back");
    if (listener->trace.writer && (news == CABLE_OPENED || news == CABLE_GONE))
        trace_writer_tell_away(listener->trace.writer, news == CABLE_GONE);
    keep_house(listener, now);
    return news != CABLE_END && !listener->trace.receiver.error.kind;
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
    for (uint64_t until = now_ns() + PATIENCE_MS * 1000000ull; now_ns() < until && listener_round(listener, WAIT_MS);)
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
    listener->begin_ns = now_ns();
    listener->trace.receiver.twin.start_unix_ns = now_of(CLOCK_REALTIME);
    listener->is_terminal = isatty(STDERR_FILENO);
    listener->control = control_open(getpid());
    uint64_t duration = listener->values->duration_ns;
    while (!interrupted && listener_round(listener, WAIT_MS))
        if (duration && now_ns() - listener->begin_ns >= duration)
            break;
    listener_stop(listener);
    progress_clear(listener);
    if (listener->control >= 0)
        close(listener->control);
}

static void nothing_heard(const struct listener *listener, struct error *error)
{
    char bytes[NUMBER_ROOM];
    const char *name = cable_name(listener->cable);
    if (!listener->trace.receiver.counts.bytes)
        error_set(error, ERROR_READ, "nothing came from %s: is the device connected, and does its firmware call ht_start and ht_pump?", name);
    else
        error_set(error, ERROR_READ, "%s came from %s, but no HELLO of a traced firmware: is it the right line%s?",
                  number_bytes(bytes, listener->trace.receiver.counts.bytes), name, strncmp(name, "serial:", 7) ? "" : " and baud rate");
}

static void listen_to(struct listener *listener, const char *source, struct error *error)
{
    const struct listen_values *values = listener->values;
    listener->cable = cable_open(source, error);
    if (!listener->cable)
        return;
    listener->trace.receiver.splitter.say = values->log ? log_print : NULL;
    listener_run(listener);
    bool is_heard = listener->trace.writer || listener->trace.receiver.error.kind;
    if (device_trace_close(&listener->trace, error) && !is_heard)
        nothing_heard(listener, error);
    cable_close(listener->cable);
}

int cmd_listen(int argc, char **argv)
{
    struct listen_values values = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_listen_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    struct error error = {0};
    struct listener *listener = memory_new(1, sizeof *listener);
    listener->values = &values;
    listener->trace.may_replace = values.force;
    listener->trace.is_quiet = values.quiet;
    if (device_trace_open(&listener->trace, values.elf, values.output, values.elf ? values.elf : "firmware", words.at[0], &error) &&
        device_trace_may_write(&listener->trace, &error))
        listen_to(listener, words.at[0], &error);
    device_trace_done(&listener->trace);
    memory_free(listener);
    opt_words_done(&words);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}
