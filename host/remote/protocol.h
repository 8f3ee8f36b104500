/* protocol: in a request to an agent or its answer, out its bytes, and back. All requests have one shape and so do all answers; docs/remote.md tells the bytes.
 * An agent greets, then each request gets one answer. What comes from the other side is checked here, once. */
#ifndef HOST_REMOTE_PROTOCOL_H
#define HOST_REMOTE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/vec.h"

enum {
    REMOTE_VERSION = 1,
    REMOTE_PORT = 7788,
    REMOTE_NONCE_BYTES = 32,
    REMOTE_PROOF_BYTES = 32,
    REMOTE_KEY_MOST = 64,
    REMOTE_TEXT_MOST = 4096,
    REMOTE_DATA_MOST = 256 << 10,
    REMOTE_LENGTH_BYTES = 4,
    REMOTE_REQUEST_MOST = 8 << 10, /* without the length in front */
    REMOTE_ANSWER_MOST = REMOTE_DATA_MOST + (8 << 10),
    REMOTE_GREETING_BYTES = 16 + 8 + REMOTE_NONCE_BYTES,
};

#define REMOTE_MAGIC "HeapTracer agent" /* 16 bytes; no frame of a board's line begins so */

enum remote_greeting_flag { REMOTE_WITH_TLS = 1, REMOTE_WITH_TOKEN = 2 };

struct remote_greeting {
    uint8_t version, flags;
    uint8_t nonce[REMOTE_NONCE_BYTES];
};

enum remote_kind {
    REMOTE_HELLO = 1, /* key: nonce and proof */
    REMOTE_LIST,      /* offset: which, from 0 */
    REMOTE_OPEN,      /* text: name, number or path; key: the id that it had, or none */
    REMOTE_READ,      /* offset, count; wait_ms: for bytes that are still to come */
    REMOTE_ASK,       /* text: a request to the recorder; its answer's offset is the time there, ns since 1970 */
    REMOTE_MODULE,    /* text: path; key: build-id; offset, count */
    REMOTE_MEMORY,    /* pid; offset: address; count */
    REMOTE_KINDS,
};

struct remote_bytes {
    const uint8_t *at;
    size_t count;
};

struct remote_request {
    uint8_t kind;
    uint32_t pid, count, wait_ms;
    uint64_t offset;
    struct remote_bytes key, text;
};

enum remote_answer_flag {
    REMOTE_REFUSED = 1, /* text: why */
    REMOTE_WRITTEN = 2, /* of a recording: it goes on */
    REMOTE_NO_MORE = 4, /* of a list */
    REMOTE_MEMORY_ALLOWED = 8,
};

struct remote_answer {
    uint8_t flags;
    uint32_t pid;
    uint64_t offset, size;
    struct remote_bytes key, text, data;
};

typedef VEC(uint8_t) remote_buffer;

/* Whether they begin as the greeting of an agent does. */
bool remote_is_agent(const uint8_t *bytes, size_t count);
void remote_greeting_put(const struct remote_greeting *greeting, uint8_t bytes[REMOTE_GREETING_BYTES]);
/* False: it is none. Of another version only `version` is known. */
bool remote_greeting_take(const uint8_t bytes[REMOTE_GREETING_BYTES], struct remote_greeting *greeting);
/* With the length in front; what is in the buffer goes. */
void remote_request_put(const struct remote_request *request, remote_buffer *out);
void remote_answer_put(const struct remote_answer *answer, remote_buffer *out);
/* Without the length. False: it is no request. Keys, texts and data point into the bytes. */
bool remote_request_take(const uint8_t *bytes, size_t count, struct remote_request *request);
bool remote_answer_take(const uint8_t *bytes, size_t count, struct remote_answer *answer);
/* The length in front, or 0 if it is none of at most `most`. */
size_t remote_length(const uint8_t bytes[REMOTE_LENGTH_BYTES], size_t most);

#endif
