/* attendant: a viewer asks for each piece, so one that is slow or dead makes nobody wait: there is nothing here that could fill. The trace's file is the buffer. */
#include "attendant.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/base/now.h"
#include "host/launch/control.h"
#include "host/symbol/locate.h"
#include "host/trace/follow.h"
#include "process_memory.h"

enum { ID_NUMBERS = 4, BUILD_ID_LEAST = 8, WAIT_MOST_MS = 2000, LOOK_MS = 20 };
static const uint64_t MILLISECOND_NS = 1000000, GREETING_NS = 10 * 1000000000ull, IDLE_NS = 60 * 1000000000ull, MESSAGE_NS = 30 * 1000000000ull;
static const off_t MODULE_MOST = 256 << 20;

struct attendant {
    const struct attendant_config *config;
    struct link *link;
    int file;              /* the trace's; -1: none is open */
    struct follow *follow; /* so that its recorder knows that somebody reads */
    pid_t pid;             /* of the recording that is open */
    uint64_t id[ID_NUMBERS];
    int module;
    uint8_t module_id[BUILD_ID_BYTES];
    struct remote_answer answer;
    struct str text;
    uint8_t data[REMOTE_DATA_MOST];
};

static void refuse(struct attendant *attendant, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct attendant *attendant, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    str_clear(&attendant->text);
    str_add_values(&attendant->text, format, values);
    va_end(values);
    attendant->answer.flags |= REMOTE_REFUSED;
}

static const char *text_of(const struct remote_request *request, char text[REMOTE_TEXT_MOST + 1])
{
    memcpy(text, request->text.at, request->text.count);
    text[request->text.count] = 0;
    return text;
}

static void list_answer(struct attendant *attendant, const struct remote_request *request)
{
    struct offers *offers = attendant->config->offers;
    struct stat status;
    if (!request->offset)
        offers_refresh(offers);
    if (request->offset >= offers->list.count) {
        attendant->answer.flags |= REMOTE_NO_MORE;
        return;
    }
    const struct offer *offer = offers->list.at + request->offset;
    attendant->answer.pid = (uint32_t)offer->pid;
    attendant->answer.flags |= offer->pid ? REMOTE_WRITTEN : 0;
    attendant->answer.size = stat(offer->path, &status) ? 0 : (uint64_t)status.st_size;
    str_add_format(&attendant->text, "%s\n%s", offer->name, offer->path);
}

static void trace_close_file(struct attendant *attendant)
{
    if (attendant->file >= 0)
        close(attendant->file);
    follow_close(attendant->follow);
    attendant->file = -1;
    attendant->follow = NULL;
}

/* Another file under the same name has another. */
static void id_make(struct attendant *attendant, int file)
{
    struct statx status = {0};
    statx(file, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status);
    attendant->id[0] = makedev(status.stx_dev_major, status.stx_dev_minor);
    attendant->id[1] = status.stx_ino;
    attendant->id[2] = (uint64_t)status.stx_btime.tv_sec;
    attendant->id[3] = status.stx_btime.tv_nsec;
}

static bool nobody_waits(void *context)
{
    (void)context;
    return false;
}

static void open_answer(struct attendant *attendant, const struct remote_request *request)
{
    char name[REMOTE_TEXT_MOST + 1];
    struct error error = {0};
    offers_refresh(attendant->config->offers);
    const struct offer *offer = offers_find(attendant->config->offers, text_of(request, name), &error);
    trace_close_file(attendant);
    if (offer) {
        attendant->follow = follow_open(&(struct follow_config){offer->path, nobody_waits, NULL}, &error);
        attendant->file = attendant->follow ? open(offer->path, O_RDONLY | O_CLOEXEC) : -1;
    }
    if (attendant->file < 0) {
        refuse(attendant, "%s", error.kind ? error.text : "the trace cannot be opened");
        return;
    }
    id_make(attendant, attendant->file);
    if (request->key.count && (request->key.count != sizeof attendant->id || memcmp(request->key.at, attendant->id, sizeof attendant->id))) {
        trace_close_file(attendant);
        refuse(attendant, "the recording %s is another one now", offer->name);
        return;
    }
    attendant->pid = offer->pid;
    attendant->answer.pid = (uint32_t)offer->pid;
    attendant->answer.flags |= offer->pid ? REMOTE_WRITTEN : 0;
    attendant->answer.key = (struct remote_bytes){(const uint8_t *)attendant->id, sizeof attendant->id};
    str_add_format(&attendant->text, "%s\n%s", offer->name, offer->path);
}

