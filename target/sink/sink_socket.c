/* sink_socket: what the system cannot take now is offered again; a datagram that it refuses is lost, and the host sees the gap. */
#ifdef HT_SOCKET_HEADER
#include HT_SOCKET_HEADER
#include <errno.h>

#include "sink_socket.h"

static long socket_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_socket *link = context;
    long sent = send(link->socket, bytes, count, MSG_DONTWAIT);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOMEM)
        return 0;
    return link->is_stream ? -1 : (long)count;
}

static int socket_read(void *context)
{
    struct ht_socket *link = context;
    uint8_t byte;
    return recv(link->socket, &byte, 1, MSG_DONTWAIT) == 1 ? byte : -1;
}

const struct ht_sink *ht_socket_begin(struct ht_socket *link, int socket, bool is_stream)
{
    *link = (struct ht_socket){socket, is_stream, {socket_write, socket_read, link}};
    return &link->sink;
}

#endif
