/* cable_socket: connections and sockets that listen. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cable_open.h"

enum { WAITING_PEERS = 1 };

static int socket_fail(int fd)
{
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

static struct addrinfo *address_of(const char *host, const char *port, int type, bool is_own)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = type, .ai_flags = is_own ? AI_PASSIVE : 0}, *found = NULL;
    if (!host || !*host)
        host = is_own ? "127.0.0.1" : "localhost";
    errno = 0;
    int failed = getaddrinfo(host, port, &wanted, &found);
    if (failed && !errno)
        errno = failed == EAI_AGAIN ? EAGAIN : EADDRNOTAVAIL;
    return failed ? NULL : found;
}

static int socket_of(const struct addrinfo *address)
{
    return socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
}

int cable_open_tcp(const char *host, const char *port, int *is_waiting)
{
    int fd = -1;
    struct addrinfo *list = address_of(host, port, SOCK_STREAM, false);
    *is_waiting = 0;
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = socket_of(at);
        if (fd < 0 || !connect(fd, at->ai_addr, at->ai_addrlen))
            continue;
        *is_waiting = errno == EINPROGRESS;
        fd = *is_waiting ? fd : socket_fail(fd);
    }
    if (list)
        freeaddrinfo(list);
    return fd;
}

int cable_connected(int socket)
{
    int number = 0, one = 1;
    socklen_t bytes = sizeof number;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &bytes) || number) {
        errno = number ? number : errno;
        return -1;
    }
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return 0;
}

static int listen_to(const char *host, const char *port, int type)
{
    int fd = -1, one = 1;
    struct addrinfo *list = address_of(host, port, type, true);
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = socket_of(at);
        if (fd < 0)
            continue;
        if (type == SOCK_STREAM)
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(fd, at->ai_addr, at->ai_addrlen) || (type == SOCK_STREAM && listen(fd, WAITING_PEERS)))
            fd = socket_fail(fd);
    }
    if (list)
        freeaddrinfo(list);
    return fd;
}

int cable_listen_tcp(const char *host, const char *port)
{
    return listen_to(host, port, SOCK_STREAM);
}

int cable_listen_udp(const char *host, const char *port)
{
    return listen_to(host, port, SOCK_DGRAM);
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int cable_open_unix(const char *path)
{
    struct sockaddr_un address;
    int fd = unix_socket(path, &address);
    return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) ? socket_fail(fd) : fd;
}

int cable_listen_unix(const char *path)
{
    struct sockaddr_un address;
    struct stat status;
    int fd = unix_socket(path, &address);
    if (fd < 0)
        return -1;
    if (!stat(path, &status) && S_ISSOCK(status.st_mode))
        unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, WAITING_PEERS))
        return socket_fail(fd);
    return fd;
}
