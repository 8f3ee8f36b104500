/* worker: in addresses of modules, out spots, resolved by a process of its own.
 *
 * One fork, two ends of a socket pair. A question is about one module and many addresses; the answers come back one by one, so that it is known which
 * address did harm. Too slow counts as harm too. The process takes what memory it likes up to a limit and forgets its modules when it has much. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/str.h"

#define MIB ((uint64_t)1 << 20)

enum {
    PATIENCE_S = 60,         /* for the next piece of answers */
    SERVER_PATIENCE_S = 900, /* when it may have to be downloaded first */
    OBJECTS_KEPT = 256,      /* modules open at a time */
    TEXT_LIMIT = 64 * 1024,  /* bytes of one text */
    SPOT_LIMIT = 4096,       /* spots of one address */
    SEND_BYTES = 32 * 1024,  /* answers go out in pieces of about this size */
    RECEIVE_BYTES = 64 * 1024,
};
static const uint64_t memory_kept_bytes = 512 * MIB, memory_limit_bytes = 8192 * MIB;

struct worker {
    const struct object_search *search;
    pid_t pid; /* 0: not running */
    int fd;
    size_t begin, end; /* of what was received and not used yet */
    char in[RECEIVE_BYTES];
};

/* What goes over the socket: a head, then texts without NUL. */
struct question {
    uint32_t module, care, build_id_bytes, path_bytes;
    uint64_t start, count;
    uint8_t build_id[BUILD_ID_BYTES + 4];
};
struct answer {
    uint32_t state, count;
};
struct answer_spot {
    uint32_t function_bytes, file_bytes, line; /* bytes 0: NULL */
    uint32_t inlined;
};

static unsigned patience_s(const struct object_search *search)
{
    if (search->patience_s)
        return search->patience_s;
    return search->debuginfod ? SERVER_PATIENCE_S : PATIENCE_S;
}

static bool send_all(int fd, const void *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t sent = send(fd, (const char *)bytes + done, count - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        done += (size_t)sent;
    }
    return true;
}

