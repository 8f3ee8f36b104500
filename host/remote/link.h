/* link: in a connected socket, out bytes both ways, in clear or through TLS. Nothing waits for ever: each call has a time at which it is over. */
#ifndef HOST_REMOTE_LINK_H
#define HOST_REMOTE_LINK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/error.h"

enum { LINK_NAME_ROOM = 80, LINK_PRINT_ROOM = 80, LINK_BINDING_BYTES = 32 };

struct link;
struct tls;

/* The other end's socket is closed by link_close. `interrupted`: a signal handler sets it, and all waiting ends; may be NULL. */
struct link *link_of(int socket, const volatile sig_atomic_t *interrupted);
/* A connection to there; NULL and `error`. */
struct link *link_connect(const char *host, const char *port, const volatile sig_atomic_t *interrupted, uint64_t until_ns, struct error *error);
/* A socket that listens there; *is_loopback: nobody from elsewhere reaches it. `name`: as others write it, with the port that it got. -1 and `error`. */
int link_listen(const char *host, const char *port, bool *is_loopback, char name[LINK_NAME_ROOM], struct error *error);
/* The address of the socket's peer. */
void link_peer_name(int socket, char name[LINK_NAME_ROOM]);
/* Whether the peer is on this machine. */
bool link_is_loopback(const struct link *link);
/* All of them, or false and link_why. `until_ns` as of now_ns. */
bool link_read(struct link *link, void *bytes, size_t count, uint64_t until_ns);
bool link_write(struct link *link, const void *bytes, size_t count, uint64_t until_ns);
/* There is something to read; false also when the time is over. */
bool link_await(struct link *link, uint64_t until_ns);
/* What went wrong, as the end of a sentence: "closed the connection", "is silent". */
const char *link_why(const struct link *link);
void link_close(struct link *link);

/* The agent's side; certificate and key NULL: made now, for as long as it runs. */
struct tls *tls_serve(const char *certificate, const char *key, struct error *error);
/* The viewer's side. */
struct tls *tls_call(struct error *error);
/* "SHA256:..." of the agent's own certificate. */
void tls_print(const struct tls *tls, char print[LINK_PRINT_ROOM]);
/* Bytes are in TLS from now on. `host`: whom the viewer calls; NULL on the agent's side. */
bool link_secure(struct link *link, struct tls *tls, const char *host, uint64_t until_ns, struct error *error);
/* Of the peer's certificate. */
void link_print(const struct link *link, char print[LINK_PRINT_ROOM]);
/* The peer's certificate is that host's, by who is trusted on this machine. */
bool link_is_trusted(const struct link *link);
/* What both ends of this TLS connection know and nobody between them; zeros in clear. */
bool link_binding(const struct link *link, uint8_t binding[LINK_BINDING_BYTES]);
void tls_free(struct tls *tls);

/* HMAC-SHA256. */
void tls_proof(const char *token, const uint8_t *bytes, size_t count, uint8_t proof[32]);
/* In a time that does not tell where they differ. */
bool tls_is_equal(const uint8_t *one, const uint8_t *other, size_t count);
bool tls_random(uint8_t *bytes, size_t count);

#endif
