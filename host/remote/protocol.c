/* protocol: numbers are little-endian; a key has its length in one byte in front, a text in two; data is all that follows. */
#include "protocol.h"

#include <string.h>

#include "host/base/little.h"

enum { MAGIC_BYTES = 16, FLAGS_AT = 17, NONCE_AT = 24 };

struct cursor {
    const uint8_t *at;
    size_t left;
    bool is_short;
};

bool remote_is_agent(const uint8_t *bytes, size_t count)
{
    return count >= MAGIC_BYTES && !memcmp(bytes, REMOTE_MAGIC, MAGIC_BYTES);
}

void remote_greeting_put(const struct remote_greeting *greeting, uint8_t bytes[REMOTE_GREETING_BYTES])
{
    memset(bytes, 0, REMOTE_GREETING_BYTES);
    memcpy(bytes, REMOTE_MAGIC, MAGIC_BYTES);
    bytes[MAGIC_BYTES] = greeting->version;
    bytes[FLAGS_AT] = greeting->flags;
    memcpy(bytes + NONCE_AT, greeting->nonce, REMOTE_NONCE_BYTES);
}

bool remote_greeting_take(const uint8_t bytes[REMOTE_GREETING_BYTES], struct remote_greeting *greeting)
{
    greeting->version = bytes[MAGIC_BYTES];
    greeting->flags = bytes[FLAGS_AT];
    memcpy(greeting->nonce, bytes + NONCE_AT, REMOTE_NONCE_BYTES);
    return remote_is_agent(bytes, REMOTE_GREETING_BYTES);
}

static void number_put(remote_buffer *out, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        vec_push(out, (uint8_t)(number >> 8 * i));
}

static void bytes_put(remote_buffer *out, struct remote_bytes bytes)
{
    vec_reserve(out, out->count + bytes.count);
    if (bytes.count)
        memcpy(out->at + out->count, bytes.at, bytes.count);
    out->count += bytes.count;
}

static void key_put(remote_buffer *out, struct remote_bytes key)
{
    key.count = key.count < REMOTE_KEY_MOST ? key.count : REMOTE_KEY_MOST;
    number_put(out, key.count, 1);
    bytes_put(out, key);
}

static void text_put(remote_buffer *out, struct remote_bytes text)
{
    text.count = text.count < REMOTE_TEXT_MOST ? text.count : REMOTE_TEXT_MOST;
    number_put(out, text.count, 2);
    bytes_put(out, text);
}

static void length_set(remote_buffer *out)
{
    size_t length = out->count - REMOTE_LENGTH_BYTES;
    for (unsigned i = 0; i < REMOTE_LENGTH_BYTES; i++)
        out->at[i] = (uint8_t)(length >> 8 * i);
}

void remote_request_put(const struct remote_request *request, remote_buffer *out)
{
    out->count = 0;
    number_put(out, 0, REMOTE_LENGTH_BYTES);
    number_put(out, request->kind, 1);
    number_put(out, request->pid, 4);
    number_put(out, request->count, 4);
    number_put(out, request->wait_ms, 4);
    number_put(out, request->offset, 8);
    key_put(out, request->key);
    text_put(out, request->text);
    length_set(out);
}

void remote_answer_put(const struct remote_answer *answer, remote_buffer *out)
{
    struct remote_bytes data = answer->data;
    data.count = data.count < REMOTE_DATA_MOST ? data.count : REMOTE_DATA_MOST;
    out->count = 0;
    number_put(out, 0, REMOTE_LENGTH_BYTES);
    number_put(out, answer->flags, 1);
    number_put(out, answer->pid, 4);
    number_put(out, answer->offset, 8);
    number_put(out, answer->size, 8);
    key_put(out, answer->key);
    text_put(out, answer->text);
    bytes_put(out, data);
    length_set(out);
}

static struct remote_bytes bytes_take(struct cursor *from, size_t count)
{
    static const struct remote_bytes none = {(const uint8_t *)"", 0};
    from->is_short = from->is_short || count > from->left;
    if (from->is_short)
        return none;
    struct remote_bytes bytes = {from->at, count};
    from->at += count;
    from->left -= count;
    return bytes;
}

static uint64_t number_take(struct cursor *from, unsigned count)
{
    struct remote_bytes bytes = bytes_take(from, count);
    return little_get(bytes.at, bytes.count);
}

static struct remote_bytes limited_take(struct cursor *from, unsigned length_bytes, size_t most)
{
    size_t count = (size_t)number_take(from, length_bytes);
    from->is_short = from->is_short || count > most;
    return bytes_take(from, count);
}

bool remote_request_take(const uint8_t *bytes, size_t count, struct remote_request *request)
{
    struct cursor from = {bytes, count, false};
    request->kind = (uint8_t)number_take(&from, 1);
    request->pid = (uint32_t)number_take(&from, 4);
    request->count = (uint32_t)number_take(&from, 4);
    request->wait_ms = (uint32_t)number_take(&from, 4);
    request->offset = number_take(&from, 8);
    request->key = limited_take(&from, 1, REMOTE_KEY_MOST);
    request->text = limited_take(&from, 2, REMOTE_TEXT_MOST);
    bool is_text = !memchr(request->text.at, 0, request->text.count);
    return !from.is_short && !from.left && is_text && request->kind && request->kind < REMOTE_KINDS && request->count <= REMOTE_DATA_MOST;
}

bool remote_answer_take(const uint8_t *bytes, size_t count, struct remote_answer *answer)
{
    struct cursor from = {bytes, count, false};
    answer->flags = (uint8_t)number_take(&from, 1);
    answer->pid = (uint32_t)number_take(&from, 4);
    answer->offset = number_take(&from, 8);
    answer->size = number_take(&from, 8);
    answer->key = limited_take(&from, 1, REMOTE_KEY_MOST);
    answer->text = limited_take(&from, 2, REMOTE_TEXT_MOST);
    answer->data = bytes_take(&from, from.left);
    return !from.is_short && !memchr(answer->text.at, 0, answer->text.count) && answer->data.count <= REMOTE_DATA_MOST;
}

size_t remote_length(const uint8_t bytes[REMOTE_LENGTH_BYTES], size_t most)
{
    size_t length = (size_t)little_get(bytes, REMOTE_LENGTH_BYTES);
    return length <= most ? length : 0;
}