/* Ends early when the other side is gone, or has been silent for longer than the socket's timeout. */
static bool receive_all(int fd, void *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t got = recv(fd, (char *)bytes + done, count - done, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* ---- the process ---- */

struct kept {
    struct object *object;
    uint32_t care;
};

struct resolver {
    int fd;
    const struct object_search *search;
    VEC(struct kept) objects; /* by module */
    size_t open;
    struct str out; /* answers that are not sent yet */
};

static void forget_all(struct resolver *resolver)
{
    for (size_t i = 0; i < resolver->objects.count; i++)
        if (resolver->objects.at[i].object)
            object_close(resolver->objects.at[i].object);
    resolver->objects.count = resolver->open = 0;
    malloc_trim(0);
}

static bool has_much(const struct resolver *resolver)
{
    struct mallinfo2 memory = mallinfo2();
    return resolver->open >= OBJECTS_KEPT || memory.uordblks + memory.hblkhd > memory_kept_bytes;
}

static struct object *open_object(struct resolver *resolver, const struct question *question, const char *path)
{
    vec_extend(&resolver->objects, question->module + 1);
    struct kept *kept = &resolver->objects.at[question->module];
    if (kept->object && kept->care == question->care)
        return kept->object;
    if (kept->object)
        object_close(kept->object);
    else
        resolver->open++;
    struct object_request request = {.path = path, .build_id_bytes = question->build_id_bytes, .start = question->start, .care = question->care};
    memcpy(request.build_id, question->build_id, BUILD_ID_BYTES);
    kept->care = question->care;
    return kept->object = object_open(&request, resolver->search);
}

static uint32_t cut_length(const char *text)
{
    return text ? (uint32_t)strnlen(text, TEXT_LIMIT) : 0;
}

static void add_spot(struct str *out, const struct spot *spot)
{
    struct answer_spot head = {cut_length(spot->function), cut_length(spot->file), spot->line, spot->inlined};
    str_add_bytes(out, (const char *)&head, sizeof head);
    str_add_bytes(out, spot->function ? spot->function : "", head.function_bytes);
    str_add_bytes(out, spot->file ? spot->file : "", head.file_bytes);
}

static bool flush(struct resolver *resolver)
{
    bool good = send_all(resolver->fd, str_text(&resolver->out), resolver->out.count);
    str_clear(&resolver->out);
    return good;
}

static bool answer_one(struct resolver *resolver, struct object *object, const struct worker_address *address)
{
    struct spots spots = {0};
    object_resolve(object, address->pc, address->is_return, &spots);
    struct answer head = {object_state(object), spots.list.count < SPOT_LIMIT ? (uint32_t)spots.list.count : SPOT_LIMIT};
    str_add_bytes(&resolver->out, (const char *)&head, sizeof head);
    for (uint32_t i = 0; i < head.count; i++)
        add_spot(&resolver->out, &spots.list.at[i]);
    vec_done(&spots.list);
    return resolver->out.count < SEND_BYTES || flush(resolver);
}

/* Asking malloc takes long, so it is done only after something was read. */
static bool answer_all(struct resolver *resolver, const struct question *question, const char *path, const struct worker_address *addresses)
{
    struct object *object = NULL;
    size_t units_read = 0;
    bool good = true;
    for (uint64_t i = 0; i < question->count && good; i++) {
        if (!object) {
            object = open_object(resolver, question, path);
            units_read = SIZE_MAX;
        }
        good = answer_one(resolver, object, &addresses[i]);
        if (object_units_read(object) != units_read && has_much(resolver)) {
            forget_all(resolver);
            object = NULL;
        } else {
            units_read = object_units_read(object);
        }
    }
    return good && flush(resolver);
}

static bool answer_question(struct resolver *resolver)
{
    struct question question;
    if (!receive_all(resolver->fd, &question, sizeof question))
        return false;
    alarm(2 * patience_s(resolver->search)); /* ends us should the parent be gone */
    char *path = memory_new(1, (size_t)question.path_bytes + 1);
    struct worker_address *addresses = memory_new(question.count, sizeof *addresses);
    bool good = receive_all(resolver->fd, path, question.path_bytes) && receive_all(resolver->fd, addresses, question.count * sizeof *addresses) &&
                answer_all(resolver, &question, path, addresses);
    memory_free(path);
    memory_free(addresses);
    alarm(0);
    return good;
}

static void limit(int resource, uint64_t most)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return;
    now.rlim_cur = now.rlim_max == RLIM_INFINITY || most < now.rlim_max ? most : now.rlim_max;
    setrlimit(resource, &now);
}

/* What the process has already, as RLIMIT_DATA counts it: the parent may be large, and a sanitizer's shadow is huge. */
static uint64_t data_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The parent's atexit handlers are not for us; this one runs before them. */
static void end_now(void)
{
    _exit(3);
}

/* Keeps nothing of the parent open: a pipe to a pager would never end. */
static void leave_parent(int fd, bool debuginfod)
{
    int own = fcntl(fd, F_DUPFD, 4);
    atexit(end_now);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGHUP, SIGALRM};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], SIG_DFL);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3 && null >= 0; i++)
        dup2(null, i);
    dup2(own, 3);
    close_range(4, ~0u, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_DATA, data_bytes() + memory_limit_bytes);
    limit(RLIMIT_NOFILE, 8192);
    if (!debuginfod)
        unsetenv("DEBUGINFOD_URLS"); /* elfutils asks the servers in it by itself */
}

static void resolve_for_ever(int fd, const struct object_search *search)
{
    leave_parent(fd, search->debuginfod);
    struct resolver resolver = {.fd = 3, .search = search};
    while (answer_question(&resolver))
        ;
    _exit(0);
}

/* ---- our side ---- */