static void read_answer(struct attendant *attendant, const struct remote_request *request)
{
    struct stat status = {0};
    uint64_t until = now_ns() + (request->wait_ms < WAIT_MOST_MS ? request->wait_ms : WAIT_MOST_MS) * MILLISECOND_NS;
    if (attendant->file < 0) {
        refuse(attendant, "no recording is open");
        return;
    }
    for (;;) {
        bool is_written = follow_is_written(attendant->follow); /* asked first, so that what was written last is read */
        ssize_t got = pread(attendant->file, attendant->data, request->count, (off_t)(request->offset & INT64_MAX));
        attendant->answer.flags = is_written ? REMOTE_WRITTEN : 0;
        attendant->answer.data = (struct remote_bytes){attendant->data, got > 0 ? (size_t)got : 0};
        if (got < 0)
            refuse(attendant, "the trace cannot be read: %s", strerror(errno));
        if (got || !is_written || now_ns() >= until || *attendant->config->interrupted)
            break;
        usleep(LOOK_MS * 1000);
    }
    fstat(attendant->file, &status);
    attendant->answer.offset = request->offset;
    attendant->answer.size = (uint64_t)status.st_size;
}

static bool is_allowed(const char *text)
{
    static const char *const words[] = {"start", "stop", "status", "flush", "detach"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i]))
            return true;
    return (!strncmp(text, "mark ", 5) && text[5]) || !strcmp(text, "leaks");
}

/* The size is asked last: all that was flushed is below it. */
static void ask_answer(struct attendant *attendant, const struct remote_request *request)
{
    char text[REMOTE_TEXT_MOST + 1];
    struct error error = {0};
    struct stat status = {0};
    if (attendant->file < 0 || !attendant->pid)
        refuse(attendant, "the recording has ended");
    else if (strlen(text_of(request, text)) >= CONTROL_ROOM || !is_allowed(text))
        refuse(attendant, "a recorder is not asked '%.40s' from elsewhere", text);
    else if (!control_ask(attendant->pid, text, &attendant->text, &error))
        refuse(attendant, "%s", error.text);
    if (attendant->file >= 0 && !fstat(attendant->file, &status))
        attendant->answer.size = (uint64_t)status.st_size;
    attendant->answer.offset = now_of(CLOCK_REALTIME);
}

static bool module_open(struct attendant *attendant, const struct remote_request *request)
{
    char text[REMOTE_TEXT_MOST + 1];
    struct str path = {0};
    enum object_state state;
    struct object_request wanted = {.path = text_of(request, text), .build_id_bytes = (uint32_t)request->key.count};
    static const struct object_search nowhere;
    memset(attendant->module_id, 0, sizeof attendant->module_id);
    memcpy(wanted.build_id, request->key.at, request->key.count);
    if (attendant->module >= 0)
        close(attendant->module);
    attendant->module = locate_module(&wanted, &nowhere, &path, &state);
    str_done(&path);
    if (attendant->module >= 0)
        memcpy(attendant->module_id, request->key.at, request->key.count);
    return attendant->module >= 0;
}

