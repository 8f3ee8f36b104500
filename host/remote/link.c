/* link: the socket does not block; poll(2) waits, until the time is over. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/now.h"
#include "link_inside.h"

enum { WAITING_PEERS = 16 };
static const uint64_t MILLISECOND_NS = 1000000;

bool link_poll(struct link *link, short events, uint64_t until_ns)
{
    struct pollfd one = {.fd = link->socket, .events = events};
    for (;;) {
        uint64_t now = now_ns();
        if (link->interrupted && *link->interrupted)
            return link->why = "was left", false;
        if (now >= until_ns)
            return link->why = "is silent", false;
        uint64_t left = (until_ns - now) / MILLISECOND_NS + 1;
        int got = poll(&one, 1, left > 1000 ? 1000 : (int)left);
        if (got > 0)
            return true;
        if (got < 0 && errno != EINTR)
            return link->why = strerror(errno), false;
    }
}

struct link *link_of(int socket, const volatile sig_atomic_t *interrupted)
{
    struct link *link = memory_new(1, sizeof *link);
    int one = 1;
    *link = (struct link){.socket = socket, .interrupted = interrupted, .why = ""};
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    return link;
}

static struct link *address_connect(const struct addrinfo *at, const volatile sig_atomic_t *interrupted, uint64_t until_ns, int *number)
{
    socklen_t bytes = sizeof *number;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    *number = errno;
    if (fd < 0)
        return NULL;
    struct link *link = link_of(fd, interrupted);
    *number = connect(fd, at->ai_addr, at->ai_addrlen) ? errno : 0;
    if (*number == EINPROGRESS) {
        *number = ETIMEDOUT;
        if (link_poll(link, POLLOUT, until_ns))
            getsockopt(fd, SOL_SOCKET, SO_ERROR, number, &bytes);
    }
    if (!*number)
        return link;
    link_close(link);
    return NULL;
}

struct link *link_connect(const char *host, const char *port, const volatile sig_atomic_t *interrupted, uint64_t until_ns, struct error *error)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    struct link *link = NULL;
    int number = 0, failed = getaddrinfo(host, port, &wanted, &list);
    if (failed)
        return error_set(error, ERROR_READ, "cannot find the host '%s': %s", host, gai_strerror(failed)), NULL;
    for (const struct addrinfo *at = list; at && !link; at = at->ai_next)
        link = address_connect(at, interrupted, until_ns, &number);
    freeaddrinfo(list);
    if (!link)
        error_set(error, ERROR_READ, "cannot connect to %s port %s: %s", host, port, strerror(number));
    return link;
}

static bool address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return address->ss_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == IN_LOOPBACKNET));
}

bool link_is_loopback(const struct link *link)
{
    struct sockaddr_storage peer = {0};
    socklen_t bytes = sizeof peer;
    return !getpeername(link->socket, (struct sockaddr *)&peer, &bytes) && address_is_loopback(&peer);
}

static void address_name(const struct sockaddr_storage *address, socklen_t bytes, bool has_port, char name[LINK_NAME_ROOM])
{
    char host[INET6_ADDRSTRLEN + 16] = "?", port[8] = "";
    getnameinfo((const struct sockaddr *)address, bytes, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(name, LINK_NAME_ROOM, strchr(host, ':') && has_port ? "[%s]%s%s" : "%s%s%s", host, has_port ? ":" : "", has_port ? port : "");
}

void link_peer_name(int socket, char name[LINK_NAME_ROOM])
{
    struct sockaddr_storage peer = {0};
    socklen_t bytes = sizeof peer;
    getpeername(socket, (struct sockaddr *)&peer, &bytes);
    address_name(&peer, bytes, false, name);
}

static int address_listen(const struct addrinfo *at)
{
    int one = 1, fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!bind(fd, at->ai_addr, at->ai_addrlen) && !listen(fd, WAITING_PEERS))
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

int link_listen(const char *host, const char *port, bool *is_loopback, char name[LINK_NAME_ROOM], struct error *error)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    struct sockaddr_storage own = {0};
    socklen_t bytes = sizeof own;
    int fd = -1, failed = getaddrinfo(host, port, &wanted, &list);
    if (failed)
        return error_set(error, ERROR_USAGE, "'%s' is no address of this machine: %s", host, gai_strerror(failed)), -1;
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next)
        fd = address_listen(at);
    if (fd < 0)
        error_set_errno(error, ERROR_READ, "cannot listen at %s port %s", host, port);
    freeaddrinfo(list);
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&own, &bytes))
        return -1;
    *is_loopback = address_is_loopback(&own);
    address_name(&own, bytes, true, name);
    return fd;
}

/* -1: over; 0: try again. */
static ssize_t clear_move(struct link *link, void *to, const void *from, size_t count, uint64_t until_ns)
{
    ssize_t moved = to ? recv(link->socket, to, count, 0) : send(link->socket, from, count, MSG_NOSIGNAL);
    if (moved > 0)
        return moved;
    if (moved < 0 && (errno == EAGAIN || errno == EINTR))
        return link_poll(link, to ? POLLIN : POLLOUT, until_ns) ? 0 : -1;
    link->why = moved == 0 || errno == ECONNRESET || errno == EPIPE ? "closed the connection" : strerror(errno);
    return -1;
}

static ssize_t secure_move(struct link *link, void *to, const void *from, size_t count, uint64_t until_ns)
{
    size_t moved = 0;
    int result = to ? SSL_read_ex(link->ssl, to, count, &moved) : SSL_write_ex(link->ssl, from, count, &moved);
    return result > 0 ? (ssize_t)moved : link_retry(link, result, until_ns) ? 0 : -1;
}

static bool link_move(struct link *link, uint8_t *to, const uint8_t *from, size_t count, uint64_t until_ns)
{
    for (size_t done = 0; done < count;) {
        void *room = to ? to + done : NULL;
        const void *bytes = from ? from + done : NULL;
        ssize_t moved = link->ssl ? secure_move(link, room, bytes, count - done, until_ns) : clear_move(link, room, bytes, count - done, until_ns);
        if (moved < 0)
            return false;
        done += (size_t)moved;
        if (done < count && now_ns() >= until_ns)
            return link->why = "is too slow", false;
    }
    return true;
}

bool link_read(struct link *link, void *bytes, size_t count, uint64_t until_ns)
{
    return link_move(link, bytes, NULL, count, until_ns);
}

bool link_write(struct link *link, const void *bytes, size_t count, uint64_t until_ns)
{
    return link_move(link, NULL, bytes, count, until_ns);
}

bool link_await(struct link *link, uint64_t until_ns)
{
    return (link->ssl && SSL_pending(link->ssl)) || link_poll(link, POLLIN, until_ns);
}

const char *link_why(const struct link *link)
{
    return link->why;
}

void link_close(struct link *link)
{
    if (!link)
        return;
    if (link->ssl) {
        SSL_shutdown(link->ssl);
        SSL_free(link->ssl);
    }
    close(link->socket);
    memory_free(link);
}
