/* fuzz_device: in any bytes as what comes over a device's line, out events that make sense to the model.
 *
 * Input: u8 how: bit 0: the rest are bytes of the line; else, behind a HELLO whose pointers have 4 bytes (bit 1: 8), pieces of u8 count, u8 way, u16 events,
 * u32 tick, and records, each made a frame with the right check, `way` & 3 behind the one before. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <heaptracer/model.h>

#include "host/device/receiver.h"
#include "host/trace/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { BOOT = 7, HEAD = 8 };

struct fuzz {
    struct receiver receiver;
    struct model *model;
    uint64_t time_ns;
    uint32_t frames, threads, processes, sources;
    uint8_t frame[HT_FRAME_MOST];
    uint16_t sequence;
};

static void must(bool good)
{
    if (!good)
        abort();
}

static bool begin(void *context, const struct trace_header *header, struct error *error)
{
    (void)context;
    (void)error;
    must(header->tick_ns && header->pointer_bytes <= 8);
    return true;
}

static void definition_check(struct fuzz *fuzz, const struct event *event)
{
    if (event->kind == EVENT_FRAME) {
        const struct frame_definition *frame = event->define;
        must(frame->id == ++fuzz->frames && frame->parent < frame->id && frame->module <= 1);
    } else if (event->kind == EVENT_THREAD) {
        const struct thread_definition *thread = event->define;
        must(thread->id && thread->id <= fuzz->threads + 1 && thread->process == fuzz->processes);
        fuzz->threads = thread->id > fuzz->threads ? thread->id : fuzz->threads;
    } else if (event->kind == EVENT_PROCESS) {
        must(((const struct process_definition *)event->define)->id == ++fuzz->processes);
    } else if (event->kind == EVENT_SOURCE) {
        must(((const struct source_definition *)event->define)->id == ++fuzz->sources);
    }
}

static void put(void *context, const struct event *event)
{
    struct fuzz *fuzz = context;
    must(event->kind && event->kind < EVENT_KIND_COUNT && event->time_ns >= fuzz->time_ns && event->process <= fuzz->processes + (event->kind == EVENT_PROCESS));
    fuzz->time_ns = event->time_ns;
    definition_check(fuzz, event);
    must(event->stack <= fuzz->frames && event->thread <= fuzz->threads && event->source <= fuzz->sources);
    must((event->kind != EVENT_ALLOC && event->kind != EVENT_FREE) || event->thread);
    model_put(fuzz->model, event);
}

static void frame_put(struct fuzz *fuzz, uint8_t used)
{
    memcpy(fuzz->frame + 1, &fuzz->sequence, sizeof fuzz->sequence);
    size_t count = ht__frame_end(fuzz->frame, used, BOOT);
    receiver_put(&fuzz->receiver, fuzz->frame, count);
}

static void hello_put(struct fuzz *fuzz, uint8_t pointer_bytes)
{
    const ht_number hello[HT_HELLO_NUMBERS] = {HT_DEVICE_VERSION, pointer_bytes, 0, 1000000, 2, 0, 1, 0x1000, 0, 0, BOOT, 0x2000};
    struct ht_frame frame = {.shift = 2, .address_base = 0x2000, .pc_base = 0x1000};
    ht__frame_begin(&frame, fuzz->frame, HT_FRAME_MOST, fuzz->sequence, 0);
    ht__frame_put_rare(&frame, &(struct ht_rare){HT_TOLD_HELLO, HT_HELLO_NUMBERS, 4, 0, hello, "fuzz"});
    frame_put(fuzz, frame.used);
}

static void pieces_put(struct fuzz *fuzz, const uint8_t *bytes, size_t count)
{
    while (count >= 2) {
        size_t piece = bytes[0] < count - 2 ? bytes[0] : count - 2, most = HT_FRAME_MOST - HT_FRAME_TAIL - 3;
        piece = piece < most ? piece : most;
        fuzz->sequence = (uint16_t)(fuzz->sequence + (bytes[1] & 3));
        memset(fuzz->frame, 0, HT_FRAME_HEAD);
        memcpy(fuzz->frame + 3, bytes + 2, piece);
        frame_put(fuzz, (uint8_t)(piece + 3 < HT_FRAME_HEAD ? HT_FRAME_HEAD : piece + 3));
        bytes += 2 + piece;
        count -= 2 + piece;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct fuzz *fuzz = calloc(1, sizeof *fuzz);
    struct twin_sink sink = {begin, put, fuzz};
    struct model_config config = {.tick_ns = 1000};
    must(fuzz != NULL);
    fuzz->model = model_new(&config);
    receiver_init(&fuzz->receiver, &sink, NULL, "fuzz");
    if (count && bytes[0] & 1) {
        receiver_put(&fuzz->receiver, bytes + 1, count - 1);
    } else if (count) {
        hello_put(fuzz, bytes[0] & 2 ? 8 : 4);
        pieces_put(fuzz, bytes + 1, count - 1);
    }
    receiver_end(&fuzz->receiver);
    model_finish(fuzz->model, fuzz->time_ns);
    model_free(fuzz->model);
    receiver_done(&fuzz->receiver);
    free(fuzz);
    return 0;
}
