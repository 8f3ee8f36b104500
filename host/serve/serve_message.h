/* serve_message: in the bytes that a page sent, out what it wants: one flat JSON object (docs/live.md). */
#ifndef HOST_SERVE_SERVE_MESSAGE_H
#define HOST_SERVE_SERVE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVE_MESSAGE_MOST = 4096, SERVE_TEXT_MOST = 256 };

enum serve_want {
    SERVE_UNKNOWN, /* `type` is none of these */
    SERVE_TOKEN,
    SERVE_SUBSCRIBE,
    SERVE_UNSUBSCRIBE,
    SERVE_MARK,
    SERVE_RECORD,
    SERVE_DETAIL,
    SERVE_DUMP,
};

struct serve_message {
    enum serve_want want;
    uint64_t source, id, address, bytes;
    bool on, has_source, has_id, has_on, has_address, has_bytes;
    bool has_no_documents; /* a subscription to all else */
    char type[SERVE_TEXT_MOST], label[SERVE_TEXT_MOST], token[SERVE_TEXT_MOST]; /* UTF-8 without NUL inside */
};

/* False: it is no such object; *problem is a sentence that says why. */
bool serve_message_read(const char *bytes, size_t count, struct serve_message *message, const char **problem);

#endif
