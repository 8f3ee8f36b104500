/* fuzz_remote: in any bytes as a message of an agent or a viewer, out parts that lie in it, and that make the same message again.
 *
 * Input: u8 how: bit 0: an answer, else a request; bit 1: a greeting; the rest is the message without its length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/remote/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void must(bool good)
{
    if (!good)
        abort();
}

static void part_check(struct remote_bytes part, const uint8_t *bytes, size_t count)
{
    must(!part.count || (part.at >= bytes && part.count <= count && part.at + part.count <= bytes + count));
}

static void same_check(const remote_buffer *again, const uint8_t *bytes, size_t count)
{
    must(again->count == REMOTE_LENGTH_BYTES + count && remote_length(again->at, count) == count && !memcmp(again->at + REMOTE_LENGTH_BYTES, bytes, count));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct remote_request request;
    struct remote_answer answer;
    struct remote_greeting greeting;
    remote_buffer again = {0};
    if (!count)
        return 0;
    uint8_t how = *bytes++;
    count--;
    if (how & 2) {
        must(count < REMOTE_GREETING_BYTES || remote_greeting_take(bytes, &greeting) == remote_is_agent(bytes, count));
    } else if (how & 1) {
        if (remote_answer_take(bytes, count, &answer)) {
            part_check(answer.key, bytes, count);
            part_check(answer.text, bytes, count);
            part_check(answer.data, bytes, count);
            remote_answer_put(&answer, &again);
            same_check(&again, bytes, count);
        }
    } else if (remote_request_take(bytes, count, &request)) {
        part_check(request.key, bytes, count);
        part_check(request.text, bytes, count);
        must(request.key.count <= REMOTE_KEY_MOST && request.text.count <= REMOTE_TEXT_MOST && request.count <= REMOTE_DATA_MOST);
        remote_request_put(&request, &again);
        same_check(&again, bytes, count);
    }
    vec_done(&again);
    return 0;
}
