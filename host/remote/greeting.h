/* greeting: in a fresh link and what each side knows, out a link on which both have proven that they know the token, or a sentence why not. */
#ifndef HOST_REMOTE_GREETING_H
#define HOST_REMOTE_GREETING_H

#include "host/base/str.h"
#include "link.h"
#include "protocol.h"

enum { TOKEN_LEAST = 16, TOKEN_MOST = 1024 };

/* The token of a file, without the blanks around it. False: it cannot be read, others can read it, or it is too short to be one. */
bool token_read(const char *path, struct str *token, struct error *error);

struct greeting_agent {
    const char *token; /* NULL: none is wanted */
    struct tls *tls;   /* NULL: in clear */
    bool allows_memory;
};

/* The agent's side. The viewer is told why, where it can be. */
bool greeting_welcome(struct link *link, const struct greeting_agent *agent, uint64_t until_ns, struct error *error);

struct greeting_viewer {
    const char *name;        /* of the agent, for sentences */
    const char *host;
    const char *token;       /* NULL: none is known */
    const char *fingerprint; /* "SHA256:..." of its certificate; NULL: not known */
    bool may_be_clear;       /* beyond this machine too */
};

/* The viewer's side. */
bool greeting_enter(struct link *link, const struct greeting_viewer *viewer, bool *allows_memory, uint64_t until_ns, struct error *error);

/* One message, with its length; `buffer` is the room for it. */
bool message_read(struct link *link, remote_buffer *buffer, size_t most, uint64_t until_ns);

#endif
