/* fuzz_trace: in any bytes, out the end of the decoder in order. Bytes that begin like a trace are one; others are the token streams of a block, each behind
 * its length of two bytes, so that the model is reached without zstd. */
#include <stdint.h>
#include <string.h>

#include <heaptracer/trace.h>

#include "fuzz_bytes.h"
#include "host/base/error.h"
#include "host/trace/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_trace(struct fuzz_bytes source)
{
    struct error error = {0};
    struct event event;
    struct trace_totals totals;
    struct trace_reader *reader = trace_open_stream(fuzz_bytes_read, &source, "input", &error);
    uint64_t sum = 0;
    while (reader && trace_next(reader, &event, &error))
        sum += event.kind == EVENT_MARK && event.define ? strlen(event.define) : event.size;
    if (reader)
        trace_get_totals(reader, &totals);
    trace_close(reader);
    __asm__ volatile("" ::"r"(sum));
}

static void read_streams(struct fuzz_bytes source)
{
    static struct decoder decoder;
    struct event event;
    uint64_t tick;
    if (!decoder.predict.nodes)
        decoder_init(&decoder);
    for (int i = 0; i < STREAM_COUNT; i++) {
        size_t count = source.left < 2 ? 0 : (size_t)(source.at[0] | source.at[1] << 8);
        source.at += source.left < 2 ? 0 : 2;
        source.left -= source.left < 2 ? 0 : 2;
        count = count < source.left ? count : source.left;
        decoder.streams[i] = (struct ht_bytes){source.at, source.at + count, false};
        source.at += count;
        source.left -= count;
    }
    decoder_begin(&decoder, CODE_BLOCK_EVENTS, true);
    for (enum decoder_place place; (place = decoder_place(&decoder)) != PLACE_END;)
        if (place == PLACE_HOT && !decoder_next(&decoder, &event, &tick))
            break;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 0x89)
        read_trace((struct fuzz_bytes){data, size});
    else
        read_streams((struct fuzz_bytes){data, size});
    return 0;
}
