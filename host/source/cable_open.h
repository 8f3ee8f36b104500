/* cable_open: in the parts of a cable's word, out an open file descriptor; -1 with errno: it is not there (yet). */
#ifndef HOST_SOURCE_CABLE_OPEN_H
#define HOST_SOURCE_CABLE_OPEN_H

#include <stdint.h>

/* Raw, without flow control, any rate that the hardware has. */
int cable_open_serial(const char *path, uint32_t baud);
/* A connection to it. *is_waiting: it is not made yet; wait until it can be written to, then ask cable_connected. */
int cable_open_tcp(const char *host, const char *port, int *is_waiting);
int cable_connected(int socket);
/* A socket that listens; on loopback unless `host` says otherwise (NULL or "": not said). */
int cable_listen_tcp(const char *host, const char *port);
int cable_listen_udp(const char *host, const char *port);
int cable_open_unix(const char *path);
/* A socket that was left behind there is replaced, a file of another kind is not. */
int cable_listen_unix(const char *path);

#endif