/* Who knows a file's build-id has seen a trace with it, or the file. */
static void module_answer(struct attendant *attendant, const struct remote_request *request)
{
    struct stat status;
    if (request->key.count < BUILD_ID_LEAST || request->key.count > BUILD_ID_BYTES) {
        refuse(attendant, "a module is given by its build-id only");
        return;
    }
    bool is_open = attendant->module >= 0 && !memcmp(attendant->module_id, request->key.at, request->key.count);
    if (!is_open && !module_open(attendant, request))
        refuse(attendant, "it is not there any more");
    else if (fstat(attendant->module, &status) || status.st_size > MODULE_MOST)
        refuse(attendant, "it is larger than %d MiB", (int)(MODULE_MOST >> 20));
    if (attendant->answer.flags & REMOTE_REFUSED)
        return;
    ssize_t got = pread(attendant->module, attendant->data, request->count, (off_t)(request->offset & INT64_MAX));
    attendant->answer.data = (struct remote_bytes){attendant->data, got > 0 ? (size_t)got : 0};
    attendant->answer.offset = request->offset;
    attendant->answer.size = (uint64_t)status.st_size;
}

static void memory_answer(struct attendant *attendant, const struct remote_request *request)
{
    struct error error = {0};
    if (!attendant->config->greeting.allows_memory)
        refuse(attendant, "the agent was started without --allow-bytes");
    else if (attendant->file < 0 || !attendant->pid)
        refuse(attendant, "the recording has ended");
    else if (!process_memory_is_of((pid_t)request->pid, attendant->pid))
        refuse(attendant, "process %u is none of this recording", request->pid);
    else if (!process_memory_read((pid_t)request->pid, request->offset, attendant->data, request->count, &error))
        refuse(attendant, "%s", error.text);
    else
        attendant->answer.data = (struct remote_bytes){attendant->data, request->count};
}

static bool request_answer(struct attendant *attendant, const struct remote_request *request, remote_buffer *out)
{
    static void (*const answers[REMOTE_KINDS])(struct attendant *, const struct remote_request *) = {
        [REMOTE_LIST] = list_answer, [REMOTE_OPEN] = open_answer,     [REMOTE_READ] = read_answer,
        [REMOTE_ASK] = ask_answer,   [REMOTE_MODULE] = module_answer, [REMOTE_MEMORY] = memory_answer,
    };
    attendant->answer = (struct remote_answer){0};
    str_clear(&attendant->text);
    if (!answers[request->kind])
        return false;
    answers[request->kind](attendant, request);
    attendant->answer.text = (struct remote_bytes){(const uint8_t *)str_text(&attendant->text), attendant->text.count};
    remote_answer_put(&attendant->answer, out);
    return link_write(attendant->link, out->at, out->count, now_ns() + MESSAGE_NS);
}

/* Viewers ask at least each second: who is silent is gone. */
static bool requests_answer(struct attendant *attendant, struct error *error)
{
    remote_buffer in = {0}, out = {0};
    struct remote_request request;
    bool goes_on = true;
    while (goes_on && link_await(attendant->link, now_ns() + IDLE_NS)) {
        goes_on = message_read(attendant->link, &in, REMOTE_REQUEST_MOST, now_ns() + MESSAGE_NS);
        if (goes_on && !remote_request_take(in.at, in.count, &request))
            goes_on = error_set(error, ERROR_READ, "the viewer sends what is no request");
        goes_on = goes_on && request_answer(attendant, &request, &out);
    }
    vec_done(&in);
    vec_done(&out);
    return !error->kind;
}

bool attendant_run(int socket, const struct attendant_config *config, struct error *error)
{
    struct attendant *attendant = memory_new(1, sizeof *attendant);
    attendant->config = config;
    attendant->file = attendant->module = -1;
    attendant->link = link_of(socket, config->interrupted);
    if (greeting_welcome(attendant->link, &config->greeting, now_ns() + GREETING_NS, error))
        requests_answer(attendant, error);
    trace_close_file(attendant);
    if (attendant->module >= 0)
        close(attendant->module);
    link_close(attendant->link);
    str_done(&attendant->text);
    memory_free(attendant);
    return !error->kind;
}
