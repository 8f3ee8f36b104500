/* web_server: in the channels of sources, out HTTP, event streams and WebSockets for all clients, from one thread. Alone knows libwebsockets. */
#ifndef HOST_SERVE_WEB_SERVER_H
#define HOST_SERVE_WEB_SERVER_H

#include "channel.h"
#include "door.h"
#include "host/base/error.h"

struct web_server_config {
    struct channels *channels;
    struct parcel *page;           /* gzip'd */
    const char *certificate, *key; /* files; NULL: no TLS */
    bool may_step;                 /* the next free port will do when this one is taken */
};
enum { WEB_PORTS_TRIED = 20, WEB_CLIENTS_MOST = 1000 };

struct web_server;

/* Binds door->address and door->port, and sets the port that it got (0: any). The door must outlive it. */
struct web_server *web_server_open(const struct web_server_config *config, struct door *door, struct error *error);
/* Until web_server_stop is called, which a signal handler may do. */
void web_server_run(struct web_server *server);
void web_server_stop(struct web_server *server);
/* By any thread: a source has something new. For struct channels. */
void web_server_wake(void *server);
void web_server_close(struct web_server *server);

#endif
