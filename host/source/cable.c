/* cable: one file descriptor that is open or not, and one that listens for it. */
#include "cable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cable_open.h"
#include "host/base/memory.h"
#include "host/base/now.h"

enum { BAUD_USUAL = 115200, AGAIN_MS = 200, SECOND_NS = 1000000000 };
static const uint64_t SILENCE_NS = 2ull * SECOND_NS;

struct cable {
    enum cable_kind kind;
    char *name, *word; /* word: cut into what follows */
    const char *host, *port, *path;
    uint32_t baud;
    int fd, listener;
    bool is_waiting, is_told; /* a connection that is not made yet; CABLE_OPENED was said */
    uint64_t peer_ns;         /* when the peer was heard last; 0: no peer yet */
    struct sockaddr_storage peer;
    socklen_t peer_bytes;
};

static const struct {
    const char *prefix;
    enum cable_kind kind;
} kinds[] = {
    {"serial:", CABLE_SERIAL}, {"tcp:", CABLE_TCP}, {"tcp-listen:", CABLE_TCP_LISTEN}, {"udp:", CABLE_UDP},
    {"unix:", CABLE_UNIX}, {"unix-listen:", CABLE_UNIX_LISTEN}, {"file:", CABLE_FILE},
};

static size_t kind_find(const char *word)
{
    size_t i = 0, count = sizeof kinds / sizeof *kinds;
    while (i < count && strncmp(word, kinds[i].prefix, strlen(kinds[i].prefix)))
        i++;
    return i;
}

bool cable_is_named(const char *word)
{
    return kind_find(word) < sizeof kinds / sizeof *kinds;
}

static bool baud_parse(struct cable *cable, struct error *error)
{
    char *comma = strrchr(cable->word, ','), *end;
    cable->path = cable->word;
    cable->baud = BAUD_USUAL;
    if (!comma)
        return true;
    *comma = 0;
    unsigned long baud = strtoul(comma + 1, &end, 10);
    cable->baud = (uint32_t)baud;
    return (end != comma + 1 && !*end && baud && baud <= 100000000) ||
           error_set(error, ERROR_USAGE, "'%s' is no baud rate; write serial:DEVICE,115200", comma + 1);
}

/* HOST:PORT, [HOST]:PORT or, of one's own, PORT. */
static bool place_parse(struct cable *cable, struct error *error)
{
    char *colon = strrchr(cable->word, ':'), *host = cable->word;
    cable->port = colon ? colon + 1 : cable->word;
    if (colon)
        *colon = 0;
    if (colon && *host == '[' && colon[-1] == ']') {
        colon[-1] = 0;
        host++;
    }
    cable->host = colon ? host : NULL;
    if ((cable->kind == CABLE_TCP && !colon) || !*cable->port || strspn(cable->port, "0123456789") != strlen(cable->port) || atol(cable->port) > UINT16_MAX)
        return error_set(error, ERROR_USAGE, "'%s' has no port; write %s", cable->name, cable->kind == CABLE_TCP ? "tcp:HOST:PORT" : "PORT or HOST:PORT behind the colon");
    return true;
}

static bool word_parse(struct cable *cable, const char *word, struct error *error)
{
    const char *rest = NULL;
    size_t i = kind_find(word);
    cable->kind = CABLE_FILE;
    if (cable_is_named(word)) {
        cable->kind = kinds[i].kind;
        rest = word + strlen(kinds[i].prefix);
    }
    if (!rest && (!strcmp(word, "-") || !strcmp(word, "stdin")))
        rest = "-";
    if (!rest)
        return error_set(error, ERROR_USAGE, "'%s' is no line to listen to; write serial:DEVICE,BAUD, tcp:HOST:PORT, udp:PORT, unix:PATH, file:PATH or -", word);
    cable->path = cable->word = memory_copy_text(rest);
    if (!*rest)
        return error_set(error, ERROR_USAGE, "'%s' says nothing behind the colon", word);
    if (cable->kind == CABLE_SERIAL)
        return baud_parse(cable, error);
    return cable->kind == CABLE_FILE || cable->kind == CABLE_UNIX || cable->kind == CABLE_UNIX_LISTEN || place_parse(cable, error);
}

