/* sink_socket: in frames, out UDP datagrams or a TCP stream through a system's sockets (lwIP's by default; Zephyr's and POSIX' by HT_SOCKET_HEADER).
 *
 * Sockets take memory of the watched heap: what a send allocates is told too, so a line that sends only when something happened never rests. Where that matters, use
 * sink_lwip. */
#ifndef TARGET_SINK_SOCKET_H
#define TARGET_SINK_SOCKET_H

#include <heaptracer/heaptracer.h>

struct ht_socket {
    int socket;
    bool is_stream;
    struct ht_sink sink;
};
/* Of a socket that the caller has connected: SOCK_DGRAM (heaptracer listen udp:PORT) or SOCK_STREAM (listen tcp:). Never waits. */
const struct ht_sink *ht_socket_begin(struct ht_socket *link, int socket, bool is_stream);

#endif
