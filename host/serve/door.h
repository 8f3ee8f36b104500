/* door: in what a request says of where it comes from, out whether it may come in. A page of another site that a browser was tricked to send here (DNS rebinding,
 * a script's WebSocket) is told apart by the names in Host and Origin; beyond the machine a token is wanted, too. */
#ifndef HOST_SERVE_DOOR_H
#define HOST_SERVE_DOOR_H

#include <stdbool.h>
#include <stddef.h>

enum { DOOR_TOKEN_MOST = 128 };

struct door {
    const char *const *names; /* by which it may be called beside the loopback ones, NULL-terminated; may be NULL */
    const char *address;      /* bound to */
    const char *token;        /* NULL: none is wanted */
    unsigned port;
};

/* "name", "name:port", "[::1]:port". NULL: the request has none, which is refused. */
bool door_knows_host(const struct door *door, const char *host);
/* "http://name:port": the same as `host`, or one of the names. NULL: no browser sent it, which is let in. */
bool door_knows_origin(const struct door *door, const char *origin, const char *host);
/* True when none is wanted. Takes as long for a wrong one as for the right one. */
bool door_knows_token(const struct door *door, const char *token);
/* The value of a header: "Bearer TOKEN"; may be NULL. */
bool door_knows_bearer(const struct door *door, const char *header);
/* 127.0.0.0/8, ::1, localhost. */
bool door_is_loopback(const char *address);
/* 0.0.0.0 and ::, which are all addresses of the machine: then it may be called by any address, but only by names that are known. */
bool door_is_any(const char *address);
/* 8 to 127 letters, digits and "-._~": what needs no quoting in the address of a page. */
bool door_suits_token(const char *token);
/* 32 letters that nobody can guess. */
bool door_make_token(char token[DOOR_TOKEN_MOST]);

#endif