static int fd_open(struct cable *cable)
{
    int is_waiting = 0, fd = -1;
    switch (cable->kind) {
    case CABLE_FILE:
        return strcmp(cable->path, "-") ? open(cable->path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    case CABLE_SERIAL:
        return cable_open_serial(cable->path, cable->baud);
    case CABLE_TCP:
        fd = cable_open_tcp(cable->host, cable->port, &is_waiting);
        cable->is_waiting = is_waiting;
        return fd;
    case CABLE_UNIX:
        return cable_open_unix(cable->path);
    case CABLE_UDP:
        cable->peer_ns = 0;
        return cable_listen_udp(cable->host, cable->port);
    default:
        fd = accept4(cable->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        return fd;
    }
}

/* What can never come right is told at once. */
static bool is_hopeless(const struct cable *cable)
{
    bool is_own = cable->kind == CABLE_FILE || cable->kind == CABLE_UDP;
    return is_own || errno == EACCES || errno == EPERM || errno == ENOTTY || errno == EINVAL || errno == ENAMETOOLONG || errno == ENOTSOCK;
}

struct cable *cable_open(const char *word, struct error *error)
{
    struct cable *cable = memory_new(1, sizeof *cable);
    cable->name = memory_copy_text(word);
    cable->fd = cable->listener = -1;
    bool good = word_parse(cable, word, error);
    bool listens = cable->kind == CABLE_TCP_LISTEN || cable->kind == CABLE_UNIX_LISTEN;
    if (good && listens) {
        cable->listener = cable->kind == CABLE_TCP_LISTEN ? cable_listen_tcp(cable->host, cable->port) : cable_listen_unix(cable->path);
        good = cable->listener >= 0 || error_set_errno(error, ERROR_READ, "cannot listen at '%s'", word);
    } else if (good) {
        cable->fd = fd_open(cable);
        good = cable->fd >= 0 || !is_hopeless(cable) || error_set_errno(error, ERROR_READ, "cannot open '%s'", word);
    }
    if (good)
        return cable;
    cable_close(cable);
    return NULL;
}

const char *cable_name(const struct cable *cable)
{
    return cable->name;
}

bool cable_goes_back(const struct cable *cable)
{
    return cable->kind != CABLE_FILE && cable->fd >= 0 && (cable->kind != CABLE_UDP || cable->peer_ns);
}

static void fd_close(struct cable *cable)
{
    if (cable->fd >= 0)
        close(cable->fd);
    cable->fd = -1;
    cable->is_waiting = cable->is_told = false;
}

static enum cable_news gone(struct cable *cable)
{
    if (cable->kind == CABLE_FILE)
        return CABLE_END;
    fd_close(cable);
    return CABLE_GONE;
}

static bool wait_for(int fd, short events, int wait_ms)
{
    struct pollfd one = {.fd = fd, .events = events};
    return poll(&one, fd >= 0, wait_ms) > 0;
}

/* Tries once, and waits until it may be worth another try. */
static enum cable_news open_again(struct cable *cable, int wait_ms)
{
    if (cable->listener >= 0 && !wait_for(cable->listener, POLLIN, wait_ms))
        return CABLE_NOTHING;
    cable->fd = fd_open(cable);
    if (cable->fd >= 0)
        return CABLE_NOTHING;
    wait_for(-1, 0, wait_ms < AGAIN_MS ? wait_ms : AGAIN_MS);
    return CABLE_NOTHING;
}

static enum cable_news connect_end(struct cable *cable, int wait_ms)
{
    if (!wait_for(cable->fd, POLLOUT, wait_ms))
        return CABLE_NOTHING;
    cable->is_waiting = false;
    if (!cable_connected(cable->fd))
        return CABLE_NOTHING;
    fd_close(cable);
    wait_for(-1, 0, wait_ms < AGAIN_MS ? wait_ms : AGAIN_MS);
    return CABLE_NOTHING;
}

/* One sender is heard at a time: two devices on one port would make nonsense of each other. One that restarted may have another port: who is silent is replaced. */
static ssize_t datagram_get(struct cable *cable, uint8_t *bytes, size_t room)
{
    struct sockaddr_storage from;
    socklen_t from_bytes = sizeof from;
    memset(&from, 0, sizeof from);
    ssize_t count = recvfrom(cable->fd, bytes, room, 0, (struct sockaddr *)&from, &from_bytes);
    if (count < 0)
        return count;
    bool is_peer = from_bytes == cable->peer_bytes && !memcmp(&from, &cable->peer, from_bytes);
    if (!is_peer && cable->peer_ns && now_ns() - cable->peer_ns < SILENCE_NS) {
        errno = EAGAIN;
        return -1;
    }
    cable->peer_ns = now_ns();
    cable->peer = from;
    cable->peer_bytes = from_bytes;
    return count;
}

enum cable_news cable_read(struct cable *cable, uint8_t *bytes, size_t room, size_t *count, int wait_ms)
{
    *count = 0;
    if (cable->fd < 0)
        return open_again(cable, wait_ms);
    if (cable->is_waiting)
        return connect_end(cable, wait_ms);
    if (!cable->is_told) {
        cable->is_told = true;
        return CABLE_OPENED;
    }
    if (!wait_for(cable->fd, POLLIN, wait_ms))
        return CABLE_NOTHING;
    ssize_t got = cable->kind == CABLE_UDP ? datagram_get(cable, bytes, room) : read(cable->fd, bytes, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || (cable->kind == CABLE_UDP && errno == ECONNREFUSED)))
        return CABLE_NOTHING;
    if (got < 0 || (got == 0 && cable->kind != CABLE_UDP))
        return gone(cable);
    *count = (size_t)got;
    return CABLE_BYTES;
}

bool cable_write(struct cable *cable, const uint8_t *bytes, size_t count)
{
    if (!cable_goes_back(cable) || cable->is_waiting)
        return false;
    ssize_t took = cable->kind == CABLE_SERIAL ? write(cable->fd, bytes, count)
                   : cable->kind == CABLE_UDP  ? sendto(cable->fd, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&cable->peer, cable->peer_bytes)
                                               : send(cable->fd, bytes, count, MSG_NOSIGNAL);
    return took == (ssize_t)count;
}

void cable_close(struct cable *cable)
{
    fd_close(cable);
    if (cable->listener >= 0)
        close(cable->listener);
    if (cable->kind == CABLE_UNIX_LISTEN && cable->listener >= 0)
        unlink(cable->path);
    memory_free(cable->name);
    memory_free(cable->word);
    memory_free(cable);
}