static bool worker_start(struct worker *worker)
{
    int pair[2];
    if (worker->pid && waitpid(worker->pid, NULL, WNOHANG) == 0)
        return true;
    if (worker->pid) /* somebody ended it while it was idle: no module's fault */
        close(worker->fd);
    worker->pid = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        resolve_for_ever(pair[1], worker->search);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return false;
    }
    struct timeval patience = {.tv_sec = patience_s(worker->search)};
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    worker->pid = pid;
    worker->fd = pair[0];
    worker->begin = worker->end = 0;
    return true;
}

static void worker_stop(struct worker *worker)
{
    if (!worker->pid)
        return;
    close(worker->fd);
    kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
}

struct worker *worker_new(const struct object_search *search)
{
    struct worker *worker = memory_new(1, sizeof *worker);
    worker->search = search;
    return worker;
}

void worker_free(struct worker *worker)
{
    worker_stop(worker);
    memory_free(worker);
}

static bool send_question(struct worker *worker, uint32_t module, const struct object_request *request, const struct worker_address *addresses, size_t count)
{
    struct question question = {module, request->care, request->build_id_bytes, (uint32_t)strnlen(request->path, TEXT_LIMIT), request->start, count, {0}};
    memcpy(question.build_id, request->build_id, BUILD_ID_BYTES);
    return send_all(worker->fd, &question, sizeof question) && send_all(worker->fd, request->path, question.path_bytes) &&
           send_all(worker->fd, addresses, count * sizeof *addresses);
}

static bool take(struct worker *worker, void *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        if (worker->begin == worker->end) {
            ssize_t got = recv(worker->fd, worker->in, sizeof worker->in, 0);
            if (got < 0 && errno == EINTR)
                continue;
            if (got <= 0)
                return false;
            worker->begin = 0;
            worker->end = (size_t)got;
        }
        size_t piece = worker->end - worker->begin < count - done ? worker->end - worker->begin : count - done;
        memcpy((char *)bytes + done, worker->in + worker->begin, piece);
        worker->begin += piece;
        done += piece;
    }
    return true;
}

/* A text of the answer, with NUL, or NULL. */
static bool take_text(struct worker *worker, uint32_t bytes, char **text)
{
    *text = NULL;
    if (bytes > TEXT_LIMIT)
        return false;
    if (!bytes)
        return true;
    *text = memory_new(1, bytes + 1);
    return take(worker, *text, bytes);
}

static bool take_spot(struct worker *worker, struct spots *spots)
{
    struct answer_spot head;
    char *function = NULL, *file = NULL;
    bool good = take(worker, &head, sizeof head) && take_text(worker, head.function_bytes, &function) && take_text(worker, head.file_bytes, &file);
    vec_push(&spots->list, ((struct spot){function, file, good ? head.line : 0, good && head.inlined, false}));
    return good;
}

static bool take_answer(struct worker *worker, enum object_state *state, struct spots *spots)
{
    struct answer head;
    bool good = take(worker, &head, sizeof head) && head.count <= SPOT_LIMIT && head.state <= OBJECT_HARMFUL;
    for (uint32_t i = 0; good && i < head.count; i++)
        good = take_spot(worker, spots);
    *state = good ? head.state : OBJECT_HARMFUL;
    return good;
}

static void spots_clear(struct spots *spots)
{
    for (size_t i = 0; i < spots->list.count; i++) {
        memory_free((void *)(uintptr_t)spots->list.at[i].function);
        memory_free((void *)(uintptr_t)spots->list.at[i].file);
    }
    spots->list.count = 0;
}

size_t worker_ask(struct worker *worker, uint32_t module, const struct object_request *request, const struct worker_address *addresses, size_t count,
                  worker_answer answer, void *context)
{
    struct spots spots = {0};
    size_t done = 0;
    bool good = worker_start(worker) && send_question(worker, module, request, addresses, count);
    while (good && done < count) {
        enum object_state state;
        good = take_answer(worker, &state, &spots);
        if (good)
            answer(context, done++, state, &spots);
        spots_clear(&spots);
    }
    vec_done(&spots.list);
    if (!good)
        worker_stop(worker);
    return done;
}
