/* code: in the hot events of a segment (births and ends of blocks), out streams of tokens, one stream per field, and back. Encoder and decoder stand side
 * by side here; the guesses that both rest on are predict.h. */
#ifndef HOST_TRACE_CODE_H
#define HOST_TRACE_CODE_H

#include <heaptracer/trace.h>

#include "predict.h"
#include "wire/varint.h"

#define CODE_STREAMS(X) X(PLACES) X(TICKS) X(THREADS) X(RUNS) X(TOKENS) X(FORMS) X(SITES) X(SIZES) X(USABLES) X(REFS) X(DELTAS) X(AGES)
enum {
#define X(name) STREAM_##name,
    CODE_STREAMS(X)
#undef X
        STREAM_COUNT
};

enum { CODE_BLOCK_EVENTS = 1 << 17, CODE_SEGMENT_EVENTS = 1 << 18, CODE_EVENT_MOST = 24 }; /* bytes of an event in one stream */

/* A token: where form and site come from, whether the reference is as guessed, where the size comes from. A whole guess from LONG needs no token. */
enum {
    TOKEN_LONG = 0,
    TOKEN_SHORT = 1,
    TOKEN_TOLD = 2,
    TOKEN_SOURCE = 3,
    TOKEN_REF = 4,
    TOKEN_SIZE_GUESSED = 0,
    TOKEN_SIZE_LAST = 8,
    TOKEN_SIZE_TOLD = 16,
    TOKEN_SIZE = 24
};

struct code_stream {
    uint8_t *start, *at;
};

enum { ENCODER_FORM_CACHE = 256 };

/* Kind, api, flags, alignment and heap for one comparison: the first eight bytes, read at once where the machine has its bytes in this order. */
static inline uint64_t event_head(const struct event *event)
{
    return (uint64_t)event->heap << 32 | (uint64_t)event->alignment_log2 << 24 | (uint64_t)event->flags << 16 | (uint64_t)event->api << 8 | event->kind;
}

/* What a form is recognised by: an event's head, in whose kind's free bits is what the event has beside. */
struct encoder_form {
    uint64_t head;
    uint32_t source;
    uint32_t form;
};

struct encoder {
    struct predict predict;
    struct code_stream streams[STREAM_COUNT];
    uint32_t block_events, segment_events; /* hot events so far */
    uint32_t run;
    uint32_t place_at, tick_at, thread_at; /* hot events of the block before the last of each */
    uint64_t tick;
    struct predict_thread *thread; /* of the last event */
    VEC(uint32_t) thread_indexes;  /* by thread id: index + 1 of predict.threads */
    struct encoder_form form_cache[ENCODER_FORM_CACHE];
    bool form_is_new;
};

void encoder_init(struct encoder *encoder);
void encoder_done(struct encoder *encoder);
/* Empties the streams; `reset` also forgets all guesses. */
void encoder_begin(struct encoder *encoder, bool reset);
static inline bool encoder_block_is_full(const struct encoder *encoder)
{
    return encoder->block_events >= CODE_BLOCK_EVENTS;
}
bool encoder_segment_is_full(const struct encoder *encoder);
/* Code a hot event at `tick`. False: it cannot be told this way and must go as a record; then nothing has changed. *node becomes the new block's node in this
 * segment, 0: it has none; `node` is the ended block's. */
bool encoder_put_birth(struct encoder *encoder, const struct event *event, uint64_t tick, uint32_t *node);
bool encoder_put_end(struct encoder *encoder, const struct event *event, uint64_t tick, uint32_t node);
/* A record or a frame stands before the next hot event. */
void encoder_place(struct encoder *encoder, bool frame);

struct decoder {
    struct predict predict;
    struct ht_bytes streams[STREAM_COUNT];
    uint32_t left;                              /* hot events */
    uint64_t run, to_place, to_tick, to_thread; /* hot events before each */
    bool place_is_frame;
    uint64_t tick;
    struct predict_thread *thread;
    bool bad;
};

void decoder_init(struct decoder *decoder);
void decoder_done(struct decoder *decoder);
void decoder_begin(struct decoder *decoder, uint32_t events, bool reset);
/* What stands next; a record or a frame is then counted as taken. */
enum decoder_place { PLACE_HOT, PLACE_RECORD, PLACE_FRAME, PLACE_END };
enum decoder_place decoder_place(struct decoder *decoder);
/* False when none is left or the streams make no sense (`bad`). Fills all but index and time; *tick is its time. */
bool decoder_next(struct decoder *decoder, struct event *event, uint64_t *tick);

#endif
