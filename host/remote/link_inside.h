/* link_inside: in a link, out its parts, for its two halves: the socket and TLS. */
#ifndef HOST_REMOTE_LINK_INSIDE_H
#define HOST_REMOTE_LINK_INSIDE_H

#include <openssl/ssl.h>

#include "link.h"

struct link {
    int socket;
    SSL *ssl; /* NULL: in clear */
    const volatile sig_atomic_t *interrupted;
    const char *why;
    char text[256]; /* where `why` is made */
};

/* Waits for `events` of poll(2); false: the time is over, or it was interrupted. */
bool link_poll(struct link *link, short events, uint64_t until_ns);
/* After an SSL call that did not succeed: waits for what it wants. False: it is over with. */
bool link_retry(struct link *link, int result, uint64_t until_ns);

#endif
